import { type UserPage, withAnnotations } from '../models/iam/users/user-list.ts';

/** Returns the answer to a list of users with their roles. */
export function usersReply({ users, total }: UserPage): { items: unknown[]; totalItems: number } {
  return {
    items: users.map(({ entry, annotations }) => withAnnotations(entry, annotations)),
    totalItems: total,
  };
}
