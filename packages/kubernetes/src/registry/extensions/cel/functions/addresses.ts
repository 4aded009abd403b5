import { isIPv4, isIPv6 } from 'node:net';
import type { Environment } from '@marcbachmann/cel-js';
import ipaddr from 'ipaddr.js';
import { CelFailure } from '../failure.ts';

type Address = ipaddr.IPv4 | ipaddr.IPv6;

class CelIp {
  readonly address: Address;

  constructor(address: Address) {
    this.address = address;
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

/**
 * An IPv6 address with its last 32 bits in hexadecimal: the library reads `::1.2.3.4` as
 * `::ffff:1.2.3.4`.
 */
function withHexEnd(text: string): string {
  return text.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...bytes: string[]) => {
    const [a = 0, b = 0, c = 0, d = 0] = bytes.slice(0, 4).map(Number);
    return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
  });
}

/** Parses an address; throws a CelFailure for a text that Go's netip or Kubernetes refuses. */
function parseIp(text: string): CelIp {
  if (text.includes('%')) {
    throw new CelFailure(`IP address ${JSON.stringify(text)} with zone value is not allowed`);
  }

  // The library accepts more than Go: octal and hexadecimal numbers, or fewer than four.
  if (isIPv4(text)) {
    return new CelIp(ipaddr.IPv4.parse(text));
  }

  if (!isIPv6(text)) {
    throw new CelFailure(
      `IP Address ${JSON.stringify(text)} parse error during conversion from string: ParseAddr(${JSON.stringify(text)}): unable to parse IP`,
    );
  }

  const address = ipaddr.IPv6.parse(withHexEnd(text));
  if (address.isIPv4MappedAddress()) {
    throw new CelFailure(`IPv4-mapped IPv6 address ${JSON.stringify(text)} is not allowed`);
  }

  return new CelIp(address);
}

/** An address in canonical form (RFC 5952). */
function ipText({ address }: CelIp): string {
  return address instanceof ipaddr.IPv6 ? address.toRFC5952String() : address.toString();
}

function familyOf({ address }: CelIp): 4 | 6 {
  return address.kind() === 'ipv4' ? 4 : 6;
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
  if (Number(bits) > (familyOf(ip) === 4 ? 32 : 128)) {
    throw fail('prefix length out of range');
  }

  return new CelCidr(ip, Number(bits));
}

function cidrText({ ip, length }: CelCidr): string {
  return `${ipText(ip)}/${length}`;
}

/** The network of a CIDR: its address without the bits of a host. */
function mask(cidr: CelCidr): CelCidr {
  const family = familyOf(cidr.ip) === 4 ? ipaddr.IPv4 : ipaddr.IPv6;
  return new CelCidr(new CelIp(family.networkAddressFromCIDR(cidrText(cidr))), cidr.length);
}

function containsIp({ ip: { address: network }, length }: CelCidr, { address }: CelIp): boolean {
  if (network instanceof ipaddr.IPv4) {
    return address instanceof ipaddr.IPv4 && address.match(network, length);
  }

  return address instanceof ipaddr.IPv6 && address.match(network, length);
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

/** The library counts all of 0.0.0.0/8 as unspecified, Go only its first address. */
const isUnspecified = (ip: CelIp) => ['0.0.0.0', '::'].includes(ipText(ip));
const isLoopback = ({ address }: CelIp) => address.range() === 'loopback';
const isLinkLocal = ({ address }: CelIp) => address.range() === 'linkLocal';
const isMulticast = ({ address }: CelIp) => address.range() === 'multicast';

function isLinkLocalMulticast({ address }: CelIp): boolean {
  if (address instanceof ipaddr.IPv4) {
    return address.match(ipaddr.IPv4.parse('224.0.0.0'), 24);
  }

  const [first = 0] = address.parts;

  return (first & 0xff0f) === 0xff02;
}

/** Whether an address is neither special nor local to a link (Go's Addr.IsGlobalUnicast). */
function isGlobalUnicast(ip: CelIp): boolean {
  const isSpecial = isUnspecified(ip) || isLoopback(ip) || isMulticast(ip) || isLinkLocal(ip);
  return !isSpecial && ip.address.range() !== 'broadcast';
}

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
    .registerOperator(`${ip} == ${ip}`, (a: CelIp, b: CelIp) => ipText(a) === ipText(b))
    .registerFunction(`${ip}.family(): int`, (self: CelIp) => BigInt(familyOf(self)))
    .registerFunction(`${ip}.isUnspecified(): bool`, isUnspecified)
    .registerFunction(`${ip}.isLoopback(): bool`, isLoopback)
    .registerFunction(`${ip}.isLinkLocalMulticast(): bool`, isLinkLocalMulticast)
    .registerFunction(`${ip}.isLinkLocalUnicast(): bool`, isLinkLocal)
    .registerFunction(`${ip}.isGlobalUnicast(): bool`, isGlobalUnicast)
    .registerFunction(`cidr(string): ${cidr}`, parseCidr)
    .registerFunction('isCIDR(string): bool', (text: string) => holds(parseCidr, text))
    .registerFunction(`string(${cidr}): string`, cidrText)
    .registerOperator(`${cidr} == ${cidr}`, (a: CelCidr, b: CelCidr) => cidrText(a) === cidrText(b))
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
    .registerFunction(`${cidr}.masked(): ${cidr}`, mask);

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
