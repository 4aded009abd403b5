import { badRequest, StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeReader } from '@ks-apiserver/client/kube/client';
import { type Handler, RouteReply } from '@ks-apiserver/http/routes/route';
import { findRevision, type Workload } from '../../models/workloads/revisions.ts';

/** Matches what Go's Atoi accepts as an integer. */
const INTEGER = /^[+-]?\d{1,18}$/;

/**
 * Returns one revision of a workload: the ReplicaSet of a Deployment, the ControllerRevision of
 * other kinds.
 */
export function getRevision(client: KubeReader, resource: Workload, parameter: string): Handler {
  return async ({ params, signal }) => {
    const { namespace = '', revision = '' } = params;
    const name = params[parameter] ?? '';

    if (resource !== 'deployments' && !INTEGER.test(revision)) {
      const { message } = badRequest(`strconv.Atoi: parsing "${revision}": invalid syntax`);
      return new RouteReply(
        400,
        { 'content-type': 'application/json' },
        JSON.stringify({ message }),
      );
    }

    const wanted = resource === 'deployments' ? revision : String(Number(revision));

    try {
      const found = await findRevision(client, { resource, namespace, name }, wanted, signal);
      if (found) {
        return found;
      }
    } catch (error) {
      // 3.0 answers 500 for a workload that does not exist.
      if (error instanceof StatusError && error.code === 404) {
        throw new StatusError(500, 'InternalError', error.message);
      }

      throw error;
    }

    throw new StatusError(500, 'InternalError', `revision not found ${name}#${revision}`);
  };
}
