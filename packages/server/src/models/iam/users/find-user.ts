import type { User } from '@ks-apiserver/api/user';
import type { Informer } from '@ks-apiserver/client/informer/informer';

/** Returns a user by name from an informer of the users. */
export function findUser(users: Informer, name: string): User | undefined {
  return users.store.get(name)?.object as User | undefined;
}
