import { promisify } from 'node:util';
import { gunzip, inflate } from 'node:zlib';
import type { RequestInfo } from '@ks-apiserver/http/request/request-info';
import { parse as parseYaml } from 'yaml';
import { withoutCredentials } from '../redaction/credentials.ts';

/** Largest body that a record holds, in bytes; larger ones are left out. */
export const MAX_AUDITED_BYTES = 1024 * 1024;

const DECODERS: ReadonlyMap<string, (bytes: Uint8Array) => Promise<Buffer>> = new Map([
  ['gzip', (bytes: Uint8Array) => promisify(gunzip)(bytes, { maxOutputLength: MAX_AUDITED_BYTES })],
  [
    'deflate',
    (bytes: Uint8Array) => promisify(inflate)(bytes, { maxOutputLength: MAX_AUDITED_BYTES }),
  ],
]);

/** Collects a body as it passes by, up to the largest size that is recorded. */
export class AuditedBody {
  #pieces: Uint8Array[] = [];
  #size = 0;

  /** Bytes that were seen, recorded or not. */
  get size(): number {
    return this.#size;
  }

  /** Whether the body is too large to be recorded. */
  get isTooLarge(): boolean {
    return this.#size > MAX_AUDITED_BYTES;
  }

  add(piece: Uint8Array): void {
    this.#size += piece.byteLength;

    if (this.isTooLarge) {
      this.#pieces = [];
    } else if (piece.byteLength > 0) {
      this.#pieces.push(piece);
    }
  }

  /**
   * Returns the value of a body in JSON or YAML without secrets; undefined for an empty one, for
   * other forms and for too large ones.
   */
  async valueFor(info: RequestInfo, headers: BodyHeaders): Promise<unknown> {
    if (this.#size === 0 || this.isTooLarge || !/json|yaml/.test(headers.type)) {
      return undefined;
    }

    try {
      const text = (await this.#decoded(headers.encoding)).toString();
      const value: unknown = /yaml/.test(headers.type)
        ? parseYaml(text, { maxAliasCount: 100 })
        : JSON.parse(text);

      return withoutCredentials(value, info);
    } catch {
      // What cannot be read cannot be searched for secrets.
      return undefined;
    }
  }

  async #decoded(encoding: string): Promise<Buffer> {
    const bytes = Buffer.concat(this.#pieces, this.#size);
    const decode = DECODERS.get(encoding);

    return decode ? decode(bytes) : bytes;
  }
}

/** Media type and coding of a body, as its headers name them. */
export interface BodyHeaders {
  type: string;
  encoding: string;
}
