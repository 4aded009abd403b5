import { createHmac, createSecretKey, hash, type KeyObject, timingSafeEqual } from 'node:crypto';
import type { Awaitable } from '@ks-apiserver/apimachinery/concurrency/when-ready';
import { unauthorized } from '@ks-apiserver/apimachinery/meta/errors';
import { decodeProtectedHeader, errors, jwtVerify, SignJWT } from 'jose';
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

/** Number of tokens of which it is remembered that they were not signed with this server's key. */
const REFUSED_TOKENS = 1000;
const TOKEN_LIMIT = 8 * 1024;
const ISSUER = 'kubesphere';
const SEGMENTS = /^[^.]*\.[^.]*\.[^.]*$/;

/** Returns the hash that is stored of a token instead of the token itself. */
export function tokenHash(token: string): string {
  return hash('sha256', token);
}

/** Says why the library refused a token that was signed with this server's key. */
function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTClaimValidationFailed) {
    return `token claim ${error.claim} is not valid`;
  }

  return error instanceof errors.JOSEAlgNotAllowed
    ? 'signing method is not allowed'
    : 'token is malformed';
}

/** Says why a token counts at another time than now; undefined if it counts now. */
function timeProblem({ exp, nbf }: Claims): string | undefined {
  const now = Date.now() / 1000;
  if (nbf > now) {
    return 'token is not valid yet';
  }

  return exp !== undefined && exp <= now
    ? `token is expired by ${Math.max(1, Math.round(now - exp))}s`
    : undefined;
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
  /** Reasons against tokens. A client that cannot log in again repeats its calls. */
  readonly #refused = new LRUCache<string, string>({ max: REFUSED_TOKENS });

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
   * Returns why a token is refused, in 3.0's words, as far as that is known at once: it is malformed,
   * was not signed with this server's key, or counts at another time.
   */
  reasonAgainst(token: string): string | undefined {
    const claims = this.#verified.get(token);
    return claims ? timeProblem(claims) : this.#reasonAgainstUnknown(token);
  }

  #reasonAgainstUnknown(token: string): string | undefined {
    const known = this.#refused.get(token);
    if (known !== undefined) {
      return known;
    }
    if (token.length > TOKEN_LIMIT || !SEGMENTS.test(token)) {
      return 'token contains an invalid number of segments';
    }
    if (this.#isSigned(token)) {
      return undefined;
    }

    const reason = reasonForUnsigned(token);
    this.#refused.set(token, reason);

    return reason;
  }

  /**
   * Verifies signature, algorithm, issuer, times and type; without a promise for a token that was
   * verified before. Throws, or rejects with, Unauthorized with 3.0's words for the reason.
   */
  verify(token: string, type: TokenType): Awaitable<Claims> {
    const claims = this.#verified.get(token);
    const reason = claims ? timeProblem(claims) : this.#reasonAgainstUnknown(token);
    if (reason !== undefined) {
      throw unauthorized(reason);
    }

    return claims
      ? this.#checkType(claims, type)
      : this.#verifySigned(token).then((checked) => this.#checkType(checked, type));
  }

  #checkType(claims: Claims, type: TokenType): Claims {
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
        // Times are checked at each use of the claims.
        clockTolerance: Number.MAX_SAFE_INTEGER,
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

    const problem = timeProblem(claims);
    if (problem !== undefined) {
      throw unauthorized(problem);
    }

    return claims;
  }
}
