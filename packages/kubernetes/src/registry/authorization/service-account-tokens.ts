import {
  createPrivateKey,
  createPublicKey,
  hash,
  type KeyObject,
  randomUUID,
  sign,
  verify,
  type webcrypto,
} from 'node:crypto';
import { serviceUnavailable } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import { LRUCache } from 'lru-cache';
import type { Backend } from '../../storage/backend.ts';

/** The issuer of ServiceAccount tokens where no other is given. */
export const DEFAULT_ISSUER = 'https://kubernetes.default.svc.cluster.local';

const MAX_TOKEN = 16 * 1024;

/** Tokens whose signature was verified: verifying one costs more than most calls. */
const MAX_VERIFIED = 4096;

/** What a token is bound to besides its ServiceAccount. */
export interface TokenRequestOptions {
  namespace: string;
  name: string;
  uid: string;
  audiences: readonly string[];
  expirationSeconds: number;
  now: Date;
  bound?: BoundObject;
}

/** The object that a token is bound to: the token is valid as long as it exists. */
export interface BoundObject {
  kind: BoundKind;
  name: string;
  uid: string;
}

/** Kinds that tokens can be bound to, by their names in claims. */
export type BoundKind = keyof typeof BOUND_RESOURCES;

/** Resources of the kinds that tokens can be bound to; nodes lie in no namespace. */
export const BOUND_RESOURCES = { pod: 'pods', secret: 'secrets', node: 'nodes' } as const;

type Reference = { name: string; uid: string };

interface Claims {
  iss: string;
  sub: string;
  aud: string[];
  exp: number;
  nbf: number;
  jti?: string;
  'kubernetes.io'?: { namespace: string; serviceaccount: Reference } & Partial<
    Record<BoundKind, Reference>
  >;
}

const CREDENTIAL = 'authentication.kubernetes.io';

function userOf(
  { jti }: Claims,
  { namespace, serviceaccount, pod, node }: NonNullable<Claims['kubernetes.io']>,
): UserInfo {
  const bound = { pod, node };
  const extra: Record<string, string[]> = {};

  if (jti) {
    extra[`${CREDENTIAL}/credential-id`] = [`JTI=${jti}`];
  }

  for (const [kind, reference] of Object.entries(bound)) {
    if (!reference) {
      continue;
    }

    extra[`${CREDENTIAL}/${kind}-name`] = [reference.name];
    extra[`${CREDENTIAL}/${kind}-uid`] = [reference.uid];
  }

  return {
    name: `system:serviceaccount:${namespace}:${serviceaccount.name}`,
    uid: serviceaccount.uid,
    groups: [
      'system:serviceaccounts',
      `system:serviceaccounts:${namespace}`,
      'system:authenticated',
    ],
    ...(Object.keys(extra).length > 0 && { extra }),
  };
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/**
 * Issues and checks tokens of ServiceAccounts: JWTs signed with RS256 or ES256 (RFC 7519,
 * Kubernetes "Managing Service Accounts").
 */
export class ServiceAccountTokens {
  readonly issuer: string;
  readonly #backend: Backend;
  readonly #key: KeyObject | undefined;
  readonly #pub: KeyObject | undefined;
  readonly #keyId: string;
  /** Verified claims by the digest of their token. */
  readonly #verified = new LRUCache<string, Claims>({ max: MAX_VERIFIED });

  /** `key`: PEM of the private key; without it no token is issued or accepted. */
  constructor(backend: Backend, key: string | undefined, issuer = DEFAULT_ISSUER) {
    this.#backend = backend;
    this.issuer = issuer;
    this.#key = key === undefined ? undefined : createPrivateKey(key);
    this.#pub = this.#key && createPublicKey(this.#key);
    this.#keyId = this.#pub
      ? hash('sha256', this.#pub.export({ format: 'der', type: 'spki' }), 'base64url')
      : '';
  }

  get canIssue(): boolean {
    return this.#key !== undefined;
  }

  /** The keys that tokens are verified with (RFC 7517). */
  get publicKeys(): readonly (webcrypto.JsonWebKey & { kid: string; alg: string; use: 'sig' })[] {
    if (!this.#pub) {
      return [];
    }

    return [
      {
        ...this.#pub.export({ format: 'jwk' }),
        kid: this.#keyId,
        alg: this.#algorithm.alg,
        use: 'sig',
      },
    ];
  }

  get #algorithm(): { alg: string; dsaEncoding?: 'ieee-p1363' } {
    return this.#key?.asymmetricKeyType === 'ec'
      ? { alg: 'ES256', dsaEncoding: 'ieee-p1363' }
      : { alg: 'RS256' };
  }

  /** A signed token; throws a StatusError 503 without a key. */
  issue({
    namespace,
    name,
    uid,
    audiences,
    expirationSeconds,
    now,
    bound,
  }: TokenRequestOptions): string {
    const key = this.#key;
    if (!key) {
      throw serviceUnavailable('no key to sign ServiceAccount tokens with is configured');
    }

    const { alg, dsaEncoding } = this.#algorithm;
    const iat = Math.floor(now.getTime() / 1000);

    const payload = {
      aud: audiences.length > 0 ? audiences : [this.issuer],
      exp: iat + expirationSeconds,
      iat,
      iss: this.issuer,
      jti: randomUUID(),
      'kubernetes.io': {
        namespace,
        ...(bound && { [bound.kind]: { name: bound.name, uid: bound.uid } }),
        serviceaccount: { name, uid },
      },
      nbf: iat,
      sub: `system:serviceaccount:${namespace}:${name}`,
    };

    const text = `${encode({ alg, kid: this.#keyId })}.${encode(payload)}`;

    const signature = sign('sha256', Buffer.from(text), {
      key,
      ...(dsaEncoding && { dsaEncoding }),
    });

    return `${text}.${signature.toString('base64url')}`;
  }

  /**
   * The claims of a token with a valid signature; everything else about it is checked at each use.
   */
  #claims(token: string): Claims | undefined {
    if (token.length > MAX_TOKEN) {
      return undefined;
    }

    const digest = hash('sha256', token, 'base64');
    const known = this.#verified.get(digest);
    if (known) {
      return known;
    }

    const claims = this.#verify(token);
    if (!claims) {
      return undefined;
    }

    this.#verified.set(digest, claims);

    return claims;
  }

  #verify(token: string): Claims | undefined {
    const [head, payload, signature, ...rest] = token.split('.');
    if (!this.#pub || payload === undefined || signature === undefined || rest.length > 0) {
      return undefined;
    }

    const { alg, dsaEncoding } = this.#algorithm;

    try {
      const header = JSON.parse(Buffer.from(head ?? '', 'base64url').toString()) as {
        alg?: string;
      };
      if (header.alg !== alg) {
        return undefined;
      }

      const key = { key: this.#pub, ...(dsaEncoding && { dsaEncoding }) };
      const signed = Buffer.from(`${head}.${payload}`);
      if (!verify('sha256', signed, key, Buffer.from(signature, 'base64url'))) {
        return undefined;
      }

      return JSON.parse(Buffer.from(payload, 'base64url').toString()) as Claims;
    } catch {
      return undefined;
    }
  }

  /**
   * The user of a valid token for this API, whose ServiceAccount and bound object still exist;
   * undefined for any other.
   */
  async authenticate(token: string, now = Date.now()): Promise<UserInfo | undefined> {
    const result = this.check(token, [this.issuer], now);
    return 'user' in result ? result.user : undefined;
  }

  /**
   * The user of a token and the audiences it is valid for; else why it is invalid, where that may
   * be said ('' if not).
   */
  check(
    token: string,
    audiences: readonly string[],
    now = Date.now(),
  ): { user: UserInfo; audiences: string[] } | { fault: string } {
    const claims = this.#claims(token);
    const about = claims?.['kubernetes.io'];
    if (!claims || !about || claims.iss !== this.issuer) {
      return { fault: '' };
    }
    if (claims.exp * 1000 <= now || claims.nbf * 1000 > now + 60_000) {
      return { fault: '' };
    }

    const { namespace, serviceaccount } = about;
    if (this.#uidOf('serviceaccounts', namespace, serviceaccount.name) !== serviceaccount.uid) {
      return { fault: '' };
    }

    for (const [kind, resource] of Object.entries(BOUND_RESOURCES)) {
      const bound = about[kind as BoundKind];
      if (
        bound &&
        this.#uidOf(resource, kind === 'node' ? '' : namespace, bound.name) !== bound.uid
      ) {
        return { fault: '' };
      }
    }

    const common = audiences.filter((audience) => claims.aud.includes(audience));
    if (common.length === 0) {
      const shown = (list: readonly string[]) =>
        `[${list.map((item) => JSON.stringify(item)).join(' ')}]`;

      return {
        fault: `token audiences ${shown(claims.aud)} is invalid for the target audiences ${shown(audiences)}`,
      };
    }

    return { user: userOf(claims, about), audiences: common };
  }

  #uidOf(resource: string, namespace: string, name: string): string | undefined {
    const key = namespace === '' ? name : `${namespace}/${name}`;
    return this.#backend.get(`/registry/core/${resource}/${key}`)?.shared<KubeObject>().metadata
      .uid;
  }
}
