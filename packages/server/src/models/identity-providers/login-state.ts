import { createHash, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
import { unauthorized } from '@ks-apiserver/apimachinery/meta/errors';
import { EncryptJWT, jwtDecrypt } from 'jose';
import type { LoginSecrets } from './provider.ts';

/** Cookie that binds a log-in to the browser that began it. */
const STATE_COOKIE = 'ks-login';

/** For typing a password and a second factor at the provider, in seconds. */
const LIFETIME_S = 600;

/** States that have come back already are remembered up to this number. */
const MAX_USED = 10_000;
const COOKIE_LIMIT = 4096;

/** A log-in that a browser has begun. */
export interface PendingLogin extends LoginSecrets {
  provider: string;
  /** Path of this server to go on with; '' without one. */
  returnTo: string;
}

function equal(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

/**
 * Keeps what belongs to a log-in under way in the browser itself, encrypted, so that any replica
 * can go on with it and no other browser can (RFC 6749 section 10.12). Each state is taken once by
 * a replica; the provider takes each code once.
 */
export class LoginStates {
  readonly #key: Uint8Array;
  /** Used states and when they end, oldest first. */
  readonly #used = new Map<string, number>();

  /** `secret` is the server's; the key for cookies is derived from it and of use nowhere else. */
  constructor(secret: string) {
    this.#key = new Uint8Array(
      hkdfSync('sha256', secret, '', 'ks-apiserver identity provider log-in', 32),
    );
  }

  /**
   * Makes the secrets of a log-in and the Set-Cookie value that holds them. `secure` where the
   * browser came by https.
   */
  async begin(
    provider: string,
    returnTo: string,
    secure: boolean,
  ): Promise<{ pending: PendingLogin; cookie: string }> {
    const random = () => randomBytes(32).toString('base64url');
    const pending = { provider, state: random(), nonce: random(), verifier: random(), returnTo };

    const value = await new EncryptJWT({ ...pending })
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
      .setExpirationTime(`${LIFETIME_S}s`)
      .encrypt(this.#key);

    const flags = `Path=/oauth; Max-Age=${LIFETIME_S}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`;

    return { pending, cookie: `${STATE_COOKIE}=${value}; ${flags}` };
  }

  /**
   * The log-in that this browser has begun with the provider, once. Throws Unauthorized, saying
   * what to do.
   */
  async take(provider: string, state: string, cookies: string | undefined): Promise<PendingLogin> {
    const value = cookieOf(cookies);
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
  return cookieOf(cookies) !== undefined;
}

function cookieOf(header: string | undefined): string | undefined {
  for (const part of (header ?? '').split(';')) {
    const mark = part.indexOf('=');
    if (mark > 0 && part.slice(0, mark).trim() === STATE_COOKIE) {
      const value = part.slice(mark + 1).trim();
      return value !== '' && value.length <= COOKIE_LIMIT ? value : undefined;
    }
  }

  return undefined;
}

/** Cookie header that forgets a log-in. */
export const FORGET_STATE = `${STATE_COOKIE}=; Path=/oauth; Max-Age=0; HttpOnly; SameSite=Lax`;

/** Longest path that a log-in goes on with, in characters: it travels in a cookie. */
const RETURN_LIMIT = 2048;

/**
 * Whether a browser may be sent there after a log-in: an authorization request of this very server
 * and nothing else.
 */
export function isReturnPath(path: string): boolean {
  return (
    path.length <= RETURN_LIMIT &&
    /^\/oauth\/authorize\?[\x21-\x7e]*$/.test(path) &&
    !/[\\#]/.test(path)
  );
}
