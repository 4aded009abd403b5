import { createPrivateKey, createPublicKey, type KeyObject, randomUUID, sign, verify } from 'node:crypto';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { UserInfo } from '@ks-apiserver/client/kube/transport';
import type { Backend } from '../../storage/backend.ts';

/** The issuer of ServiceAccount tokens where no other is given. */
export const DEFAULT_ISSUER = 'https://kubernetes.default.svc.cluster.local';

const MAX_TOKEN = 16 * 1024;

/** What a token is bound to besides its ServiceAccount. */
export interface TokenRequestOptions {
  namespace: string;
  name: string;
  uid: string;
  audiences: readonly string[];
  expirationSeconds: number;
  now: Date;
  pod?: { name: string; uid: string };
}

interface Claims {
  iss: string;
  sub: string;
  aud: string[];
  exp: number;
  nbf: number;
  'kubernetes.io'?: {
    namespace: string;
    serviceaccount: { name: string; uid: string };
    pod?: { name: string; uid: string };
  };
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** Issues and checks tokens of ServiceAccounts: JWTs signed with RS256 or ES256 (RFC 7519, Kubernetes "Managing Service Accounts"). */
export class ServiceAccountTokens {
  readonly issuer: string;
  readonly #backend: Backend;
  readonly #key: KeyObject | undefined;
  readonly #pub: KeyObject | undefined;

  /** `key`: PEM of the private key; without it no token is issued or accepted. */
  constructor(backend: Backend, key: string | undefined, issuer = DEFAULT_ISSUER) {
    this.#backend = backend;
    this.issuer = issuer;
    this.#key = key === undefined ? undefined : createPrivateKey(key);
    this.#pub = this.#key && createPublicKey(this.#key);
  }

  get canIssue(): boolean {
    return this.#key !== undefined;
  }

  get #algorithm(): { alg: string; dsaEncoding?: 'ieee-p1363' } {
    return this.#key?.asymmetricKeyType === 'ec' ? { alg: 'ES256', dsaEncoding: 'ieee-p1363' } : { alg: 'RS256' };
  }

  /** A signed token. */
  issue({ namespace, name, uid, audiences, expirationSeconds, now, pod }: TokenRequestOptions): string {
    const { alg, dsaEncoding } = this.#algorithm;
    const iat = Math.floor(now.getTime() / 1000);
    const payload = {
      aud: audiences.length > 0 ? audiences : [this.issuer],
      exp: iat + expirationSeconds,
      iat,
      iss: this.issuer,
      jti: randomUUID(),
      'kubernetes.io': { namespace, ...(pod && { pod }), serviceaccount: { name, uid } },
      nbf: iat,
      sub: `system:serviceaccount:${namespace}:${name}`,
    };
    const text = `${encode({ alg, typ: 'JWT' })}.${encode(payload)}`;
    const signature = sign('sha256', Buffer.from(text), { key: this.#key!, ...(dsaEncoding && { dsaEncoding }) });
    return `${text}.${signature.toString('base64url')}`;
  }

  #claims(token: string): Claims | undefined {
    const parts = token.split('.');
    if (!this.#pub || parts.length !== 3 || token.length > MAX_TOKEN) return undefined;
    const { alg, dsaEncoding } = this.#algorithm;
    try {
      const header = JSON.parse(Buffer.from(parts[0]!, 'base64url').toString()) as { alg?: string };
      if (header.alg !== alg) return undefined;
      const key = { key: this.#pub, ...(dsaEncoding && { dsaEncoding }) };
      const signed = Buffer.from(`${parts[0]}.${parts[1]}`);
      if (!verify('sha256', signed, key, Buffer.from(parts[2]!, 'base64url'))) return undefined;
      return JSON.parse(Buffer.from(parts[1]!, 'base64url').toString()) as Claims;
    } catch {
      return undefined;
    }
  }

  /** The user of a valid token whose ServiceAccount (and pod) still exists; undefined for any other. */
  async authenticate(token: string, now = Date.now()): Promise<UserInfo | undefined> {
    const claims = this.#claims(token);
    const bound = claims?.['kubernetes.io'];
    if (!claims || !bound || claims.iss !== this.issuer || !claims.aud.includes(this.issuer)) return undefined;
    if (claims.exp * 1000 <= now || claims.nbf * 1000 > now + 60_000) return undefined;
    const { namespace, serviceaccount, pod } = bound;
    if (this.#uidOf('serviceaccounts', namespace, serviceaccount.name) !== serviceaccount.uid) return undefined;
    if (pod && this.#uidOf('pods', namespace, pod.name) !== pod.uid) return undefined;
    return {
      name: `system:serviceaccount:${namespace}:${serviceaccount.name}`,
      uid: serviceaccount.uid,
      groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
    };
  }

  #uidOf(resource: string, namespace: string, name: string): string | undefined {
    return this.#backend.get(`/registry/core/${resource}/${namespace}/${name}`)?.shared<KubeObject>().metadata.uid;
  }
}
