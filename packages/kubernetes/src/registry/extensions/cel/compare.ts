/** Orders two CEL values of one type: negative, zero or positive. */
export function compareValues(a: unknown, b: unknown): number {
  const [left, right] = [a, b].map((value) =>
    value instanceof Date ? value.getTime() : value,
  ) as [never, never];

  if (left < right) {
    return -1;
  }

  return left > right ? 1 : 0;
}
