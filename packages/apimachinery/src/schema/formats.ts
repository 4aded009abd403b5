import { isIPv4, isIPv6 } from 'node:net';

const maxLength = 4096;
const uuid =
  /^[0-9a-f]{8}-?[0-9a-f]{4}-?([0-9a-f])[0-9a-f]{3}-?([0-9a-f])[0-9a-f]{3}-?[0-9a-f]{12}$/i;
const dateTime = /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}):(\d{2}):(\d{2})(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/;
const hostLabel = /^[a-z0-9\p{S}\p{L}]([-a-z0-9\p{S}\p{L}]{0,61}[a-z0-9\p{S}\p{L}])?$/iu;
const goDuration = /^[+-]?(0|((\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h))+)$/;
const scalaDuration =
  /^\d+\s*(d|days?|h|hours?|m|min|mins|minutes?|s|sec|secs|seconds?|ms|millis?|milliseconds?|us|micros?|microseconds?|ns|nanos?|nanoseconds?|w|weeks?)$/i;

function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) {
    return false;
  }

  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

/** True for a date and time as RFC 3339 has it. */
export function isDateTime(text: string): boolean {
  const parts = dateTime.exec(text);
  if (parts === null) {
    return false;
  }

  const [, date = '', hours, minutes, seconds] = parts;

  return isDate(date) && Number(hours) < 24 && Number(minutes) < 60 && Number(seconds) < 61;
}

/** True for a duration as Go's `time.ParseDuration` takes it: `1h30m`, `500ms`, `0`. */
export function isGoDuration(text: string): boolean {
  return text.length <= 128 && goDuration.test(text);
}

function isCidr(text: string): boolean {
  const [address = '', bits = '', ...rest] = text.split('/');
  if (rest.length > 0 || !/^\d{1,3}$/.test(bits)) {
    return false;
  }

  return (isIPv4(address) && Number(bits) <= 32) || (isIPv6(address) && Number(bits) <= 128);
}

function isHostname(text: string): boolean {
  if (text.length > 255) {
    return false;
  }

  const labels = text.split('.');
  if (!labels.every((part) => hostLabel.test(part))) {
    return false;
  }

  return labels.length === 1 || /^[a-z\p{L}]{2,63}$/iu.test(labels.at(-1) ?? '');
}

function isUri(text: string): boolean {
  if (text.startsWith('/')) {
    return !/[\s]/.test(text);
  }
  return /^[a-z][a-z0-9+.-]*:/i.test(text) && URL.canParse(text);
}

function isEmail(text: string): boolean {
  const address = /<([^<>]+)>\s*$/.exec(text)?.[1] ?? text;
  return /^[^\s@<>()[\]\\,;:]+@[^\s@<>()\\,;:]+$/.test(address.trim());
}

/** True for standard base64 with padding; line breaks are allowed as Go allows them. */
export function isBase64(text: string): boolean {
  const compact = text.replace(/[\r\n]/g, '');
  return compact.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(compact);
}

function isIsbn(text: string, lengths: readonly number[]): boolean {
  const digits = text.replace(/[ -]/g, '');
  if (!lengths.includes(digits.length)) {
    return false;
  }

  if (digits.length === 10) {
    if (!/^\d{9}[\dX]$/.test(digits)) {
      return false;
    }

    return (
      [...digits].reduce((sum, char, i) => sum + (10 - i) * (char === 'X' ? 10 : Number(char)), 0) %
        11 ===
      0
    );
  }

  if (!/^\d{13}$/.test(digits)) {
    return false;
  }

  return (
    [...digits].reduce((sum, char, i) => sum + (i % 2 === 0 ? 1 : 3) * Number(char), 0) % 10 === 0
  );
}

function isCreditCard(text: string): boolean {
  const digits = text.replace(/\D/g, '');
  if (digits.length < 13 || digits.length > 16) {
    return false;
  }

  const sum = [...digits].reverse().reduce((total, char, i) => {
    const value = i % 2 === 0 ? Number(char) : Number(char) * 2;
    return total + (value > 9 ? value - 9 : value);
  }, 0);

  return sum % 10 === 0;
}

/** Whether a text is a UUID of a version with the variant of RFC 4122. */
function isStandardUuid(text: string, version: string): boolean {
  const [, itsVersion, variant = ''] = uuid.exec(text) ?? [];
  return itsVersion === version && /[89ab]/i.test(variant);
}

function isName(text: string, limit: number, pattern: RegExp): boolean {
  return text.length <= limit && pattern.test(text);
}

const checks: ReadonlyMap<string, (text: string) => boolean> = new Map([
  ['uri', isUri],
  ['email', isEmail],
  ['hostname', isHostname],
  ['ipv4', isIPv4],
  ['ipv6', isIPv6],
  ['cidr', isCidr],
  [
    'mac',
    (text) => /^([0-9a-f]{2}([:-][0-9a-f]{2}){5,7}|[0-9a-f]{4}(\.[0-9a-f]{4}){2,3})$/i.test(text),
  ],
  ['uuid', (text) => uuid.test(text)],
  ['uuid3', (text) => uuid.exec(text)?.[1] === '3'],
  ['uuid4', (text) => isStandardUuid(text, '4')],
  ['uuid5', (text) => isStandardUuid(text, '5')],
  ['isbn', (text) => isIsbn(text, [10, 13])],
  ['isbn10', (text) => isIsbn(text, [10])],
  ['isbn13', (text) => isIsbn(text, [13])],
  ['creditcard', isCreditCard],
  ['ssn', (text) => /^\d{3}[- ]?\d{2}[- ]?\d{4}$/.test(text)],
  ['hexcolor', (text) => /^#?([0-9a-f]{3}|[0-9a-f]{6})$/i.test(text)],
  ['rgbcolor', (text) => /^rgb\(\s*\d{1,3}\s*(,\s*\d{1,3}\s*){2}\)$/.test(text)],
  ['byte', isBase64],
  ['date', isDate],
  ['datetime', isDateTime],
  ['duration', (text) => goDuration.test(text) || scalaDuration.test(text)],
  ['k8sshortname', (text) => isName(text, 63, /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/)],
  [
    'k8slongname',
    (text) =>
      isName(text, 253, /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/),
  ],
]);

const UNCHECKED = new Set(['bsonobjectid', 'password']);

/** Whether Kubernetes knows a format of strings, even one that it does not check. */
export function isKnownFormat(format: string): boolean {
  const name = format.replaceAll('-', '');
  return checks.has(name) || UNCHECKED.has(name);
}

/**
 * Whether a text has a format that CRDs may name (apiextensions.k8s.io/v1, JSONSchemaProps
 * `format`). Formats that Kubernetes does not know allow everything, and only `byte` may be longer
 * than 4096 characters.
 */
export function hasFormat(text: string, format: string): boolean {
  const check = checks.get(format.replaceAll('-', ''));
  if (check === undefined) {
    return true;
  }

  return (text.length <= maxLength || format === 'byte') && check(text);
}
