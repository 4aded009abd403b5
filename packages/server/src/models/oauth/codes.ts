import { createHash, randomBytes } from 'node:crypto';
import type { Identity } from '../session/identity.ts';
import { sessionId } from '../session/issue.ts';
import { type CodeGrant, identityOf, type SessionStore } from '../session/sessions.ts';
import type { AuthorizationRequest } from './authorization-request.ts';
import { equalSecrets, type OAuthClient } from './clients.ts';
import { OAuthError } from './errors.ts';

/** Lifetime of a code, in milliseconds: clients exchange it at once (RFC 6749 section 4.1.2). */
const LIFETIME_MS = 60_000;

/** The form of a code verifier (RFC 7636 section 4.1). */
const VERIFIER = /^[\w.~-]{43,128}$/;

/** A logged-in user, the time of the log-in (seconds since 1970), and its session; '' for none. */
export interface LoggedIn {
  identity: Identity;
  authTime: number;
  session: string;
}

/** User and grant of an exchanged code. */
export interface RedeemedCode {
  user: Identity;
  grant: CodeGrant;
  /**
   * Resolves if the code was not used a second time meanwhile; otherwise ends the tokens and
   * rejects.
   */
  confirm: () => Promise<void>;
}

function idOf(code: string): string {
  return createHash('sha256').update(code).digest('hex').slice(0, 40);
}

/**
 * Authorization codes (RFC 6749 section 4.1.2): random, stored as hashes, valid once and for a
 * minute.
 */
export class AuthorizationCodes {
  readonly #sessions: SessionStore;
  readonly #mayLogIn: (username: string, uid: string) => boolean;

  constructor(sessions: SessionStore, mayLogIn: (username: string, uid: string) => boolean) {
    this.#sessions = sessions;
    this.#mayLogIn = mayLogIn;
  }

  /** Issues a code for a granted request. */
  async issue(
    request: AuthorizationRequest,
    { identity, authTime, session }: LoggedIn,
  ): Promise<string> {
    const code = randomBytes(32).toString('base64url');
    const { client, redirectUri, redirectUriGiven, challenge, scope, nonce } = request;
    await this.#sessions.add({
      id: idOf(code),
      kind: 'code',
      username: identity.name,
      uid: identity.uid,
      ...(identity.groups?.length && { groups: identity.groups }),
      expires: Date.now() + LIFETIME_MS,
      code: {
        client: client.name,
        redirectUri,
        redirectUriGiven,
        challenge,
        scope,
        nonce,
        authTime,
        origin: session,
        session: sessionId(),
      },
    });

    return code;
  }

  /**
   * Exchanges a code for its client (RFC 6749 section 4.1.3, RFC 7636 section 4.6). A second use
   * ends the session of the first (RFC 6749 section 4.1.2). Throws `invalid_grant`.
   */
  async redeem(code: string, client: OAuthClient, form: URLSearchParams): Promise<RedeemedCode> {
    const invalid = () =>
      new OAuthError('invalid_grant', 'the code is wrong, expired, used or of another client');
    const id = idOf(code);
    const found = await this.#sessions.find(id);
    if (found?.kind !== 'code' || !found.code || found.code.client !== client.name) {
      throw invalid();
    }

    const { code: grant } = found;
    checkRedirectUri(grant, form.get('redirect_uri') ?? '');
    checkVerifier(grant, form.get('code_verifier') ?? '');

    const before = await this.#sessions.use(id);
    const session = { id: grant.session, username: found.username };

    if (!before || before.used) {
      // Removing the code lets the first use notice the second one.
      await this.#sessions.end({ id, username: found.username });
      await this.#sessions.end(session);
      throw invalid();
    }

    if (!this.#mayLogIn(found.username, found.uid)) {
      throw invalid();
    }
    if (grant.origin !== '' && !(await this.#sessions.find(grant.origin))) {
      throw invalid();
    }

    const confirm = async () => {
      if (await this.#sessions.find(id)) {
        return;
      }

      await this.#sessions.end(session);
      throw invalid();
    };

    return { user: identityOf(found), grant, confirm };
  }
}

/** Checks that the redirect URI is sent again and is the same (RFC 6749 section 4.1.3). */
function checkRedirectUri(grant: CodeGrant, given: string): void {
  if (given === grant.redirectUri || (given === '' && !grant.redirectUriGiven)) {
    return;
  }
  throw new OAuthError('invalid_grant', 'redirect_uri is not that of the authorization request');
}

/**
 * Checks the verifier (RFC 7636 section 4.6); one without a challenge is a downgrade (RFC 9700
 * section 4.8.2).
 */
function checkVerifier({ challenge }: CodeGrant, verifier: string): void {
  if (challenge === '' && verifier === '') {
    return;
  }

  const hash = createHash('sha256').update(verifier).digest('base64url');
  if (challenge !== '' && VERIFIER.test(verifier) && equalSecrets(hash, challenge)) {
    return;
  }

  throw new OAuthError('invalid_grant', 'code_verifier does not fit code_challenge');
}
