import type { IncomingHttpHeaders } from 'node:http';
import type { Login } from '../../../models/iam/login/login.ts';
import type { ProviderAccounts } from '../../../models/iam/providers/provider-accounts.ts';
import type { LoginStates } from '../../../models/identity-providers/login-state.ts';
import type { IdentityProviders } from '../../../models/identity-providers/registry.ts';
import type { Identity } from '../../../models/session/identity.ts';
import type { TokenIssuer } from '../../../models/session/issue.ts';

/** What log-ins through identity providers work with. */
export interface ProviderLoginDependencies {
  providers: IdentityProviders;
  accounts: ProviderAccounts;
  login: Login;
  issuer: TokenIssuer;
  states: LoginStates;
  /** Begins a session of the browser that has these headers; answers the Set-Cookie value. */
  beginSession: (identity: Identity, headers: IncomingHttpHeaders) => Promise<string>;
}
