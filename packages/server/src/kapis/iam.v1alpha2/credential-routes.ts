import { badRequest } from '@ks-apiserver/apimachinery/meta/errors';
import { SMALL_BODY_LIMIT } from '@ks-apiserver/http/routes/body';
import type { Handler, Route, RouteRequest } from '@ks-apiserver/http/routes/route';
import { routesOf } from '../route-table.ts';
import { type CredentialHandlersDependencies, credentialHandlers } from './credentials.ts';
import {
  ApiTokenRequestSchema,
  ApiTokenSchema,
  ApiTokensSchema,
  MessageSchema,
  RecoveryCodesSchema,
  TotpRequestSchema,
  TotpSecretSchema,
  TotpStateSchema,
} from './types.ts';

/**
 * A dry run would show a credential that does not work: it is refused before anything is stored.
 */
function neverTried<T extends Record<string, Handler>>(handlers: T): T {
  const refusing = Object.entries(handlers).map(([name, handle]) => [
    name,
    (request: RouteRequest) => {
      if (request.dryRun) {
        throw badRequest('dryRun: credentials cannot be tried');
      }
      return handle(request);
    },
  ]);

  return Object.fromEntries(refusing) as T;
}

/** Routes of a user's own credentials besides his password: API tokens and one-time passwords. */
export function credentialRoutes(
  base: string,
  tags: readonly string[],
  dependencies: CredentialHandlersDependencies,
): Route[] {
  const handlers = neverTried(credentialHandlers(dependencies));

  const token = {
    body: ApiTokenRequestSchema,
    bodyLimit: SMALL_BODY_LIMIT,
    returns: ApiTokenSchema,
  };

  const enroll = {
    body: TotpRequestSchema,
    bodyLimit: SMALL_BODY_LIMIT,
    returns: TotpSecretSchema,
  };

  const confirm = {
    body: TotpRequestSchema,
    bodyLimit: SMALL_BODY_LIMIT,
    returns: RecoveryCodesSchema,
  };

  const remove = { body: TotpRequestSchema, bodyLimit: SMALL_BODY_LIMIT, returns: MessageSchema };
  const [tokens, totp] = ['/users/{user}/tokens', '/users/{user}/totp'];

  return routesOf(base, tags, [
    [
      'GET',
      tokens,
      'ListAPITokens',
      'API tokens of a user',
      handlers.listTokens,
      { returns: ApiTokensSchema },
    ],
    ['POST', tokens, 'CreateAPIToken', 'Make an API token', handlers.createToken, token],
    [
      'DELETE',
      `${tokens}/{token}`,
      'RevokeAPIToken',
      'Revoke an API token',
      handlers.revokeToken,
      { returns: MessageSchema },
    ],
    [
      'DELETE',
      '/users/{user}/sessions',
      'EndSessions',
      'End all sessions of a user',
      handlers.endSessions,
      { returns: MessageSchema },
    ],
    [
      'GET',
      totp,
      'DescribeTOTP',
      'Whether a user has a second factor',
      handlers.totpState,
      { returns: TotpStateSchema },
    ],
    [
      'POST',
      totp,
      'EnrollTOTP',
      'Begin to turn one-time passwords on',
      handlers.enrollTotp,
      enroll,
    ],
    [
      'PUT',
      totp,
      'ConfirmTOTP',
      'Turn one-time passwords on with a first code',
      handlers.confirmTotp,
      confirm,
    ],
    ['DELETE', totp, 'RemoveTOTP', 'Turn one-time passwords off', handlers.removeTotp, remove],
  ]);
}
