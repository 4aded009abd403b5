import { IAM_GROUP } from '@ks-apiserver/api/groups';
import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import type { RequestInfo } from '@ks-apiserver/http/request/request-info';

/** Extra of a caller who came with an API token. */
export const CREDENTIAL_EXTRA = 'iam.kubesphere.io/credential';

/** Subresources of users that are credentials, or give some. */
const CREDENTIALS = new Set(['password', 'tokens', 'totp', 'sessions']);
const CERTIFICATES = new Set(['kubeconfig', 'kubectl']);
const READS = new Set(['get', 'list', 'watch']);

/** Whether a caller came with an API token. */
export function isApiTokenCaller({ extra }: UserInfo): boolean {
  return extra?.[CREDENTIAL_EXTRA] !== undefined;
}

/**
 * Why an API token may not make a call; undefined where it may. One that leaks must not turn into
 * more, nor lock its owner out.
 */
function whyNot({ name: owner }: UserInfo, info: RequestInfo): string | undefined {
  const { group, resource, subresource, verb, name } = info;
  const isRead = READS.has(verb);

  if (resource === 'users' && group === IAM_GROUP) {
    if (CREDENTIALS.has(subresource) && !isRead) {
      return 'change credentials';
    }

    if (subresource === '' && (verb === 'create' || verb === 'deletecollection')) {
      return 'make or delete users';
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

/** Throws Forbidden for a call that API tokens do not make, whatever their owner may do. */
export function checkApiToken(caller: UserInfo, info: RequestInfo): void {
  if (!isApiTokenCaller(caller) || !info.isResource) {
    return;
  }

  const what = whyNot(caller, info);
  if (what !== undefined) {
    throw new StatusError(
      403,
      'Forbidden',
      `an API token cannot ${what}: log in with the password`,
    );
  }
}
