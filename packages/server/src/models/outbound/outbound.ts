import { lookup as resolve } from 'node:dns';
import http from 'node:http';
import https from 'node:https';
import { type BlockList, isIP, isIPv6, type LookupFunction } from 'node:net';
import { Deadline } from '@ks-apiserver/apimachinery/transport/deadline';
import { isPublicAddress, parseNetworks } from './addresses.ts';

/** Why a server that a user named was not called, or did not answer. */
export class OutboundError extends Error {}

/** The answer of a server that a user named. */
export interface OutboundResponse {
  status: number;
  headers: http.IncomingHttpHeaders;
  body: Buffer;
}

/** Limits of one call. */
export interface OutboundLimits {
  /** Largest body, in bytes. */
  maxBytes?: number;
  /** Timeout of the whole call, in milliseconds. */
  timeoutMs?: number;
}

const MAX_BYTES = 1024 * 1024;
const TIMEOUT_MS = 10_000;
const MAX_REDIRECTS = 3;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/**
 * Calls servers that users name, but none that only this machine can reach: names are resolved
 * here, every address is checked, and the connection goes to a checked address.
 */
export class Outbound {
  readonly #allowed: BlockList;

  /**
   * Networks in `allowedCIDRs` may be reached although they are not public. Throws a RangeError for
   * an invalid network.
   */
  constructor(allowedCIDRs: readonly string[]) {
    this.#allowed = parseNetworks(allowedCIDRs);
  }

  /**
   * Makes a GET call and returns redirects as answers. Throws an OutboundError that contains no
   * address and nothing of the answer.
   */
  async get(
    url: URL,
    headers: Record<string, string>,
    signal: AbortSignal,
    limits: OutboundLimits = {},
  ) {
    if (url.protocol !== 'https:' && url.protocol !== 'http:') {
      throw new OutboundError(
        `unsupported scheme "${url.protocol.slice(0, -1)}": use https or http`,
      );
    }

    const host = url.hostname.replace(/^\[|\]$/g, '');

    // Sockets do not call the lookup below for literal addresses.
    if (isIP(host) && !this.#mayReach(host)) {
      throw new OutboundError(`the address of ${host} may not be reached`);
    }

    const deadline = new Deadline(limits.timeoutMs ?? TIMEOUT_MS, signal);

    try {
      return await this.#request(url, headers, deadline.signal, limits.maxBytes ?? MAX_BYTES);
    } finally {
      deadline.end();
    }
  }

  /**
   * Follows a few redirects after a GET, each checked like the first call. Another origin gets no
   * `authorization`, and a call over TLS is not continued without it. Throws an OutboundError.
   */
  async follow(
    from: { url: URL; headers: Record<string, string>; answer: OutboundResponse },
    signal: AbortSignal,
    limits: OutboundLimits = {},
  ) {
    let { url, headers, answer } = from;
    const { host } = url;

    for (let hops = 0; REDIRECTS.has(answer.status); hops++) {
      const { location = '' } = answer.headers;
      const next = URL.canParse(location, url.href) ? new URL(location, url) : undefined;
      if (hops === MAX_REDIRECTS || !next) {
        throw new OutboundError(`${host} sends elsewhere, and does not arrive`);
      }

      if (url.protocol === 'https:' && next.protocol !== 'https:') {
        throw new OutboundError(
          `${host} redirects from https to another scheme, which is not followed`,
        );
      }

      // Credentials in the URL would be chosen by another server.
      next.username = '';
      next.password = '';
      if (next.origin !== url.origin) {
        const { authorization: _, ...rest } = headers;
        headers = rest;
      }

      url = next;
      answer = await this.get(url, headers, signal, limits);
    }

    return answer;
  }

  #mayReach(address: string): boolean {
    return (
      isPublicAddress(address) || this.#allowed.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
    );
  }

  /**
   * Looks up names for sockets: all addresses of a name must be allowed, because any may be chosen.
   */
  readonly #lookup: LookupFunction = (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      const [first] = addresses ?? [];
      if (error || !first) {
        callback(new OutboundError(`${hostname} cannot be resolved`), '', 0);
      } else if (!addresses.every(({ address }) => this.#mayReach(address))) {
        callback(new OutboundError(`the address of ${hostname} may not be reached`), '', 0);
      } else if (options.all) {
        callback(null, addresses);
      } else {
        callback(null, first.address, first.family);
      }
    });
  };

  #request(url: URL, headers: Record<string, string>, signal: AbortSignal, maxBytes: number) {
    return new Promise<OutboundResponse>((done, fail) => {
      const failed = (error: Error) =>
        fail(
          error instanceof OutboundError
            ? error
            : new OutboundError(
                `${url.host} ${signal.aborted ? 'did not answer in time' : 'cannot be reached'}`,
              ),
        );

      const options = {
        method: 'GET',
        headers,
        signal,
        lookup: this.#lookup,
        agent: false,
        maxHeaderSize: 16_384,
      };

      const request = (url.protocol === 'https:' ? https : http).request(
        url,
        options,
        (response) => {
          const chunks: Buffer[] = [];
          let size = 0;
          response.on('data', (chunk: Buffer) => {
            size += chunk.byteLength;
            if (size > maxBytes) {
              response.destroy(new OutboundError(`the answer of ${url.host} is too large`));
            } else {
              chunks.push(chunk);
            }
          });

          response.on('error', failed);

          response.on('end', () =>
            done({
              status: response.statusCode ?? 0,
              headers: response.headers,
              body: Buffer.concat(chunks, size),
            }),
          );
        },
      );

      request.on('error', failed);
      request.end();
    });
  }
}
