import type { User } from '@ks-apiserver/api/user';
import { badRequest, StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { Handler, RouteRequest } from '@ks-apiserver/http/routes/route';
import type { ApiTokens } from '../../models/credentials/api-tokens.ts';
import type { Totp } from '../../models/credentials/totp.ts';
import { iamError, missing } from '../../models/iam/errors.ts';
import type { Login } from '../../models/iam/login/login.ts';
import type { Users } from '../../models/iam/users/users.ts';
import { sourceOf } from '../login-source.ts';
import { SUCCESS } from '../page-reply.ts';

/** What the handlers of credentials work with. */
export interface CredentialHandlersDependencies {
  users: Users;
  login: Login;
  apiTokens: ApiTokens;
  totp: Totp;
  /** Ends all sessions of a user, on all replicas. */
  revokeSessions: (username: string) => Promise<void>;
}

type Operation =
  | 'listTokens'
  | 'createToken'
  | 'revokeToken'
  | 'totpState'
  | 'enrollTotp'
  | 'confirmTotp'
  | 'removeTotp'
  | 'endSessions';

/**
 * Handlers of a user's API tokens and second factor. Users create them themselves, logged in with a
 * password and not with an API token. Callers who manage users, and may do all that the user may,
 * can list and revoke them.
 */
export function credentialHandlers({
  users,
  login,
  apiTokens,
  totp,
  revokeSessions,
}: CredentialHandlersDependencies): Record<Operation, Handler> {
  type Act = (
    user: User & { metadata: { name: string; uid: string } },
    request: RouteRequest,
  ) => Promise<unknown>;

  const about =
    (act: Act, who: 'self' | 'manager'): Handler =>
    async (request) => {
      const { params, user: caller } = request;
      const name = params.user ?? '';
      const user = name.includes('@') ? undefined : login.find(name);
      if (!user) {
        throw missing('user', 'iam.kubesphere.io', name);
      }
      if (caller.name !== name && who === 'self') {
        throw new StatusError(
          403,
          'Forbidden',
          `only "${name}" may create credentials for this user`,
        );
      }

      try {
        users.rights.checkOutranks(caller, name);
        return await act(user as Parameters<Act>[0], request);
      } catch (error) {
        throw iamError(error);
      }
    };

  /** Somebody who finds an open browser must not create credentials in it. */
  const withPassword =
    (act: Act): Act =>
    async (user, request) => {
      const { currentPassword = '' } = request.body as { currentPassword?: string };
      if (
        request.user.name === user.metadata.name &&
        !(await login.confirm(user, currentPassword, sourceOf(request, { recordSuccess: false })))
      ) {
        throw badRequest('currentPassword: wrong password');
      }

      return act(user, request);
    };

  return {
    listTokens: about(async ({ metadata }) => {
      const items = apiTokens.list(metadata.name);
      return { items, totalItems: items.length };
    }, 'manager'),

    createToken: about(async ({ metadata }, { body }) => {
      const { name = '', expiresIn = 0 } = body as { name?: string; expiresIn?: number };
      return apiTokens.create({ name: metadata.name, uid: metadata.uid }, name, expiresIn * 1000);
    }, 'self'),

    revokeToken: about(async ({ metadata }, { params }) => {
      await apiTokens.revoke(metadata.name, params.token ?? '');
      return SUCCESS;
    }, 'manager'),

    endSessions: about(async ({ metadata }) => {
      await revokeSessions(metadata.name);
      return SUCCESS;
    }, 'manager'),

    totpState: about(({ metadata }) => totp.state(metadata.name, metadata.uid), 'manager'),

    enrollTotp: about(
      withPassword(({ metadata }) => totp.enroll(metadata.name, metadata.uid)),
      'self',
    ),

    confirmTotp: about(async ({ metadata }, { body }) => {
      const { code = '' } = body as { code?: string };
      return { recoveryCodes: await totp.confirm(metadata.name, metadata.uid, code) };
    }, 'self'),

    removeTotp: about(
      withPassword(async (user, request) => {
        const { metadata } = user;
        const { code = '' } = request.body as { code?: string };
        const { enabled } = await totp.state(metadata.name, metadata.uid);
        const own = request.user.name === metadata.name;
        if (
          own &&
          enabled &&
          !(await login.confirmOtp(user, code, sourceOf(request, { recordSuccess: false })))
        ) {
          throw badRequest('code: wrong code');
        }

        await totp.remove(metadata.name);

        return SUCCESS;
      }),
      'manager',
    ),
  };
}
