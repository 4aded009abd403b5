import { badRequest } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { UserInfo } from '@ks-apiserver/client/kube/transport';
import { GLOBAL_ROLE_ANNOTATION, PASSWORD_ENCRYPTED, UNINITIALIZED, type User } from './types.ts';
import type { Users } from './users.ts';

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** What is stored of a write through the Kubernetes API, and whether it set a password. */
export interface UserWrite {
  object: KubeObject;
  setsPassword: boolean;
}

/** Throws BadRequest where a patch copies the hash to a field that can be read. */
function checkNoCopy(hash: string | undefined, { spec, ...wished }: KubeObject, annotations: object): void {
  const { password: _password, ...rest } = (spec ?? {}) as { password?: string };
  const { metadata, ...others } = wished;
  const { annotations: _annotations, ...plain } = metadata;
  if (hash && JSON.stringify([rest, others, plain, annotations]).includes(JSON.stringify(hash).slice(1, -1)))
    throw badRequest('spec.password: must not be copied to another field');
}

/**
 * A User as it is stored when somebody writes it through the Kubernetes API: a password is taken as plain text, whatever
 * the annotation says, and hashed; without one the stored hash stays, for who reads a user does not see it. The annotation
 * that binds a global role on `/kapis` does nothing here and is not stored. Throws BadRequest, Forbidden for the password of a
 * user who may do more than the caller, and what `Users.checkLink` throws for what links him to an identity provider.
 */
export async function reviewedUser(
  users: Users,
  caller: UserInfo,
  stored: User | undefined,
  wished: User,
): Promise<UserWrite> {
  if (!stored) {
    users.checkName(caller, wished.metadata.name ?? '');
    await users.checkNameIsFree(wished.metadata.name ?? '');
  }
  const before = stored?.metadata.annotations ?? {};
  const { [LAST_APPLIED]: _copy, ...annotations } = { ...wished.metadata.annotations };
  for (const key of [PASSWORD_ENCRYPTED, GLOBAL_ROLE_ANNOTATION]) {
    if (before[key] === undefined) delete annotations[key];
    else annotations[key] = before[key];
  }
  const old = stored?.spec?.password;
  checkNoCopy(old, wished, annotations);
  users.checkLink(caller, stored, wished);
  const given = wished.spec?.password;
  const setsPassword = Boolean(given) && given !== old;
  const spec: User['spec'] = { ...wished.spec };
  delete spec.password;
  if (setsPassword) {
    const name = wished.metadata.name ?? '';
    if (caller.name !== name) users.checkOutranks(caller, name);
    Object.assign(spec, await users.hashed(given, wished));
    annotations[PASSWORD_ENCRYPTED] = 'true';
    if (users.changeInitial && caller.name !== name) annotations[UNINITIALIZED] = 'true';
  } else if (old) spec.password = old;
  return { object: { ...wished, metadata: { ...wished.metadata, annotations }, spec }, setsPassword };
}
