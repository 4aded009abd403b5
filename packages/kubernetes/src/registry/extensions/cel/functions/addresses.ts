import { isIPv4, isIPv6 } from 'node:net';
import type { Environment } from '@marcbachmann/cel-js';
import { CelFailure } from '../failure.ts';

/** An address as a number of 32 or 128 bits. */
class CelIp {
  readonly bits: bigint;
  readonly family: 4 | 6;

  constructor(bits: bigint, family: 4 | 6) {
    this.bits = bits;
    this.family = family;
  }
}

class CelCidr {
  readonly ip: CelIp;
  readonly length: number;

  constructor(ip: CelIp, length: number) {
    this.ip = ip;
    this.length = length;
  }
}

class CelUrl {
  readonly text: string;
  readonly url: URL | undefined;

  constructor(text: string) {
    this.text = text;
    this.url = URL.canParse(text) ? new URL(text) : undefined;
  }
}

const width = (family: 4 | 6) => (family === 4 ? 32 : 128);

function groups(text: string): number[] {
  if (text === '') {
    return [];
  }

  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) {
      return [Number.parseInt(group, 16)];
    }

    const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number);
    return [a * 256 + b, c * 256 + d];
  });
}

function parseIp(text: string): CelIp {
  if (text.includes('%')) {
    throw new CelFailure(`IP address ${JSON.stringify(text)} with zone value is not allowed`);
  }

  if (isIPv4(text)) {
    return new CelIp(
      text.split('.').reduce((bits, part) => bits * 256n + BigInt(part), 0n),
      4,
    );
  }

  if (!isIPv6(text)) {
    throw new CelFailure(
      `IP Address ${JSON.stringify(text)} parse error during conversion from string: ParseAddr(${JSON.stringify(text)}): unable to parse IP`,
    );
  }

  const [head = '', tail] = text.split('::');
  const [left, right] = [groups(head), tail === undefined ? [] : groups(tail)];
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length;
  const all = [...left, ...new Array<number>(zeros).fill(0), ...right];
  const bits = all.reduce((sum, group) => sum * 65536n + BigInt(group), 0n);
  if (bits >> 32n === 0xffffn) {
    throw new CelFailure(`IPv4-mapped IPv6 address ${JSON.stringify(text)} is not allowed`);
  }

  return new CelIp(bits, 6);
}

/** An address in canonical form (RFC 5952). */
function ipText({ bits, family }: CelIp): string {
  if (family === 4) {
    return [24n, 16n, 8n, 0n].map((shift) => (bits >> shift) & 255n).join('.');
  }

  const parts = Array.from({ length: 8 }, (_, index) =>
    Number((bits >> BigInt(112 - index * 16)) & 0xffffn),
  );
  let best = { at: -1, length: 1 };

  for (let at = 0; at < 8; at++) {
    let length = 0;
    while (parts[at + length] === 0) {
      length++;
    }

    if (length > best.length) {
      best = { at, length };
    }
  }

  const hex = (list: number[]) => list.map((part) => part.toString(16)).join(':');

  if (best.at < 0) {
    return hex(parts);
  }

  return `${hex(parts.slice(0, best.at))}::${hex(parts.slice(best.at + best.length))}`;
}

function parseCidr(text: string): CelCidr {
  const fail = (why: string) =>
    new CelFailure(
      `network address parse error during conversion from string: netip.ParsePrefix(${JSON.stringify(text)}): ${why}`,
    );

  const [address = '', bits, ...rest] = text.split('/');
  if (bits === undefined || rest.length > 0) {
    throw fail("no '/'");
  }

  let ip: CelIp;

  try {
    ip = parseIp(address);
  } catch {
    throw fail(`ParseAddr(${JSON.stringify(address)}): unable to parse IP`);
  }

  if (!/^(0|[1-9]\d{0,2})$/.test(bits)) {
    throw fail(`bad bits after slash: ${JSON.stringify(bits)}`);
  }
  if (Number(bits) > width(ip.family)) {
    throw fail('prefix length out of range');
  }

  return new CelCidr(ip, Number(bits));
}

function network({ ip, length }: CelCidr): bigint {
  const host = BigInt(width(ip.family) - length);
  return (ip.bits >> host) << host;
}

function containsIp(cidr: CelCidr, ip: CelIp): boolean {
  return ip.family === cidr.ip.family && network(new CelCidr(ip, cidr.length)) === network(cidr);
}

const containsCidr = (cidr: CelCidr, other: CelCidr) =>
  cidr.length <= other.length && containsIp(cidr, other.ip);

function holds(parse: (text: string) => unknown, text: string): boolean {
  try {
    parse(text);
    return true;
  } catch (error) {
    if (!(error instanceof CelFailure)) {
      throw error;
    }
    return false;
  }
}

const inRange = (ip: CelIp, ...ranges: string[]) =>
  ranges.some((range) => containsIp(parseCidr(range), ip));
const unspecified = (ip: CelIp) => ip.bits === 0n;
const loopback = (ip: CelIp) => inRange(ip, '127.0.0.0/8', '::1/128');
const linkLocal = (ip: CelIp) => inRange(ip, '169.254.0.0/16', 'fe80::/10');
const linkLocalMulticast = (ip: CelIp) =>
  inRange(ip, '224.0.0.0/24') ||
  (ip.family === 6 && ip.bits >> 120n === 0xffn && ((ip.bits >> 112n) & 0xfn) === 2n);
const multicast = (ip: CelIp) => inRange(ip, '224.0.0.0/4', 'ff00::/8');

/** Blanks and control characters, which are invalid in URLs. */
const BLANK = /[\s\p{Cc}]/u;

/** Whether Go's url.ParseRequestURI accepts a text: an absolute URL, or a path. */
function isUrl(text: string): boolean {
  if (text.startsWith('/')) {
    return !BLANK.test(text);
  }
  return /^[A-Za-z][A-Za-z0-9+.-]*:\/?/.test(text) && !BLANK.test(text) && URL.canParse(text);
}

/** Kubernetes' libraries of IP addresses, networks and URLs. */
export function addAddresses(environment: Environment): void {
  const ip = 'net.IP';
  const cidr = 'net.CIDR';
  environment
    .registerType(ip, CelIp)
    .registerType(cidr, CelCidr)
    .registerFunction(`ip(string): ${ip}`, parseIp)
    .registerFunction('isIP(string): bool', (text: string) => holds(parseIp, text))
    .registerFunction(`string(${ip}): string`, ipText)
    .registerOperator(
      `${ip} == ${ip}`,
      (a: CelIp, b: CelIp) => a.family === b.family && a.bits === b.bits,
    )
    .registerFunction(`${ip}.family(): int`, ({ family }: CelIp) => BigInt(family))
    .registerFunction(`${ip}.isUnspecified(): bool`, unspecified)
    .registerFunction(`${ip}.isLoopback(): bool`, loopback)
    .registerFunction(`${ip}.isLinkLocalMulticast(): bool`, linkLocalMulticast)
    .registerFunction(`${ip}.isLinkLocalUnicast(): bool`, linkLocal)
    .registerFunction(
      `${ip}.isGlobalUnicast(): bool`,
      (self: CelIp) =>
        !unspecified(self) &&
        !loopback(self) &&
        !multicast(self) &&
        !linkLocal(self) &&
        !(self.family === 4 && self.bits === 0xffffffffn),
    )
    .registerFunction(`cidr(string): ${cidr}`, parseCidr)
    .registerFunction('isCIDR(string): bool', (text: string) => holds(parseCidr, text))
    .registerFunction(
      `string(${cidr}): string`,
      (self: CelCidr) => `${ipText(self.ip)}/${self.length}`,
    )
    .registerOperator(
      `${cidr} == ${cidr}`,
      (a: CelCidr, b: CelCidr) =>
        a.length === b.length && a.ip.family === b.ip.family && a.ip.bits === b.ip.bits,
    )
    .registerFunction(`${cidr}.containsIP(string): bool`, (self: CelCidr, text: string) =>
      containsIp(self, parseIp(text)),
    )
    .registerFunction(`${cidr}.containsIP(${ip}): bool`, containsIp)
    .registerFunction(`${cidr}.containsCIDR(string): bool`, (self: CelCidr, text: string) =>
      containsCidr(self, parseCidr(text)),
    )
    .registerFunction(`${cidr}.containsCIDR(${cidr}): bool`, containsCidr)
    .registerFunction(`${cidr}.ip(): ${ip}`, (self: CelCidr) => self.ip)
    .registerFunction(`${cidr}.prefixLength(): int`, (self: CelCidr) => BigInt(self.length))
    .registerFunction(
      `${cidr}.masked(): ${cidr}`,
      (self: CelCidr) => new CelCidr(new CelIp(network(self), self.ip.family), self.length),
    );

  class IpNamespace {}

  environment
    .registerType('kubernetes.IpNamespace', IpNamespace)
    .registerConstant('ip', 'kubernetes.IpNamespace', new IpNamespace())
    .registerFunction(
      'kubernetes.IpNamespace.isCanonical(string): bool',
      (_: IpNamespace, text: string) => ipText(parseIp(text)) === text,
    );

  const url = 'kubernetes.URL';
  environment
    .registerType(url, CelUrl)
    .registerFunction(`url(string): ${url}`, (text: string) => {
      if (!isUrl(text)) {
        throw new CelFailure(
          `URL parse error during conversion from string: parse ${JSON.stringify(text)}: invalid URI for request`,
        );
      }

      return new CelUrl(text);
    })
    .registerFunction('isURL(string): bool', isUrl)
    .registerFunction(
      `${url}.getScheme(): string`,
      (self: CelUrl) => self.url?.protocol.slice(0, -1) ?? '',
    )
    .registerFunction(
      `${url}.getHost(): string`,
      (self: CelUrl) => /^[^/?#]*\/\/(?:[^/?#@]*@)?([^/?#]*)/.exec(self.text)?.[1] ?? '',
    )
    .registerFunction(
      `${url}.getHostname(): string`,
      (self: CelUrl) => self.url?.hostname.replace(/^\[|\]$/g, '') ?? '',
    )
    .registerFunction(
      `${url}.getPort(): string`,
      (self: CelUrl) => /^[^/?#]*\/\/[^/?#]*:(\d+)(?:[/?#]|$)/.exec(self.text)?.[1] ?? '',
    )
    .registerFunction(`${url}.getEscapedPath(): string`, (self: CelUrl) => {
      const path = /^(?:[^/?#]*\/\/[^/?#]*)?([^?#]*)/.exec(self.text)?.[1] ?? '';
      return path;
    })
    .registerFunction(`${url}.getQuery(): map<string, list<string>>`, (self: CelUrl) => {
      const query: Record<string, string[]> = {};
      const parameters = new URL(self.text, 'http://localhost').searchParams;
      for (const name of parameters.keys()) {
        query[name] = parameters.getAll(name);
      }

      return query;
    });
}
