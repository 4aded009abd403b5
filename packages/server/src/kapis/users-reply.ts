import { annotated, type UserPage } from '../models/iam/users/user-list.ts';

/** The answer to a list of users with their roles. */
export function usersReply({ users, total }: UserPage): { items: unknown[]; totalItems: number } {
  return {
    items: users.map(({ entry, annotations }) => annotated(entry, annotations)),
    totalItems: total,
  };
}
