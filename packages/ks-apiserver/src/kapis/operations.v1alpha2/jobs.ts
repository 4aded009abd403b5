import { badRequest } from '@ks-apiserver/apimachinery/meta/errors';
import type { Handler } from '@ks-apiserver/apiserver/routes/route';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import { rerunJob } from '../../models/jobs/rerun.ts';
import { SUCCESS } from '../page-reply.ts';

/** Does what `action` says to a Job; `rerun` is all there is. */
export function runJobOperation(client: KubeClient): Handler {
  return async ({ params, query, signal }) => {
    const action = query.get('action') ?? '';
    if (action !== 'rerun') throw badRequest(`invalid operation ${action}`);
    const { namespace = '', job = '' } = params;
    await rerunJob(client, { namespace, name: job, resourceVersion: query.get('resourceVersion') ?? '' }, signal);
    return SUCCESS;
  };
}
