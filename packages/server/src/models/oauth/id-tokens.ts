import { createHash } from 'node:crypto';
import { compactVerify, decodeProtectedHeader, SignJWT } from 'jose';
import type { Issued } from '../session/issue.ts';
import type { OAuthClient } from './clients.ts';
import type { SigningKeys } from './signing-keys.ts';
import type { UserDirectory } from './user-claims.ts';

/** Lifetime of an ID token whose access token does not expire, in seconds. */
const LIFETIME_S = 3600;
const LIMIT = 16 * 1024;

/** User, client and session of an ID token that a client sends back. */
export interface IdTokenHint {
  sub: string;
  client: string;
  session: string;
}

/** Returns the left half of a token's hash (OpenID Connect Core section 3.1.3.6). */
function halfHash(token: string): string {
  return createHash('sha256').update(token).digest().subarray(0, 16).toString('base64url');
}

/** Issues and verifies ID tokens (OpenID Connect Core section 2). */
export class IdTokens {
  readonly #keys: SigningKeys;
  readonly #users: UserDirectory;
  readonly #issuer: () => string;

  constructor(keys: SigningKeys, users: UserDirectory, issuer: () => string) {
    this.#keys = keys;
    this.#users = users;
    this.#issuer = issuer;
  }

  /** Issues the ID token that belongs to an access token. */
  issue({ answer, user, grant }: Issued, client: OAuthClient, nonce: string): Promise<string> {
    const { kid, alg, key } = this.#keys.signer(client.idTokenSignedResponseAlg);
    const now = Math.floor(Date.now() / 1000);

    const claims = {
      ...this.#users.claims(user, grant.scope ?? ''),
      auth_time: grant.authTime,
      at_hash: halfHash(answer.access_token),
      sid: grant.session,
      ...(nonce !== '' && { nonce }),
    };

    return new SignJWT({ ...claims })
      .setProtectedHeader({ alg, kid, typ: 'JWT' })
      .setIssuer(this.#issuer())
      .setAudience(client.name)
      .setIssuedAt(now)
      .setExpirationTime(now + (answer.expires_in ?? LIFETIME_S))
      .sign(key);
  }

  /**
   * Verifies an `id_token_hint`, which may have expired (OpenID Connect RP-Initiated Logout section
   * 2); undefined for any other text.
   */
  async hint(token: string): Promise<IdTokenHint | undefined> {
    if (token === '' || token.length > LIMIT) {
      return undefined;
    }

    try {
      const found = this.#keys.find(decodeProtectedHeader(token).kid);
      if (!found) {
        return undefined;
      }

      const { payload } = await compactVerify(token, found.key, { algorithms: [found.alg] });

      const { iss, sub, aud, sid }: Record<string, unknown> = JSON.parse(
        Buffer.from(payload).toString(),
      );

      if (iss !== this.#issuer() || typeof sub !== 'string' || typeof aud !== 'string') {
        return undefined;
      }

      return { sub, client: aud, session: typeof sid === 'string' ? sid : '' };
    } catch {
      return undefined;
    }
  }
}
