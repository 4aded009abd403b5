import { badRequest } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeReader } from '@ks-apiserver/client/kube/client';
import type { Handler } from '@ks-apiserver/http/routes/route';
import type { Gate } from '../../models/gate/gate.ts';
import { rerunJob } from '../../models/jobs/rerun.ts';
import { SUCCESS } from '../page-reply.ts';

/** Performs an `action` on a Job; `rerun` is the only one. */
export function runJobOperation(gate: Gate, client: KubeReader): Handler {
  return async ({ params, query, user, signal }) => {
    const action = query.get('action') ?? '';
    if (action !== 'rerun') {
      throw badRequest(`invalid operation ${action}`);
    }

    const { namespace = '', job = '' } = params;
    const target = { namespace, name: job, resourceVersion: query.get('resourceVersion') ?? '' };

    await rerunJob(client, gate.clientFor(user), target, signal);

    return SUCCESS;
  };
}
