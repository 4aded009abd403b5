import { isIPv4, isIPv6 } from 'node:net';

const longestTried = 4096;

/** The message for a number outside a range, both ends included. */
export function rangeError(low: number, high: number): string {
  return `must be between ${low} and ${high}, inclusive`;
}

function inRange(value: unknown, low: number, high: number): string[] {
  return typeof value === 'number' && value >= low && value <= high ? [] : [rangeError(low, high)];
}

/** What is wrong with a port number; a missing one counts as 0. */
export function portNumberErrors(port: unknown): string[] {
  return inRange(port, 1, 65_535);
}

/** What is wrong with the id of a user or group. */
export function idErrors(id: unknown): string[] {
  return inRange(id, 0, 2_147_483_647);
}

/** What is wrong with the name of a port (an IANA service name). */
export function portNameErrors(name: string): string[] {
  const errors: string[] = [];

  if (name.length > 15) {
    errors.push('must be no more than 15 characters');
  }
  if (!/^[-a-z0-9]+$/.test(name)) {
    errors.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  }
  if (!/[a-z]/.test(name)) {
    errors.push('must contain at least one letter (a-z)');
  }
  if (name.includes('--')) {
    errors.push('must not contain consecutive hyphens');
  }
  if (/^-|-$/.test(name)) {
    errors.push('must not begin or end with a hyphen');
  }

  return errors;
}

function dotErrors(text: string): string[] {
  if (text === '.' || text === '..') {
    return [`must not be '${text}'`];
  }
  return text.startsWith('..') ? ["must not start with '..'"] : [];
}

const keyMessage =
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";

/** What is wrong with a key of a ConfigMap or Secret. */
export function configKeyErrors(key: string): string[] {
  const errors = key.length > 253 ? ['must be no more than 253 characters'] : [];

  if (key.length <= longestTried && !/^[-._a-zA-Z0-9]+$/.test(key)) {
    errors.push(keyMessage);
  }

  return [...errors, ...dotErrors(key)];
}

/** What is wrong with the name of an environment variable. */
export function envNameErrors(name: string): string[] {
  if (name === '') {
    return ['environment variable name must be non-empty'];
  }
  if (/^[\x20-\x3c\x3e-\x7e]*$/.test(name)) {
    return [];
  }

  return [
    "a valid environment variable name must consist only of printable ASCII characters other than '='",
  ];
}

/** What is wrong with the name of an HTTP header. */
export function headerNameErrors(name: string): string[] {
  if (/^[-A-Za-z0-9]+$/.test(name)) {
    return [];
  }

  return [
    "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')",
  ];
}

/** What is wrong with a percentage such as `25%`. */
export function percentErrors(text: string): string[] {
  if (/^[0-9]+%$/.test(text)) {
    return [];
  }

  return [
    "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
  ];
}

const subdomain = '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*';
const wildcard = new RegExp(`^\\*\\.${subdomain}$`);
const underscored = /^_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*$/;

/** What is wrong with a host name that begins with `*.`. */
export function wildcardDomainErrors(text: string): string[] {
  const errors = text.length > 253 ? ['must be no more than 253 characters'] : [];

  if (text.length <= longestTried && !wildcard.test(text)) {
    errors.push(
      `a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', regex used for validation is '\\*\\.${subdomain}')`,
    );
  }

  return errors;
}

/** What is wrong with a search domain of DNS, in which labels may have underscores. */
export function underscoredDomainErrors(text: string): string[] {
  const errors = text.length > 253 ? ['must be no more than 253 characters'] : [];

  if (text.length <= longestTried && !underscored.test(text)) {
    const part = '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?';
    errors.push(
      `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '${part}(\\.${part})*')`,
    );
  }

  return errors;
}

/** What is wrong with an IP address. */
export function ipErrors(text: string): string[] {
  if (isIPv4(text)) {
    return [];
  }

  if (isIPv6(text) && !text.includes('%')) {
    return /^::ffff:\d+\.\d+\.\d+\.\d+$/i.test(text)
      ? ['must not be an IPv4-mapped IPv6 address']
      : [];
  }

  const sloppy = text.split('.');
  if (sloppy.length === 4 && sloppy.every((part) => /^\d+$/.test(part) && Number(part) < 256)) {
    return ['must not have leading 0s'];
  }

  return ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'];
}

function ipv4Bits(text: string): number {
  return text.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

/** What is wrong with a CIDR such as `10.0.0.0/8`. */
export function cidrErrors(text: string): string[] {
  const [address = '', bits = '', ...rest] = text.split('/');
  const v4 = isIPv4(address);
  const limit = v4 ? 32 : 128;
  if (
    rest.length > 0 ||
    !/^\d{1,3}$/.test(bits) ||
    Number(bits) > limit ||
    !(v4 || isIPv6(address))
  ) {
    return ['must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'];
  }

  if (v4 && ipv4Bits(address) % 2 ** (32 - Number(bits)) !== 0) {
    return ['must not have bits set beyond the prefix length'];
  }

  return [];
}
