import { createHash, randomBytes } from 'node:crypto';
import type { Identity } from '../session/identity.ts';
import { sessionId } from '../session/issue.ts';
import { type CodeGrant, identityOf, type SessionStore } from '../session/sessions.ts';
import type { AuthorizationRequest } from './authorization-request.ts';
import { equalSecrets, type OAuthClient } from './clients.ts';
import { OAuthError } from './errors.ts';

/**
 * How long a code may be exchanged, in milliseconds: a client does so at once (RFC 6749 section
 * 4.1.2).
 */
const LIFETIME_MS = 60_000;

/** RFC 7636 section 4.1. */
const VERIFIER = /^[\w.~-]{43,128}$/;

/**
 * A user who is logged in: since when (seconds since 1970), and by which session; '' without one.
 */
export interface LoggedIn {
  identity: Identity;
  authTime: number;
  session: string;
}

/** Whom an exchanged code stands for, and what for. */
export interface RedeemedCode {
  user: Identity;
  grant: CodeGrant;
  /**
   * Resolves when nobody has used the code a second time meanwhile; else rejects, and the tokens
   * have ended.
   */
  confirm: () => Promise<void>;
}

function idOf(code: string): string {
  return createHash('sha256').update(code).digest('hex').slice(0, 40);
}

/**
 * Authorization codes (RFC 6749 section 4.1.2): random, kept as hashes, good once and for a minute.
 */
export class AuthorizationCodes {
  readonly #sessions: SessionStore;
  readonly #mayLogIn: (username: string, uid: string) => boolean;

  constructor(sessions: SessionStore, mayLogIn: (username: string, uid: string) => boolean) {
    this.#sessions = sessions;
    this.#mayLogIn = mayLogIn;
  }

  /** A new code for a granted request. */
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
   * Takes a code in for its client (RFC 6749 section 4.1.3, RFC 7636 section 4.6). One that was
   * used before ends the session of its first use (RFC 6749 section 4.1.2). Throws `invalid_grant`.
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
      // Without its code, who used it first sees that it was used again.
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

/** RFC 6749 section 4.1.3: the URI must be named again, and be the same. */
function checkRedirectUri(grant: CodeGrant, given: string): void {
  if (given === grant.redirectUri || (given === '' && !grant.redirectUriGiven)) {
    return;
  }
  throw new OAuthError('invalid_grant', 'redirect_uri is not that of the authorization request');
}

/** RFC 7636 section 4.6; a verifier without a challenge is a downgrade (RFC 9700 section 4.8.2). */
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
