import { forbidden, StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeReader } from '@ks-apiserver/client/kube/client';
import { type Handler, RouteReply, type RouteRequest } from '@ks-apiserver/http/routes/route';
import type { Authorizer } from '../../models/authorization/authorizer.ts';
import { findKubectlPod, type Kubeconfigs } from '../../models/kubeconfig/kubeconfig.ts';

const EVERYTHING = [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }];

/**
 * A kubeconfig is a credential: a role that may read all of this group may not read those of
 * others.
 */
function requireOwn(authorizer: Authorizer, { user, params, info }: RouteRequest): void {
  if (params.user === user.name || authorizer.covers(user, 'global', '', EVERYTHING)) {
    return;
  }

  throw forbidden(
    { group: info.group, resource: info.resource, name: info.name },
    `User "${user.name}" cannot get the ${info.subresource} of another user`,
  );
}

/** Returns a user's kubeconfig as YAML. */
export function getKubeconfig(kubeconfigs: Kubeconfigs, authorizer: Authorizer): Handler {
  return async (request) => {
    requireOwn(authorizer, request);
    const text = await kubeconfigs.read(request.params.user ?? '', request.signal);
    return new RouteReply(200, { 'content-type': 'text/plain' }, text);
  };
}

/** Returns the pod in which a user may run kubectl. */
export function getKubectlPod(
  client: KubeReader,
  authorizer: Authorizer,
  { runsContainers }: { runsContainers: boolean },
): Handler {
  return async (request) => {
    requireOwn(authorizer, request);

    const { user, params, signal } = request;

    // On a cluster, users without cluster-admin have no such pod either.
    const wouldHaveOne = params.user === user.name && authorizer.holdsEverything(user);

    try {
      return await findKubectlPod(
        client,
        params.user ?? '',
        { lacksContainers: !runsContainers && wouldHaveOne },
        signal,
      );
    } catch (error) {
      // 3.0 answers 500 to everything that fails here.
      if (error instanceof StatusError && error.code === 404) {
        throw new StatusError(500, 'InternalError', error.message);
      }

      throw error;
    }
  };
}
