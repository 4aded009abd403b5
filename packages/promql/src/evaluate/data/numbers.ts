/** Moves the point of digits that JavaScript writes with an exponent. */
function withoutExponent(text: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = ''] =
    /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(text) ?? [];

  const digits = whole + fraction;
  const point = 1 + Number(exponent);

  return point <= 0
    ? `${sign}0.${'0'.repeat(-point)}${digits}`
    : `${sign}${digits.padEnd(point, '0')}`;
}

/** Writes a value as the HTTP API does: shortest digits, never an exponent, `+Inf`, `NaN`. */
export function formatValue(value: number): string {
  if (Number.isNaN(value)) {
    return 'NaN';
  }

  if (!Number.isFinite(value)) {
    return value > 0 ? '+Inf' : '-Inf';
  }

  if (Object.is(value, -0)) {
    return '-0';
  }

  const text = String(value);

  return text.includes('e') ? withoutExponent(text) : text;
}

/** Reads a number as Go's ParseFloat does; undefined for other texts. */
export function parseFloatStrictly(text: string): number | undefined {
  const [, sign = '', infinite, decimal] =
    /^([+-]?)(?:(inf(?:inity)?)|(\d+\.?\d*(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?))$/i.exec(text) ?? [];

  if (/^nan$/i.test(text)) {
    return Number.NaN;
  }

  if (infinite !== undefined) {
    return sign === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }

  return decimal === undefined ? undefined : Number(text);
}

/** Returns a power; like in Go, 1 to the power of NaN and -1 to an infinite power are 1. */
export function power(base: number, exponent: number): number {
  if (base === 1 || (base === -1 && Math.abs(exponent) === Number.POSITIVE_INFINITY)) {
    return 1;
  }

  return base ** exponent;
}

/** Returns the larger number; like in Go, infinity is larger than NaN. */
export function larger(a: number, b: number): number {
  const infinity = Number.POSITIVE_INFINITY;
  return a === infinity || b === infinity ? infinity : Math.max(a, b);
}

/** Returns the smaller number; like in Go, minus infinity is smaller than NaN. */
export function smaller(a: number, b: number): number {
  const infinity = Number.NEGATIVE_INFINITY;
  return a === infinity || b === infinity ? infinity : Math.min(a, b);
}
