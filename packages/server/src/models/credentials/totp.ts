import { randomBytes, timingSafeEqual } from 'node:crypto';
import { SECRETS } from '@ks-apiserver/api/resources';
import { badRequest, StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import { tokenHash } from '../session/tokens.ts';
import {
  CREDENTIAL_NAMESPACE,
  credentialSecret,
  encodeData,
  isCredential,
  readText,
} from './secret.ts';

/** RFC 6238 with the values that all authenticator apps support: SHA-1, 6 digits, 30 seconds. */
const PERIOD_MS = 30_000;
const DIGITS = 6;

/** Steps before and after the current one that are accepted, because clocks differ. */
const WINDOW = 1;
const RECOVERY_CODES = 10;

/**
 * Whether a user has a second factor, and whether they have proved that their app has its secret.
 */
export interface TotpState {
  enabled: boolean;
  pending: boolean;
  /** Number of unused recovery codes. */
  recoveryCodes: number;
}

function secretName(username: string): string {
  return `totp-${tokenHash(username).slice(0, 40)}`;
}

/** Normalizes a recovery code, which is shown with dashes and may be typed in any case. */
function normalizeCode(code: string): string {
  return code.replace(/[\s-]/g, '').toLowerCase();
}

function recoveryHashes(secret: KubeObject): string[] {
  return readText(secret, 'recovery').split(',').filter(Boolean);
}

/**
 * Time-based one-time passwords (RFC 6238) as a second factor, which users turn on for themselves.
 */
export class Totp {
  readonly #client: KubeClient;
  readonly #credentials: Informer;
  readonly #issuer: string;

  /** `issuer` is what authenticator apps show beside the user's name. */
  constructor(client: KubeClient, credentials: Informer, issuer: string) {
    this.#client = client;
    this.#credentials = credentials;
    this.#issuer = issuer;
  }

  #key(username: string) {
    return { resource: SECRETS, namespace: CREDENTIAL_NAMESPACE, name: secretName(username) };
  }

  /**
   * Returns the stored factor of a user as the API has it now; a new user with an old name has
   * none.
   */
  async #findStored(username: string, uid: string): Promise<KubeObject | undefined> {
    const secret = await this.#client.find(this.#key(username));
    return isCredential(secret, 'totp') && readText(secret, 'uid') === uid ? secret : undefined;
  }

  /** Whether log-ins of a user need a code; read from the API only if the cache has nothing. */
  async enabled(username: string, uid: string): Promise<boolean> {
    const cached = this.#credentials.store.get(secretName(username), CREDENTIAL_NAMESPACE)?.object;
    const secret = cached ?? (await this.#findStored(username, uid));

    return (
      secret !== undefined &&
      readText(secret, 'uid') === uid &&
      readText(secret, 'confirmed') === 'true'
    );
  }

  async state(username: string, uid: string): Promise<TotpState> {
    const secret = await this.#findStored(username, uid);
    const confirmed = secret !== undefined && readText(secret, 'confirmed') === 'true';

    return {
      enabled: confirmed,
      pending: secret !== undefined && !confirmed,
      recoveryCodes: confirmed ? recoveryHashes(secret).length : 0,
    };
  }

  /**
   * Begins to turn it on; returns a new secret, as text and as the URI of a QR code. Throws
   * BadRequest if it is on already.
   */
  async enroll(username: string, uid: string): Promise<{ secret: string; uri: string }> {
    const stored = await this.#findStored(username, uid);
    if (stored && readText(stored, 'confirmed') === 'true') {
      throw badRequest('one-time passwords are on already: turn them off first');
    }

    const { Secret, TOTP } = await import('otpauth');
    const secret = new Secret({ buffer: new Uint8Array(randomBytes(20)).buffer });

    const wanted = credentialSecret(
      'totp',
      secretName(username),
      { name: username, uid },
      {
        secret: secret.base32,
        confirmed: 'false',
        lastStep: '0',
        recovery: '',
      },
    );

    // Replaces what was begun earlier, or belonged to an earlier user of this name.
    const { ownerReferences = [] } = wanted.metadata;
    const owners = { ownerReferences };
    const old = await this.#client.find(this.#key(username));
    if (old) {
      await this.#client.update(SECRETS, {
        ...old,
        metadata: { ...old.metadata, ...owners },
        data: wanted.data,
      });
    } else {
      await this.#client.create(SECRETS, wanted);
    }

    const uri = new TOTP({
      issuer: this.#issuer,
      label: username,
      secret,
      digits: DIGITS,
      period: 30,
    }).toString();

    return { secret: secret.base32, uri };
  }

  /**
   * Turns it on once a code proves that the app has the secret. Returns recovery codes, which are
   * shown only now. Throws BadRequest.
   */
  async confirm(username: string, uid: string, code: string): Promise<string[]> {
    const stored = await this.#findStored(username, uid);
    if (!stored || readText(stored, 'confirmed') === 'true') {
      throw badRequest('no one-time password is being set up');
    }

    const step = await this.#stepOf(stored, code);
    if (step === undefined) {
      throw badRequest('code: wrong code, check the clock of the device');
    }

    const codes = Array.from({ length: RECOVERY_CODES }, () => randomBytes(8).toString('hex'));

    const data = encodeData({
      confirmed: 'true',
      lastStep: String(step),
      recovery: codes.map(tokenHash).join(),
    });

    await this.#client.update(SECRETS, {
      ...stored,
      data: { ...stored.data, ...data },
    });

    return codes.map((text) => text.replace(/(.{4})(?=.)/g, '$1-'));
  }

  /** Turns it off; does nothing if it is not on. */
  async remove(username: string): Promise<void> {
    await this.#client.delete(this.#key(username)).catch((error) => {
      if (!(error instanceof StatusError && error.code === 404)) {
        throw error;
      }
    });
  }

  /** Returns the time step of a right code, unless it or a later one was used already. */
  async #stepOf(stored: KubeObject, code: string): Promise<number | undefined> {
    if (!/^\d{6}$/.test(code)) {
      return undefined;
    }

    const { Secret, TOTP } = await import('otpauth');

    const totp = new TOTP({
      secret: Secret.fromBase32(readText(stored, 'secret')),
      digits: DIGITS,
      period: 30,
    });

    const now = Date.now();
    const delta = totp.validate({ token: code, timestamp: now, window: WINDOW });
    if (delta === null) {
      return undefined;
    }

    const step = Math.floor(now / PERIOD_MS) + delta;

    return step > Number(readText(stored, 'lastStep')) ? step : undefined;
  }

  /**
   * Whether a code, or a recovery code, of a user is right. Each works once on all replicas: its
   * use is stored first, and of two simultaneous uses one fails.
   */
  async verify(username: string, uid: string, code: string): Promise<boolean> {
    const stored = await this.#findStored(username, uid);
    if (!stored) {
      return false;
    }

    const step = await this.#stepOf(stored, normalizeCode(code));
    const used = Buffer.from(tokenHash(normalizeCode(code)));
    const recovery = recoveryHashes(stored);
    const left = recovery.filter((hash) => !timingSafeEqual(Buffer.from(hash), used));
    if (step === undefined && left.length === recovery.length) {
      return false;
    }

    const data = encodeData(
      step === undefined ? { recovery: left.join() } : { lastStep: String(step) },
    );

    try {
      await this.#client.update(SECRETS, {
        ...stored,
        data: { ...stored.data, ...data },
      });

      return true;
    } catch (error) {
      if (error instanceof StatusError && error.reason === 'Conflict') {
        return false;
      }
      throw error;
    }
  }
}
