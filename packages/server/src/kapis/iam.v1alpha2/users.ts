import { GLOBAL_ROLE_ANNOTATION } from '@ks-apiserver/api/annotations';
import { USER_REF_LABEL } from '@ks-apiserver/api/labels';
import type { User } from '@ks-apiserver/api/user';
import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Handler } from '@ks-apiserver/http/routes/route';
import { iamError } from '../../models/iam/errors.ts';
import type { Effects } from '../../models/iam/grants/effects.ts';
import type { Roles } from '../../models/iam/roles/roles.ts';
import type { Scopes } from '../../models/iam/roles/scopes.ts';
import type { UserList } from '../../models/iam/users/user-list.ts';
import type { Users } from '../../models/iam/users/users.ts';
import type { Catalog } from '../../models/resources/catalog/catalog.ts';
import { listPage } from '../../models/resources/list/list.ts';
import { parseListQuery } from '../../models/resources/query/query.ts';
import { sourceOf } from '../login-source.ts';
import { arrayReply, pageReply, SUCCESS } from '../page-reply.ts';
import { userReply, usersReply } from '../users-reply.ts';

/** What the handlers of users work with. */
export interface UserHandlersDependencies {
  users: Users;
  userList: UserList;
  roles: Roles;
  scopes: Scopes;
  catalog: Catalog;
  effects: Effects;
}

/** Handlers of users, one for each operation. */
export function userHandlers({
  users,
  userList,
  roles,
  scopes,
  catalog,
  effects,
}: UserHandlersDependencies): Record<
  'list' | 'get' | 'create' | 'update' | 'delete' | 'password' | 'loginRecords' | 'globalRoles',
  Handler
> {
  const guarded =
    (handler: Handler): Handler =>
    async (request) => {
      try {
        return await handler(request);
      } catch (error) {
        throw iamError(error);
      }
    };

  /**
   * Returns the user; in a dry run also the rights that they would gain and lose by the global role
   * of their annotation.
   */
  const answer = (given: User, stored: KubeObject, { dryRun }: { dryRun: boolean }) => {
    const role = given.metadata.annotations?.[GLOBAL_ROLE_ANNOTATION];

    if (!dryRun) {
      return stored;
    }

    const global = scopes.global();

    return {
      ...stored,
      effects: role
        ? effects.ofMember(global, stored.metadata.name ?? '', role)
        : { gains: [], loses: [] },
    };
  };

  return {
    list: async (request) =>
      usersReply(await userList.list(parseListQuery(request.query), request)),

    get: async (request) => {
      const { params } = request;
      const user = await userList.user(params.user ?? '', request);

      // 3.0 answers 500 here, and its clients know the text.
      if (!user) {
        throw new StatusError(
          500,
          'InternalError',
          `user.iam.kubesphere.io "${params.user}" not found`,
        );
      }

      return userReply(user);
    },

    create: guarded(async ({ body, user, dryRun }) =>
      answer(body as User, await users.create(body as User, user, { dryRun }), { dryRun }),
    ),

    update: guarded(async ({ params, body, user, dryRun }) =>
      answer(body as User, await users.update(params.user ?? '', body as User, user, { dryRun }), {
        dryRun,
      }),
    ),

    delete: guarded(async ({ params, user: caller, dryRun }) => {
      const { user = '' } = params;
      await users.delete(user, caller, { dryRun });
      return dryRun ? { ...SUCCESS, effects: effects.ofUserDeletion(user) } : SUCCESS;
    }),

    password: guarded(async (request) => {
      const { params, body, user, dryRun } = request;

      const { currentPassword = '', password = '' } = body as {
        currentPassword?: string;
        password?: string;
      };

      await users.setPassword(
        params.user ?? '',
        { current: currentPassword, password },
        user,
        sourceOf(request, { recordSuccess: false }),
        { dryRun },
      );

      return SUCCESS;
    }),

    loginRecords: async ({ params, query, signal }) => {
      const definition = catalog.definition('loginrecords');
      const given = parseListQuery(query);
      const filters = new Map(given.filters).set('label', `${USER_REF_LABEL}=${params.user}`);

      const store = await catalog.synced(definition, { signal });
      const page = await listPage({ store, definition, catalog }, { ...given, filters });

      return pageReply(page, definition, catalog);
    },

    globalRoles: ({ params }) => arrayReply(roles.templatesOf(scopes.global(), params.user ?? '')),
  };
}
