import { IAM_GROUP } from '@ks-apiserver/api/groups';
import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import type { RequestInfo } from '@ks-apiserver/http/request/request-info';

/** Extra of a caller who is authenticated by an API token. */
export const CREDENTIAL_EXTRA = 'iam.kubesphere.io/credential';

/** Subresources of users that are credentials, or issue some. */
const CREDENTIALS = new Set(['password', 'tokens', 'totp', 'sessions']);
const CERTIFICATES = new Set(['kubeconfig', 'kubectl']);
const READS = new Set(['get', 'list', 'watch']);

/** Whether a caller is authenticated by an API token. */
export function isApiTokenCaller({ extra }: UserInfo): boolean {
  return extra?.[CREDENTIAL_EXTRA] !== undefined;
}

/**
 * Returns what an API token may not do; undefined if it may make the call. A leaked token must not
 * give more credentials, nor lock its owner out.
 */
function deniedAction({ name: owner }: UserInfo, info: RequestInfo): string | undefined {
  const { group, resource, subresource, verb, name } = info;
  const isRead = READS.has(verb);

  if (resource === 'users' && group === IAM_GROUP) {
    if (CREDENTIALS.has(subresource) && !isRead) {
      return 'change credentials';
    }

    if (subresource === '' && (verb === 'create' || verb === 'deletecollection')) {
      return 'create or delete users';
    }

    if (verb === 'delete' && name === owner) {
      return 'delete its owner';
    }
  }

  if (resource === 'users' && CERTIFICATES.has(subresource)) {
    return 'fetch certificates';
  }

  const makesCertificate = group === 'certificates.k8s.io' && !isRead;
  const makesToken = group === '' && resource === 'serviceaccounts' && subresource === 'token';

  return makesCertificate || makesToken ? 'make credentials' : undefined;
}

/** Throws Forbidden for a call that no API token may make, whatever its owner may do. */
export function checkApiToken(caller: UserInfo, info: RequestInfo): void {
  if (!isApiTokenCaller(caller) || !info.isResource) {
    return;
  }

  const what = deniedAction(caller, info);
  if (what !== undefined) {
    throw new StatusError(
      403,
      'Forbidden',
      `an API token cannot ${what}: log in with the password`,
    );
  }
}
