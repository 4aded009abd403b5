import {
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  type JsonWebKey,
  type KeyObject,
} from 'node:crypto';
import { promisify } from 'node:util';
import { calculateJwkThumbprint, type JWK } from 'jose';

/** Algorithms of ID tokens (RFC 7518 section 3.1). */
export type SigningAlgorithm = 'RS256' | 'ES256';

const ALGORITHMS: readonly SigningAlgorithm[] = ['RS256', 'ES256'];

/**
 * How long a new key is published before it signs, so that clients have read it, in milliseconds.
 */
const AHEAD_MS = 3_600_000;

/**
 * How long a key is published after its last signature, so that tokens can be verified, in
 * milliseconds.
 */
const OVERLAP_MS = 48 * 3_600_000;

/**
 * How often the keys are read again, because other replicas may have added one, in milliseconds.
 */
const REFRESH_MS = 300_000;
const NAME = 'oauth-signing-keys';

/** Stores the keys for all replicas. */
export interface KeyStore {
  read(key: string): Promise<string | undefined>;
  keep(key: string, value: string): Promise<string>;
  /** Replaces a value unless another replica was faster; returns the current value. */
  replace(key: string, before: string, value: string): Promise<string>;
}

/** A stored key. */
interface StoredKey {
  kid: string;
  alg: SigningAlgorithm;
  /** Milliseconds since 1970. */
  created: number;
  /** The private key (RFC 7517). */
  jwk: JsonWebKey;
}

/** The key to sign tokens with. */
export interface Signer {
  kid: string;
  alg: SigningAlgorithm;
  key: KeyObject;
}

/**
 * Keys are generated as PEM: exporting a key object that was just generated as a JWK can block Node
 * 20 forever.
 */
const PEM = {
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
} as const;

async function newKey(alg: SigningAlgorithm, now: number): Promise<StoredKey> {
  const { privateKey } =
    alg === 'RS256'
      ? await promisify(generateKeyPair)('rsa', { modulusLength: 2048, ...PEM })
      : await promisify(generateKeyPair)('ec', { namedCurve: 'P-256', ...PEM });

  // The types of the promisified function do not know that it returns PEM.
  return toStoredKey(alg, createPrivateKey(privateKey as unknown as string), now);
}

async function toStoredKey(
  alg: SigningAlgorithm,
  key: KeyObject,
  created: number,
): Promise<StoredKey> {
  const jwk = key.export({ format: 'jwk' });
  return { kid: await calculateJwkThumbprint(jwk as JWK), alg, created, jwk };
}

function parseKeys(text: string): StoredKey[] {
  return JSON.parse(text);
}

/** Returns the keys of an algorithm, oldest first. */
function ofAlgorithm(keys: readonly StoredKey[], alg: SigningAlgorithm): StoredKey[] {
  return keys.filter((key) => key.alg === alg).toSorted((a, b) => a.created - b.created);
}

/** Returns the key that signs: the newest that clients know by now, or the first of all. */
function signingKey(
  keys: readonly StoredKey[],
  alg: SigningAlgorithm,
  now: number,
): StoredKey | undefined {
  const own = ofAlgorithm(keys, alg);
  return own.findLast(({ created }) => created + AHEAD_MS <= now) ?? own[0];
}

/** Adds and removes keys that are due. With `maxAgeMs` 0, keys are kept forever. */
async function renewKeys(
  keys: readonly StoredKey[],
  maxAgeMs: number,
  now: number,
): Promise<StoredKey[]> {
  const all: StoredKey[] = [];

  for (const alg of ALGORITHMS) {
    const own = ofAlgorithm(keys, alg);
    const youngest = own.at(-1);
    if (!youngest || (maxAgeMs > 0 && now - youngest.created >= maxAgeMs)) {
      own.push(await newKey(alg, now));
    }

    // A key is no longer needed some time after its successor signs.
    all.push(
      ...own.filter((_, i) => {
        const successor = own[i + 1];
        return !successor || successor.created + AHEAD_MS + OVERLAP_MS > now;
      }),
    );
  }

  return all;
}

/**
 * Settings of the keys: a PEM of the operator's own RSA key (3.2's `signKeyData`), and the age in
 * milliseconds at which generated keys are renewed.
 */
export interface SigningKeyOptions {
  pem?: string;
  maxAgeMs: number;
}

/**
 * The keys that sign ID tokens: generated at the first start, stored, renewed with overlap, equal
 * on all replicas.
 */
export class SigningKeys {
  readonly #store: KeyStore;
  readonly #options: SigningKeyOptions;
  readonly #own: StoredKey | undefined;
  readonly #now: () => number;
  #text: string;
  #keys: readonly StoredKey[];
  readonly #timer: NodeJS.Timeout;

  private constructor(
    store: KeyStore,
    options: SigningKeyOptions,
    state: {
      text: string;
      own: StoredKey | undefined;
      now: () => number;
      onError: (error: unknown) => void;
    },
  ) {
    this.#store = store;
    this.#options = options;
    this.#own = state.own;
    this.#now = state.now;
    this.#text = state.text;
    this.#keys = parseKeys(state.text);
    this.#timer = setInterval(() => void this.refresh().catch(state.onError), REFRESH_MS);
    this.#timer.unref();
  }

  /**
   * Reads the keys, or generates them. Throws for a PEM that is no RSA key of at least 2048 bits.
   */
  static async open(
    store: KeyStore,
    options: SigningKeyOptions,
    onError: (error: unknown) => void,
    now: () => number = Date.now,
  ): Promise<SigningKeys> {
    const own = options.pem === undefined ? undefined : await parseOwnKey(options.pem);
    const text =
      (await store.read(NAME)) ??
      (await store.keep(NAME, JSON.stringify(await renewKeys([], options.maxAgeMs, now()))));
    const keys = new SigningKeys(store, options, { text, own, now, onError });

    await keys.refresh();

    return keys;
  }

  /** Reads keys that other replicas have added, and renews those that are due. */
  async refresh(): Promise<void> {
    const text = (await this.#store.read(NAME)) ?? this.#text;
    const before = parseKeys(text);
    const after = await renewKeys(before, this.#options.maxAgeMs, this.#now());
    const same =
      before.length === after.length && after.every(({ kid }, i) => before[i]?.kid === kid);

    this.#text = same ? text : await this.#store.replace(NAME, text, JSON.stringify(after));
    this.#keys = parseKeys(this.#text);
  }

  /** Returns the key that signs now. */
  signer(alg: SigningAlgorithm): Signer {
    const key = alg === 'RS256' && this.#own ? this.#own : signingKey(this.#keys, alg, this.#now());
    if (!key) {
      throw new Error(`there is no key for ${alg}`);
    }

    return { kid: key.kid, alg, key: createPrivateKey({ key: key.jwk, format: 'jwk' }) };
  }

  #all(): readonly StoredKey[] {
    return this.#own ? [this.#own, ...this.#keys] : this.#keys;
  }

  /** The public keys (RFC 7517 section 5), including those that do not sign yet or any more. */
  get jwks(): { keys: JWK[] } {
    const keys = this.#all().map(({ kid, alg, jwk }) => {
      const key = createPublicKey({ key: jwk, format: 'jwk' }).export({ format: 'jwk' }) as JWK;
      return { ...key, kid, alg, use: 'sig' };
    });

    return { keys };
  }

  /** Returns the public key of an id. */
  find(kid: string | undefined): { key: KeyObject; alg: SigningAlgorithm } | undefined {
    const found = this.#all().find((key) => key.kid === kid);
    return found && { key: createPublicKey({ key: found.jwk, format: 'jwk' }), alg: found.alg };
  }

  close(): void {
    clearInterval(this.#timer);
  }
}

async function parseOwnKey(pem: string): Promise<StoredKey> {
  const key = createPrivateKey(pem);
  if (key.asymmetricKeyType !== 'rsa' || (key.asymmetricKeyDetails?.modulusLength ?? 0) < 2048) {
    throw new RangeError('an RSA key of at least 2048 bits is needed');
  }

  return toStoredKey('RS256', key, 0);
}
