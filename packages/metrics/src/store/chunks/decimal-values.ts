/** Largest exponent for which 10^exponent is tried. */
const MAX_EXPONENT = 15;

/** Deltas up to this size, and their doubles, are exact. */
const MAX_DELTA = 2 ** 51;

const POWERS = Float64Array.from({ length: MAX_EXPONENT + 1 }, (_, exponent) => 10 ** exponent);

/** Returns 10^exponent for an exponent that a chunk may have. */
export function powerOfTen(exponent: number): number {
  return POWERS[exponent] ?? Number.NaN;
}

function isDecimal(value: number, exponent: number): boolean {
  const power = powerOfTen(exponent);
  const scaled = Math.round(value * power);

  return Number.isSafeInteger(scaled) && scaled / power === value && !Object.is(value, -0);
}

/**
 * Finds the least exponent with which all values are integers divided by 10^exponent, bit for bit;
 * undefined when there is none.
 */
export function commonExponent(values: Float64Array): number | undefined {
  let exponent = 0;

  for (const value of values) {
    while (exponent <= MAX_EXPONENT && !isDecimal(value, exponent)) {
      exponent += 1;
    }
  }

  return exponent <= MAX_EXPONENT && values.every((value) => isDecimal(value, exponent))
    ? exponent
    : undefined;
}

/** Integers and the differences between them, which are what is stored. */
export interface Deltas {
  readonly first: number;
  readonly deltas: Float64Array;
}

/** Returns the integers' differences; undefined where one of them would not be exact. */
export function deltasOf(integers: Float64Array): Deltas | undefined {
  const deltas = new Float64Array(Math.max(0, integers.length - 1));

  for (let at = 0; at < deltas.length; at++) {
    const delta = (integers[at + 1] ?? 0) - (integers[at] ?? 0);
    if (Math.abs(delta) > MAX_DELTA) {
      return undefined;
    }

    deltas[at] = delta;
  }

  return { first: integers[0] ?? 0, deltas };
}

/** Returns how often all of the integers can be halved, at most 52 times; 0 where all are 0. */
export function commonShift(integers: Float64Array): number {
  let shift = 53;

  for (const integer of integers) {
    if (integer !== 0) {
      shift = Math.min(shift, trailingZeros(Math.abs(integer)));
    }
  }

  return shift === 53 ? 0 : shift;
}

function trailingZeros(integer: number): number {
  const low = (integer % 2 ** 32) | 0;

  return low === 0
    ? 32 + trailingZerosOfWord(Math.floor(integer / 2 ** 32) | 0)
    : trailingZerosOfWord(low);
}

/** Returns how many of a 32-bit word's lowest bits are 0. */
export function trailingZerosOfWord(word: number): number {
  return word === 0 ? 32 : 31 - Math.clz32(word & -word);
}
