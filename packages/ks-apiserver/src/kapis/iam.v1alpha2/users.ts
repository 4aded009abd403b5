import type { Handler } from '@ks-apiserver/apiserver/routes/route';
import { iamError } from '../../models/iam/errors.ts';
import type { User } from '../../models/iam/types.ts';
import type { Users } from '../../models/iam/users.ts';

/** Creates a user with the global role of its annotation. */
export function createUser(users: Users): Handler {
  return async ({ body, user }) => {
    try {
      return await users.create(body as User, user);
    } catch (error) {
      throw iamError(error);
    }
  };
}
