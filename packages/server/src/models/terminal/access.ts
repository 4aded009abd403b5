import { USERNAME_LABEL } from '@ks-apiserver/api/labels';
import { CONTROLS_NAMESPACE } from '@ks-apiserver/api/namespaces';
import { PODS } from '@ks-apiserver/api/resources';
import { forbidden, StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import type { KubeReader } from '@ks-apiserver/client/kube/client';
import { resourcePath } from '@ks-apiserver/client/kube/resource-path';
import { parseRequestInfo, type RequestInfo } from '@ks-apiserver/http/request/request-info';
import type { Authorizer } from '../authorization/authorizer.ts';

/** Returns the call whose right a terminal needs: `create` on `pods/exec`. */
export function execCall(namespace: string, pod: string): RequestInfo {
  return parseRequestInfo('POST', resourcePath(PODS, namespace, pod, 'exec'));
}

/**
 * Throws Forbidden unless the caller may run commands in a pod; a user's kubectl is for that user
 * alone.
 */
export async function requireExec(
  { authorizer, client }: { authorizer: Authorizer; client: KubeReader },
  user: UserInfo,
  namespace: string,
  pod: string,
): Promise<void> {
  await authorizer.authorizeCall(user, execCall(namespace, pod));

  if (namespace !== CONTROLS_NAMESPACE) {
    return;
  }

  const found = await client
    .get<KubeObject>({ resource: PODS, namespace, name: pod })
    .catch((error) => {
      if (error instanceof StatusError && error.code === 404) {
        return undefined;
      }
      throw error;
    });

  const owner = found?.metadata.labels?.[USERNAME_LABEL];
  if (owner !== undefined && owner !== user.name) {
    throw forbidden(
      { resource: 'pods', name: pod },
      'the kubectl of another user, which acts with their rights',
    );
  }
}
