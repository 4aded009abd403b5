import { getOwn } from '../json/json.ts';
/**
 * Format of a quantity: `500m`, `1.5k` (DecimalSI), `512Mi` (BinarySI), `12e6` (DecimalExponent).
 */
export type QuantityFormat = 'DecimalSI' | 'BinarySI' | 'DecimalExponent';

/**
 * An exact fixed-point number in billionths (Kubernetes "Quantity": nothing smaller than `n` is
 * kept).
 */
export interface Quantity {
  readonly nano: bigint;
  readonly format: QuantityFormat;
  /** The original text, where Kubernetes keeps it instead of the canonical form. */
  readonly text?: string;
}

const shape = /^([+-]?)(\d*)(\.?)(\d*)([eEinumkKMGTP]*[-+]?\d*)$/;

const decimal: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  '': 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};

const decimalNames = new Map(Object.entries(decimal).map(([name, exponent]) => [exponent, name]));
const binary: Readonly<Record<string, number>> = { Ki: 10, Mi: 20, Gi: 30, Ti: 40, Pi: 50, Ei: 60 };
const binaryNames = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const billion = 1_000_000_000n;
const maxBinary = (2n ** 63n - 1n) * billion;
const maxExponent = 100;
const maxLength = 256;

const wrongShape =
  "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const wrongNumber = 'unable to parse numeric part of quantity';
const wrongSuffix = "unable to parse quantity's suffix";

/** A quantity's text that cannot be read; the message is Kubernetes'. */
export class QuantityError extends Error {}

interface Suffix {
  base: 2 | 10;
  exponent: number;
  format: QuantityFormat;
}

function suffixOf(text: string): Suffix | undefined {
  const decimalExponent = getOwn(decimal, text);
  if (decimalExponent !== undefined) {
    return { base: 10, exponent: decimalExponent, format: 'DecimalSI' };
  }

  const binaryExponent = getOwn(binary, text);
  if (binaryExponent !== undefined) {
    return { base: 2, exponent: binaryExponent, format: 'BinarySI' };
  }

  const exponent = /^[eE]([+-]?\d+)$/.exec(text)?.[1];
  if (exponent === undefined || Math.abs(Number(exponent)) > maxExponent) {
    return undefined;
  }

  return { base: 10, exponent: Number(exponent), format: 'DecimalExponent' };
}

/** Rounds away from zero, as Kubernetes does: a request for very little stays more than nothing. */
function divideUp(value: bigint, by: bigint): bigint {
  const quotient = value / by;

  if (value % by === 0n) {
    return quotient;
  }

  return value < 0n ? quotient - 1n : quotient + 1n;
}

/**
 * Parses a quantity; throws a QuantityError. Exponents beyond ±100, with which the Go server hangs,
 * are refused.
 */
export function parseQuantity(text: string): Quantity {
  const parts = text !== '' && text.length <= maxLength ? shape.exec(text) : null;
  if (parts === null) {
    throw new QuantityError(wrongShape);
  }

  const [, sign, padded = '', , fraction = '', suffixText = ''] = parts;
  const suffix = suffixOf(suffixText);
  if (suffix === undefined) {
    throw new QuantityError(wrongSuffix);
  }

  const whole = padded.replace(/^0+/, '');
  const digits = whole + fraction;
  const amount = BigInt(digits === '' ? '0' : digits);
  const length = Math.max(1, whole.length);

  // Go's fast path for small numbers takes no digits for zero, and keeps a canonical text as it
  // was given.
  const isShort =
    suffix.base === 2
      ? fraction === '' && length + Math.floor((suffix.exponent * 3) / 10) <= 14
      : length + fraction.length <= 18 && suffix.exponent - fraction.length >= -9;

  if (!isShort && padded + fraction === '') {
    throw new QuantityError(wrongNumber);
  }

  const quantity =
    suffix.base === 2
      ? binaryAmount(amount, fraction, suffix)
      : decimalAmount(amount, fraction, suffix);

  const isKept =
    isShort &&
    (suffix.base === 2
      ? (amount & 7n) !== 0n
      : (suffix.exponent - fraction.length) % 3 === 0 && whole !== '' && !digits.endsWith('000'));

  const nano = sign === '-' ? -quantity.nano : quantity.nano;

  return isKept ? { ...quantity, nano, text } : { ...quantity, nano };
}

function binaryAmount(amount: bigint, fraction: string, { exponent }: Suffix): Quantity {
  const nano = divideUp(
    amount * billion * (1n << BigInt(exponent)),
    10n ** BigInt(fraction.length),
  );

  const format = nano > 0n && nano < billion ? 'DecimalSI' : 'BinarySI';

  return { nano: nano > maxBinary ? maxBinary : nano, format };
}

function decimalAmount(amount: bigint, fraction: string, { exponent, format }: Suffix): Quantity {
  const scale = exponent - fraction.length;
  const nano =
    scale >= -9 ? amount * 10n ** BigInt(scale + 9) : divideUp(amount, 10n ** BigInt(-scale - 9));
  return { nano, format };
}

function decimalParts(nano: bigint): [mantissa: bigint, exponent: number] {
  let exponent = -9;
  while (exponent < 18 && nano !== 0n && nano % 1000n === 0n) {
    nano /= 1000n;
    exponent += 3;
  }

  return nano === 0n ? [0n, 0] : [nano, exponent];
}

/**
 * Returns the text of a quantity in Kubernetes' canonical form: no fraction, the largest suffix
 * without loss.
 */
export function formatQuantity(quantity: Quantity): string {
  const { nano, format, text } = quantity;
  if (text !== undefined) {
    return text;
  }

  if (
    format === 'BinarySI' &&
    nano % billion === 0n &&
    (nano >= 1024n * billion || nano <= -1024n * billion)
  ) {
    let value = nano / billion;
    let step = 0;
    while (step < 6 && value % 1024n === 0n) {
      value /= 1024n;
      step++;
    }

    return `${value}${binaryNames[step]}`;
  }

  const [mantissa, exponent] = decimalParts(nano);

  if (format === 'DecimalExponent') {
    return exponent === 0 ? `${mantissa}` : `${mantissa}e${exponent}`;
  }

  return `${mantissa}${decimalNames.get(exponent)}`;
}

/** Returns a quantity's text in canonical form; throws a QuantityError. */
export function canonicalQuantity(text: string): string {
  return formatQuantity(parseQuantity(text));
}

/** Adds two quantities; the sum has the format of the first unless that is zero. */
export function addQuantities(a: Quantity, b: Quantity): Quantity {
  return { nano: a.nano + b.nano, format: a.nano === 0n ? b.format : a.format };
}

/** Subtracts two quantities; the difference has the format of the first unless that is zero. */
export function subtractQuantities(a: Quantity, b: Quantity): Quantity {
  return { nano: a.nano - b.nano, format: a.nano === 0n ? b.format : a.format };
}

/**
 * Returns a negative number, zero or a positive number, as `a` is less than, equal to or greater
 * than `b`.
 */
export function compareQuantities(a: Quantity, b: Quantity): number {
  if (a.nano === b.nano) {
    return 0;
  }
  return a.nano < b.nano ? -1 : 1;
}

/** Returns the nearest double. */
export function quantityToNumber(quantity: Quantity): number {
  const whole = quantity.nano / billion;
  return Number(whole) + Number(quantity.nano - whole * billion) / 1e9;
}
