import { createHmac, createSecretKey, hash, type KeyObject, timingSafeEqual } from 'node:crypto';
import type { Awaitable } from '@ks-apiserver/apimachinery/concurrency/when-ready';
import { unauthorized } from '@ks-apiserver/apimachinery/meta/errors';
import { decodeProtectedHeader, errors, type JWTPayload, jwtVerify, SignJWT } from 'jose';
import { LRUCache } from 'lru-cache';
import type { Identity } from './identity.ts';

/** What a token may be used for. */
export type TokenType = 'access_token' | 'refresh_token' | 'static_token';

/**
 * Claims of a token besides its user: its session, and the client and scope that it was granted to
 * (RFC 9068 section 2.2).
 */
export interface TokenGrant {
  sid?: string;
  jti?: string;
  client_id?: string;
  scope?: string;
  /** Time of the log-in, in seconds since 1970. */
  auth_time?: number;
  /**
   * Fields about the user that consoles of 3.2 and later read; the server itself does not use them.
   */
  extra?: Readonly<Record<string, readonly string[]>>;
  /** Groups, even if there are none. */
  groups?: readonly string[];
}

/** Claims of KubeSphere 3.0's tokens (RFC 7519); times are seconds since 1970. */
export interface Claims extends TokenGrant {
  username: string;
  uid: string;
  token_type: TokenType;
  /** Groups that an identity provider named at log-in; absent without any, as in 3.0. */
  groups?: readonly string[];
  exp?: number;
  iat: number;
  iss: string;
  nbf: number;
}

/** Number of tokens whose verified claims are cached. */
export const CACHED_TOKENS = 10_000;
const TOKEN_LIMIT = 8 * 1024;
const ISSUER = 'kubesphere';
const SEGMENTS = /^[^.]*\.[^.]*\.[^.]*$/;

/** Returns the hash that is stored of a token instead of the token itself. */
export function tokenHash(token: string): string {
  return hash('sha256', token);
}

function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) {
    const { exp = 0 }: JWTPayload = error.payload;
    const seconds = Math.max(1, Math.round(Date.now() / 1000 - exp));

    return `token is expired by ${seconds}s`;
  }

  if (error instanceof errors.JWTClaimValidationFailed) {
    return error.claim === 'nbf'
      ? 'token is not valid yet'
      : `token claim ${error.claim} is not valid`;
  }

  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return 'signature is invalid';
  }
  if (error instanceof errors.JOSEAlgNotAllowed) {
    return 'signing method is not allowed';
  }

  return 'token is malformed';
}

/** Says why a token is refused that was not signed with this server's key. */
function reasonForUnsigned(token: string): string {
  try {
    return decodeProtectedHeader(token).alg === 'HS256'
      ? 'signature is invalid'
      : 'signing method is not allowed';
  } catch {
    return 'token is malformed';
  }
}

/** Issues and verifies the HS256 tokens of this server. */
export class Tokens {
  readonly #key: KeyObject;
  readonly #skewSeconds: number;
  /**
   * Claims by token. Nobody can learn a token from the time that a lookup takes: it compares by a
   * hash that differs in each process.
   */
  readonly #verified = new LRUCache<string, Claims>({ max: CACHED_TOKENS });

  constructor(secret: string, skewMs: number) {
    this.#key = createSecretKey(Buffer.from(secret));
    this.#skewSeconds = Math.floor(skewMs / 1000);
  }

  /**
   * Issues a token as of a time in milliseconds; `lifetimeMs` 0 means that it does not expire.
   * Equal arguments give equal tokens.
   */
  issue(
    user: Identity,
    type: TokenType,
    lifetimeMs: number,
    grant: TokenGrant = {},
    now: number = Date.now(),
  ): Promise<string> {
    const issued = Math.floor(now / 1000) - this.#skewSeconds;

    const claims: Claims = {
      username: user.name,
      uid: user.uid,
      token_type: type,
      ...(user.groups?.length && { groups: user.groups }),
      ...(lifetimeMs > 0 && { exp: issued + Math.floor(lifetimeMs / 1000) }),
      iat: issued,
      iss: ISSUER,
      nbf: issued,
      ...grant,
    };

    return new SignJWT({ ...claims })
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .sign(this.#key);
  }

  /**
   * Verifies signature, algorithm, issuer, times and type; without a promise for a token that was
   * verified before. Throws, or rejects with, Unauthorized with 3.0's words for the reason.
   */
  verify(token: string, type: TokenType): Awaitable<Claims> {
    const claims = this.#verified.get(token);
    if (claims) {
      return this.#checkExpiryAndType(claims, token, type);
    }

    if (token.length > TOKEN_LIMIT || !SEGMENTS.test(token)) {
      throw unauthorized('token contains an invalid number of segments');
    }

    if (!this.#isSigned(token)) {
      throw unauthorized(reasonForUnsigned(token));
    }

    return this.#verifySigned(token).then((checked) =>
      this.#checkExpiryAndType(checked, token, type),
    );
  }

  #checkExpiryAndType(claims: Claims, token: string, type: TokenType): Claims {
    if (claims.exp !== undefined && claims.exp <= Date.now() / 1000) {
      this.#verified.delete(token);
      throw unauthorized(
        `token is expired by ${Math.max(1, Math.round(Date.now() / 1000 - claims.exp))}s`,
      );
    }

    if (claims.token_type !== type) {
      throw unauthorized(`the token is a ${claims.token_type}, not a ${type}`);
    }

    return claims;
  }

  /**
   * Whether a token was signed with this server's key. The library checks that too, but takes ten
   * times as long: guessed tokens must not cost more than others.
   */
  #isSigned(token: string): boolean {
    const end = token.lastIndexOf('.');
    const expected = createHmac('sha256', this.#key).update(token.slice(0, end)).digest();
    const given = Buffer.from(token.slice(end + 1), 'base64url');

    return given.length === expected.length && timingSafeEqual(given, expected);
  }

  async #verifySigned(token: string): Promise<Claims> {
    let claims: Claims;

    try {
      const { payload } = await jwtVerify(token, this.#key, {
        algorithms: ['HS256'],
        issuer: ISSUER,
      });

      // The fields that are used are checked below.
      claims = payload as unknown as Claims;
    } catch (error) {
      throw unauthorized(reasonOf(error));
    }

    if (
      typeof claims.username !== 'string' ||
      claims.username === '' ||
      typeof claims.token_type !== 'string'
    ) {
      throw unauthorized('token has no user');
    }

    for (const claim of [claims.sid, claims.client_id, claims.scope]) {
      if (claim !== undefined && typeof claim !== 'string') {
        throw unauthorized('token is malformed');
      }
    }

    if (claims.groups !== undefined && !Array.isArray(claims.groups)) {
      throw unauthorized('token has no groups');
    }

    this.#verified.set(token, claims);

    return claims;
  }
}
