import type { Authenticator } from '../../models/iam/login/authenticate.ts';
import type { Login } from '../../models/iam/login/login.ts';
import type { BrowserSessions } from '../../models/oauth/browser-sessions.ts';
import type { Clients } from '../../models/oauth/clients.ts';
import type { AuthorizationCodes } from '../../models/oauth/codes.ts';
import type { FormTokens } from '../../models/oauth/form-tokens.ts';
import type { IdTokens } from '../../models/oauth/id-tokens.ts';
import type { SigningKeys } from '../../models/oauth/signing-keys.ts';
import type { UserDirectory } from '../../models/oauth/user-claims.ts';
import type { TokenIssuer } from '../../models/session/issue.ts';
import type { SessionStore } from '../../models/session/sessions.ts';
import type { Tokens } from '../../models/session/tokens.ts';

/** What the OAuth endpoints work with. */
export interface OAuthDependencies {
  login: Login;
  issuer: TokenIssuer;
  authenticator: Authenticator;
  sessions: SessionStore;
  tokens: Tokens;
  clients: Clients;
  codes: AuthorizationCodes;
  browsers: BrowserSessions;
  forms: FormTokens;
  keys: SigningKeys;
  idTokens: IdTokens;
  directory: UserDirectory;
  /** The `iss` of this server: a URL. */
  issuerUrl: () => string;
  /** Names of the identity providers that browsers are sent to. */
  providers: readonly string[];
}
