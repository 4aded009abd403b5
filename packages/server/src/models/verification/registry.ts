import { createHash } from 'node:crypto';
import { isObject } from '@ks-apiserver/apimachinery/json/json';
import { type Outbound, OutboundError, type OutboundResponse } from '../outbound/outbound.ts';
import { basicAuthorization, type Credentials } from './git.ts';
import type { ImageReference } from './image.ts';

const MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const LIMITS = { maxBytes: 4 * 1024 * 1024 };

/** The platform to show of an image for several: that of most nodes. */
const PLATFORM = { os: 'linux', architecture: 'amd64' };
const INDEX = 'application/vnd.docker.distribution.manifest.list.v2+json';
const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
const SHA256 = /^sha256:[0-9a-f]{64}$/;

/** Tags per page, and pages to read. */
const TAGS = { page: 1000, pages: 10 };
const TAG = /^\w[\w.-]{0,127}$/;

/** The registry does not have the repository or image. */
export class ImageNotFound extends OutboundError {}

/** An image as a registry describes it. */
export interface ImageDetails {
  status: 'succeeded';
  imageManifest: Record<string, unknown>;
  imageBlob: Record<string, unknown>;
  imageTag: string;
  registry: string;
}

/** Returns the parameters of a `WWW-Authenticate: Bearer` challenge. */
function bearerChallenge(header: string | undefined): Record<string, string> | undefined {
  const text = header?.slice(0, 4096) ?? '';
  if (!/^bearer /i.test(text)) {
    return undefined;
  }

  return Object.fromEntries(
    [...text.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = '', value = '']) => [
      key.toLowerCase(),
      value,
    ]),
  );
}

function parseObject(bytes: Buffer, what: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(bytes.toString());
    if (isObject(value)) {
      return value;
    }
  } catch {
    // The answer of the registry must not be shown.
  }

  throw new OutboundError(`the ${what} is not valid`);
}

/** Returns only the expected fields: a foreign server's answer is not passed on as it is. */
function pick(from: Record<string, unknown>, keys: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    keys.filter((key) => from[key] !== undefined).map((key) => [key, from[key]]),
  );
}

/**
 * Returns the digest of the usual platform's manifest in an index of several; undefined for other
 * manifests.
 */
function platformDigest({ manifests }: Record<string, unknown>): string | undefined {
  if (!Array.isArray(manifests)) {
    return undefined;
  }

  const listed: { digest?: unknown; platform?: Partial<typeof PLATFORM> }[] = manifests;

  const chosen =
    listed.find(
      (one) =>
        one?.platform?.os === PLATFORM.os && one.platform.architecture === PLATFORM.architecture,
    ) ?? listed[0];

  if (typeof chosen?.digest !== 'string' || !SHA256.test(chosen.digest)) {
    throw new OutboundError('the manifest is not one of schema 2');
  }

  return chosen.digest;
}

/** An image registry (Docker Registry HTTP API V2), with one user's credentials. */
export class Registry {
  readonly #outbound: Outbound;
  readonly #url: URL;
  readonly #credentials: Credentials;
  readonly #signal: AbortSignal;

  constructor(outbound: Outbound, url: URL, credentials: Credentials, signal: AbortSignal) {
    this.#outbound = outbound;
    this.#url = url;
    this.#credentials = credentials;
    this.#signal = signal;
  }

  /** Throws an OutboundError unless the registry accepts the credentials. */
  async verify(): Promise<void> {
    const { answer } = await this.#get('/v2/', '*/*');
    if (answer.status !== 200) {
      throw new OutboundError(
        `the registry ${this.#url.host} answered with status ${answer.status}`,
      );
    }
  }

  /** Returns an image's manifest and configuration. Throws an OutboundError. */
  async image({ registry, repository, reference }: ImageReference): Promise<ImageDetails> {
    const first = await this.#manifest(
      repository,
      reference,
      `${MANIFEST}, ${OCI_MANIFEST}, ${INDEX}, ${OCI_INDEX}`,
    );

    const chosen = platformDigest(first);

    const manifest =
      chosen === undefined
        ? first
        : await this.#manifest(repository, chosen, `${MANIFEST}, ${OCI_MANIFEST}`);

    const digest = isObject(manifest.config) ? manifest.config.digest : undefined;
    if (manifest.schemaVersion !== 2 || typeof digest !== 'string' || !SHA256.test(digest)) {
      throw new OutboundError('the manifest is not one of schema 2');
    }

    // Registries redirect to blobs on other servers; the digest proves that the content is right.
    const { body } = await this.#read(`/v2/${repository}/blobs/${digest}`, '*/*', { follow: true });
    if (`sha256:${createHash('sha256').update(body).digest('hex')}` !== digest) {
      throw new OutboundError('the configuration does not match the manifest');
    }

    const blob = parseObject(body, 'configuration');

    return {
      status: 'succeeded',
      imageManifest: pick(manifest, ['schemaVersion', 'mediaType', 'config', 'layers']),
      imageBlob: pick(blob, [
        'architecture',
        'config',
        'container',
        'container_config',
        'created',
        'docker_version',
        'history',
        'os',
        'rootfs',
      ]),
      imageTag: reference,
      registry,
    };
  }

  /** Returns the tags of a repository, as many as a few pages hold. Throws an OutboundError. */
  async tags(repository: string): Promise<string[]> {
    const path = `/v2/${repository}/tags/list`;
    const found = new Set<string>();
    let last = '';

    for (let page = 0; page < TAGS.pages; page += 1) {
      const query = new URLSearchParams({ n: String(TAGS.page), ...(last !== '' && { last }) });
      const { headers, body } = await this.#read(`${path}?${query}`, 'application/json');
      const { tags } = parseObject(body, 'list of tags');
      const names = (Array.isArray(tags) ? tags : []).filter(
        (tag): tag is string => typeof tag === 'string' && TAG.test(tag),
      );

      for (const name of names) {
        found.add(name);
      }

      // The next page is requested by the last name and not by the link, which could lead anywhere.
      const next = names.at(-1);
      if (headers.link === undefined || next === undefined || next === last) {
        break;
      }

      last = next;
    }

    return [...found];
  }

  async #manifest(
    repository: string,
    reference: string,
    accept: string,
  ): Promise<Record<string, unknown>> {
    return parseObject(
      (await this.#read(`/v2/${repository}/manifests/${reference}`, accept)).body,
      'manifest',
    );
  }

  async #read(path: string, accept: string, { follow = false } = {}): Promise<OutboundResponse> {
    const got = await this.#get(path, accept);

    // After a redirect no token server is used: its challenge would be another server's.
    const answer = follow ? await this.#outbound.follow(got, this.#signal, LIMITS) : got.answer;
    if (answer.status === 404) {
      throw new ImageNotFound('image not found');
    }

    if (answer.status >= 300 && answer.status < 400) {
      throw new OutboundError(`the registry ${this.#url.host} redirects, which is not followed`);
    }

    if (answer.status !== 200) {
      throw new OutboundError(
        `the registry ${this.#url.host} answered with status ${answer.status}`,
      );
    }

    return answer;
  }

  /**
   * Makes a call with Basic credentials or, if the registry demands it, a token of its token
   * server; redirects are returned.
   */
  async #get(path: string, accept: string) {
    const url = new URL(path, this.#url);
    const plain = await this.#outbound.get(url, { accept }, this.#signal, LIMITS);
    if (plain.status !== 401) {
      return { url, headers: { accept }, answer: plain };
    }

    const challenge = bearerChallenge(plain.headers['www-authenticate']);
    const authorization = challenge
      ? { authorization: `Bearer ${await this.#fetchToken(challenge)}` }
      : basicAuthorization(this.#credentials);
    const headers: Record<string, string> = { accept, ...authorization };
    const answer = await this.#outbound.get(url, headers, this.#signal, LIMITS);
    if (answer.status === 401 || answer.status === 403) {
      throw new OutboundError(`unauthorized: incorrect username or password for ${this.#url.host}`);
    }

    return { url, headers, answer };
  }

  async #fetchToken({ realm = '', service, scope }: Record<string, string>): Promise<string> {
    const url = URL.canParse(realm) ? new URL(realm) : undefined;

    // Credentials for a TLS connection are never sent unencrypted.
    if (!url || (this.#url.protocol === 'https:' && url.protocol !== 'https:')) {
      throw new OutboundError(`the registry ${this.#url.host} names no valid token server`);
    }

    if (service) {
      url.searchParams.set('service', service);
    }
    if (scope) {
      url.searchParams.set('scope', scope);
    }

    const { status, body } = await this.#outbound.get(
      url,
      basicAuthorization(this.#credentials),
      this.#signal,
    );

    if (status !== 200) {
      throw new OutboundError(`unauthorized: incorrect username or password for ${this.#url.host}`);
    }

    const { token, access_token: accessToken } = parseObject(body, 'token');
    const found = token ?? accessToken;
    if (typeof found !== 'string' || !/^[\w.~+/=-]{1,16384}$/.test(found)) {
      throw new OutboundError(`the registry ${this.#url.host} returned no token`);
    }

    return found;
  }
}
