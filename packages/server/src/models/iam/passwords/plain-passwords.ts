import { PASSWORD_ENCRYPTED } from '@ks-apiserver/api/annotations';
import type { User } from '@ks-apiserver/api/user';
import { LAST_APPLIED } from '@ks-apiserver/apimachinery/meta/annotations';
import { hashPassword, isHash } from './passwords.ts';

/**
 * Returns a user whose plain password is replaced by a hash, without kubectl's copy of it;
 * undefined if there is no plain password.
 */
export async function hashPlainPassword(user: User): Promise<User | undefined> {
  const password: unknown = user.spec?.password;
  if (typeof password !== 'string' || password === '' || isHash(password)) {
    return undefined;
  }

  const { [LAST_APPLIED]: _copy, ...annotations } = user.metadata.annotations ?? {};

  return {
    ...user,
    metadata: { ...user.metadata, annotations: { ...annotations, [PASSWORD_ENCRYPTED]: 'true' } },
    spec: { ...user.spec, password: await hashPassword(password) },
  };
}
