/**
 * Returns a decimal number without an exponent, with the same digits: `1.5e-7` becomes
 * `0.00000015`. Texts without an exponent stay as they are.
 */
export function withoutExponent(text: string): string {
  const [, sign = '', whole = '', fraction = '', exponent] =
    /^([+-]?)(\d+)(?:\.(\d+))?[eE]([+-]?\d{1,3})$/.exec(text) ?? [];

  if (exponent === undefined) {
    return text;
  }

  const digits = whole + fraction;
  const point = whole.length + Number(exponent);

  if (point <= 0) {
    return `${sign}0.${'0'.repeat(-point)}${digits}`;
  }

  return point >= digits.length
    ? sign + digits + '0'.repeat(point - digits.length)
    : `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}
