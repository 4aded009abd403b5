import { createReadStream } from 'node:fs';
import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import { AwsV4Signer } from 'aws4fetch';
import { discard, readText, Upstream } from '../upstream.ts';
import {
  attachment,
  type BinaryFile,
  type BinaryKey,
  type BinaryStore,
  BinaryStoreError,
} from './binary-store.ts';

/** A bucket, as the section `s3` of the configuration names it. */
export interface S3Options {
  /** Host, with or without a scheme. */
  endpoint: string;
  region: string;
  /** Calls an endpoint without a scheme by http. */
  disableSSL: boolean;
  /** Puts the bucket into the path and not before the host. */
  forcePathStyle: boolean;
  accessKeyID: string;
  secretAccessKey: string;
  sessionToken: string;
  bucket: string;
}

const TIMEOUT_MS = 60_000;
const MAX_CONNECTIONS = 16;

/** How long links are valid, in seconds. */
const LINK_SECONDS = 300;

/** Longest description of an error that is read, in bytes. */
const MAX_ERROR_BYTES = 64 * 1024;

const EMPTY_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

function textOf(xml: string, element: string): string {
  const start = xml.indexOf(`<${element}>`);
  const end = xml.indexOf(`</${element}>`, start);
  return start < 0 || end < 0 ? '' : xml.slice(start + element.length + 2, end);
}

/** Returns the URL of a bucket. Throws a TypeError for an endpoint that is no host. */
function bucketUrl({ endpoint, disableSSL, forcePathStyle, bucket }: S3Options): URL {
  const scheme = disableSSL ? 'http' : 'https';
  const url = new URL(/^https?:\/\//i.test(endpoint) ? endpoint : `${scheme}://${endpoint}`);

  if (forcePathStyle) {
    url.pathname = `${url.pathname.replace(/\/+$/, '')}/${encodeURIComponent(bucket)}`;
  } else {
    url.host = `${bucket}.${url.host}`;
  }

  return url;
}

/**
 * Keeps binaries in a bucket of S3 or of a store that speaks its API. Calls are signed with
 * Signature Version 4.
 */
export class S3Store implements BinaryStore {
  readonly #options: S3Options;
  readonly #url: URL;
  readonly #upstream: Upstream;

  /** Throws a TypeError when the endpoint cannot be called. */
  constructor(options: S3Options) {
    this.#options = options;
    this.#url = bucketUrl(options);
    this.#upstream = new Upstream({
      url: this.#url.href,
      timeoutMs: TIMEOUT_MS,
      maxConnections: MAX_CONNECTIONS,
    });
  }

  async put(key: BinaryKey, file: BinaryFile, signal: AbortSignal): Promise<void> {
    const headers = {
      'content-disposition': attachment(file.name),
      'content-type': 'application/octet-stream',
      'content-length': String(file.size),
      'x-amz-content-sha256': file.sha256,
    };

    await this.#call('PUT', key, headers, signal, createReadStream(file.path));
  }

  async link(key: BinaryKey, fileName: string): Promise<string> {
    const url = new URL(this.#objectUrl(key));
    url.searchParams.set('X-Amz-Expires', String(LINK_SECONDS));
    url.searchParams.set('response-content-disposition', attachment(fileName));

    const signed = await this.#signerOf({ method: 'GET', url: url.href, signQuery: true }).sign();

    // A space must be sent as it was signed.
    return signed.url.href.replaceAll('+', '%20');
  }

  async open(): Promise<undefined> {
    return undefined;
  }

  async delete(key: BinaryKey, signal: AbortSignal): Promise<void> {
    try {
      await this.#call('DELETE', key, { 'x-amz-content-sha256': EMPTY_SHA256 }, signal);
    } catch (error) {
      if (!(error instanceof BinaryStoreError) || error.code !== 'NoSuchKey') {
        throw error;
      }
    }
  }

  close(): Promise<void> {
    return this.#upstream.close();
  }

  /** Makes a signed call. Rejects with a BinaryStoreError when the store refuses it or is away. */
  async #call(
    method: 'PUT' | 'DELETE',
    key: BinaryKey,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
    body?: AsyncIterable<Uint8Array>,
  ): Promise<void> {
    const url = this.#objectUrl(key);
    const { 'content-length': length, ...toSign } = headers;
    const signed = await this.#signerOf({ method, url, headers: toSign }).sign();
    const sent = Object.fromEntries(signed.headers);

    try {
      const answer = await this.#upstream.call({
        method,
        path: `/${encodeURIComponent(keyOf(key))}`,
        headers: { ...sent, ...(length !== undefined && { 'content-length': length }) },
        ...(body && { body }),
        signal,
      });

      if (answer.status < 300) {
        return await discard(answer);
      }

      const xml = await readText(answer, { maxBytes: MAX_ERROR_BYTES });
      const code = textOf(xml, 'Code') || 'Error';
      const text = `${code}: ${textOf(xml, 'Message')} (the store answered ${answer.status})`;
      throw new BinaryStoreError(code, text);
    } catch (error) {
      throw error instanceof BinaryStoreError
        ? error
        : new BinaryStoreError('', `the store cannot be reached: ${messageOf(error)}`, {
            cause: error,
          });
    }
  }

  #objectUrl(key: BinaryKey): string {
    return `${this.#url.href.replace(/\/+$/, '')}/${encodeURIComponent(keyOf(key))}`;
  }

  #signerOf(
    request: Pick<
      ConstructorParameters<typeof AwsV4Signer>[0],
      'method' | 'url' | 'headers' | 'signQuery'
    >,
  ): AwsV4Signer {
    const { accessKeyID, secretAccessKey, sessionToken, region } = this.#options;

    return new AwsV4Signer({
      ...request,
      accessKeyId: accessKeyID,
      secretAccessKey,
      ...(sessionToken !== '' && { sessionToken }),
      service: 's3',
      region,
    });
  }
}

/** Key of a binary in the bucket: that of 3.0, whose binaries stay where they are. */
function keyOf({ namespace, name }: BinaryKey): string {
  return `${namespace}-${name}`;
}
