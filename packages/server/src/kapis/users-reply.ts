import { RouteReply } from '@ks-apiserver/http/routes/route';
import type { UserPage } from '../models/iam/users/user-list.ts';
import { itemsBody } from '../models/resources/list/render.ts';

const HEADERS = { 'content-type': 'application/json' };

/** Returns the answer to a get of a user, from the bytes of the object. */
export function userReply(user: Buffer): RouteReply {
  return new RouteReply(200, HEADERS, user);
}

/** Returns the answer to a list of users with their roles. */
export function usersReply({ users, total }: UserPage): RouteReply {
  const { pieces, length } = itemsBody(users, `"totalItems":${total}`);

  return new RouteReply(200, HEADERS, Buffer.concat(pieces, length));
}
