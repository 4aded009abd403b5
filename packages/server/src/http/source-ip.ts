import type { IncomingMessage } from 'node:http';
import { type BlockList, isIP, isIPv6 } from 'node:net';
import { memoize } from '@ks-apiserver/apimachinery/cache/memoize';
import { parseNetworks } from '../models/outbound/addresses.ts';

/** Longest text that is parsed as an address. */
const LIMIT = 256;

/**
 * Headers with the caller's address, in 3.0's order; the console sends the browser's in the last
 * one.
 */
const HEADERS = ['x-real-ip', 'x-forwarded-for', 'x-client-ip'];

function plainAddress(address: string): string {
  return address === '::1' ? '127.0.0.1' : address.replace(/^::ffff:/, '');
}

/** Returns an address without the brackets and the port that some proxies add. */
function bare(hop: string): string {
  const text = hop.trim();
  const [, inBrackets, alone] = /^\[([^\]]*)\](?::\d{1,5})?$|^([\d.]+):\d{1,5}$/.exec(text) ?? [];
  return inBrackets ?? alone ?? text;
}

/** How many addresses of connections are remembered: almost all are of a few proxies. */
const REMEMBERED_PEERS = 1000;

/** Finds the address of a caller; headers count only when a trusted proxy sent them. */
export class SourceAddresses {
  readonly #trusted: BlockList;
  readonly #peerOf = memoize(REMEMBERED_PEERS, (remote) => {
    const address = plainAddress(remote);
    return { address, isTrusted: this.#trusts(address) };
  });

  /** `trusted` are networks such as `10.0.0.0/8`. Throws a RangeError for a text that is none. */
  constructor(trustedProxies: readonly string[]) {
    this.#trusted = parseNetworks(trustedProxies);
  }

  #trusts(address: string): boolean {
    return this.#trusted.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
  }

  /**
   * Returns the caller's address as login records show it, with the proxies in between when a proxy
   * names them.
   */
  of(req: IncomingMessage): string {
    const { address, isTrusted } = this.#peerOf(req.socket.remoteAddress ?? '');
    if (!isTrusted) {
      return address;
    }

    for (const name of HEADERS) {
      const value = req.headers[name];
      const text = (Array.isArray(value) ? value.join(', ') : (value ?? '')).trim();
      if (
        text !== '' &&
        text.length <= LIMIT &&
        text.split(',').every((hop) => isIP(bare(hop)) !== 0)
      ) {
        return text;
      }
    }

    return address;
  }

  /**
   * Returns the one address of the result of `of` by which failures are counted: the last one that
   * is no trusted proxy.
   */
  client(text: string): string {
    const hops = text.split(',').map(bare);
    const client = hops.findLast((hop) => !this.#trusts(hop)) ?? hops[0] ?? '';
    // A client with one IPv6 address usually has 2^64 of them.
    return isIPv6(client) ? `${client.split(':').slice(0, 4).join(':')}::/64` : client;
  }
}
