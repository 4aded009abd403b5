import { badRequest } from '@ks-apiserver/apimachinery/meta/errors';
import type { Handler } from '@ks-apiserver/http/routes/route';
import type { Gate } from '../../models/gate/gate.ts';
import { missing } from '../../models/iam/errors.ts';
import type { Effects } from '../../models/iam/grants/effects.ts';
import type { Member, Members } from '../../models/iam/roles/members.ts';
import type { Roles } from '../../models/iam/roles/roles.ts';
import type { Scope, Scopes } from '../../models/iam/roles/scopes.ts';
import type { UserList } from '../../models/iam/users/user-list.ts';
import { parseListQuery } from '../../models/resources/query/query.ts';
import { arrayReply, SUCCESS } from '../page-reply.ts';
import { userReply, usersReply } from '../users-reply.ts';
import { type Level, scoped } from './scoped.ts';

/** What the handlers of members work with. */
export interface MemberHandlersDependencies {
  gate: Gate;
  members: Members;
  userList: UserList;
  roles: Roles;
  scopes: Scopes;
  effects: Effects;
}

/**
 * Handlers of the members of a level, one for each operation; `parameter` is the name of the path's
 * last segment.
 */
export function memberHandlers(
  level: Level,
  parameter: string,
  { gate, members, userList, roles, scopes, effects }: MemberHandlersDependencies,
): Record<'list' | 'get' | 'create' | 'update' | 'delete' | 'roles', Handler> {
  const guarded = scoped(scopes, level, parameter);

  const tried = (scope: Scope, member: Member) => ({
    ...member,
    effects: effects.ofMember(scope, member.username, member.roleRef),
  });

  return {
    list: guarded(async (scope, _name, request) => {
      const given = parseListQuery(request.query);
      const filters = new Map(given.filters);
      const role = filters.get(scope.roleFilter);

      filters.delete(scope.roleFilter);

      return usersReply(await userList.members(scope, role, { ...given, filters }, request));
    }),

    get: guarded(async (scope, name, request) => {
      const member = await userList.member(scope, name, request);
      if (!member) {
        throw missing('user', 'iam.kubesphere.io', name);
      }

      return userReply(member);
    }),

    create: guarded(async (scope, _name, { body, user, dryRun }) => {
      const given = body as Member[];
      await members.set(scope, given, gate.clientFor(user), { dryRun });
      return dryRun ? given.map((member) => tried(scope, member)) : given;
    }),

    update: guarded(async (scope, name, { body, user, dryRun }) => {
      const member = body as Member;
      if (member.username !== name) {
        throw badRequest(
          `the name of the object (${member.username}) does not match the name on the URL (${name})`,
        );
      }

      await members.set(scope, [member], gate.clientFor(user), { dryRun });

      return dryRun ? tried(scope, member) : member;
    }),

    delete: guarded(async (scope, name, { dryRun }) => {
      await members.remove(scope, name, { dryRun });
      return dryRun ? { ...SUCCESS, effects: effects.ofMember(scope, name, undefined) } : SUCCESS;
    }),

    roles: guarded((scope, name) => arrayReply(roles.templatesOf(scope, name))),
  };
}
