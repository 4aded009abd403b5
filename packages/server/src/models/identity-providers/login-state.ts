import { createHash, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
import { unauthorized } from '@ks-apiserver/apimachinery/meta/errors';
import { EncryptJWT, jwtDecrypt } from 'jose';
import { makeCookie, readCookie } from '../oauth/cookies.ts';
import type { LoginSecrets } from './provider.ts';

/** Cookie that binds a log-in to the browser that began it. */
const STATE_COOKIE = 'ks-login';

/** Time for the password and second factor at the provider, in seconds. */
const LIFETIME_S = 600;

/** Used states that are remembered. */
const MAX_USED = 10_000;
const COOKIE_LIMIT = 4096;

/** A log-in that a browser has begun. */
export interface PendingLogin extends LoginSecrets {
  provider: string;
  /** Path of this server to continue at; '' for none. */
  returnTo: string;
}

function equal(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

/**
 * Keeps the data of a log-in in the browser itself, encrypted, so that any replica can continue it
 * and no other browser can (RFC 6749 section 10.12). A replica accepts each state once; the
 * provider accepts each code once.
 */
export class LoginStates {
  readonly #key: Uint8Array;
  /** Used states and when they expire, oldest first. */
  readonly #used = new Map<string, number>();

  /**
   * `secret` is the server's; the key for cookies is derived from it and used for nothing else.
   */
  constructor(secret: string) {
    this.#key = new Uint8Array(
      hkdfSync('sha256', secret, '', 'ks-apiserver identity provider log-in', 32),
    );
  }

  /** Makes the secrets of a log-in and the Set-Cookie header that holds them. */
  async begin(
    provider: string,
    returnTo: string,
    { secure }: { secure: boolean },
  ): Promise<{ pending: PendingLogin; cookie: string }> {
    const random = () => randomBytes(32).toString('base64url');
    const pending = { provider, state: random(), nonce: random(), verifier: random(), returnTo };

    const value = await new EncryptJWT({ ...pending })
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
      .setExpirationTime(`${LIFETIME_S}s`)
      .encrypt(this.#key);

    const cookie = makeCookie(STATE_COOKIE, value, { secure, maxAgeSeconds: LIFETIME_S });

    return { pending, cookie };
  }

  /**
   * Returns the log-in that this browser has begun with the provider, once. Throws Unauthorized
   * with what to do.
   */
  async take(provider: string, state: string, cookies: string | undefined): Promise<PendingLogin> {
    const value = stateOf(cookies);
    if (value === undefined) {
      throw unauthorized(
        `this browser has not begun the log-in: start at /oauth/login/${provider}. For a console that calls this address itself, set allowMissingState of the identity provider`,
      );
    }

    const pending = await this.#read(value);
    if (pending?.provider !== provider || !equal(pending.state, state)) {
      throw unauthorized(
        `the log-in was not begun by this browser or took too long: start again at /oauth/login/${provider}`,
      );
    }

    if (!this.#use(pending.state)) {
      throw unauthorized(
        `the log-in has been used already: start again at /oauth/login/${provider}`,
      );
    }

    return pending;
  }

  async #read(value: string): Promise<PendingLogin | undefined> {
    try {
      const { payload } = await jwtDecrypt(value, this.#key, {
        keyManagementAlgorithms: ['dir'],
        contentEncryptionAlgorithms: ['A256GCM'],
        requiredClaims: ['exp'],
      });

      // Only this server can have encrypted it.
      return payload as unknown as PendingLogin;
    } catch {
      return undefined;
    }
  }

  #use(state: string): boolean {
    const now = Date.now();

    for (const [used, ends] of this.#used) {
      if (ends > now && this.#used.size < MAX_USED) {
        break;
      }
      this.#used.delete(used);
    }

    if (this.#used.has(state)) {
      return false;
    }

    this.#used.set(state, now + LIFETIME_S * 1000);

    return true;
  }
}

/** Whether a browser has begun a log-in at all. */
export function hasStateCookie(cookies: string | undefined): boolean {
  return stateOf(cookies) !== undefined;
}

function stateOf(cookies: string | undefined): string | undefined {
  const value = readCookie(cookies, STATE_COOKIE) ?? '';
  return value !== '' && value.length <= COOKIE_LIMIT ? value : undefined;
}

/** Set-Cookie header that removes a log-in. */
export const FORGET_STATE = makeCookie(STATE_COOKIE, '', { secure: false, maxAgeSeconds: 0 });

/** Longest path to continue at, in characters: it is stored in a cookie. */
const RETURN_LIMIT = 2048;

/**
 * Whether a browser may be sent to a path after a log-in: only to an authorization request of this
 * server.
 */
export function isReturnPath(path: string): boolean {
  return (
    path.length <= RETURN_LIMIT &&
    /^\/oauth\/authorize\?[\x21-\x7e]*$/.test(path) &&
    !/[\\#]/.test(path)
  );
}
