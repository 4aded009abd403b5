/** Compares numbers, or texts by their UTF-16 code units. */
export function compareAscending<T extends number | string>(a: T, b: T): number {
  if (a === b) {
    return 0;
  }

  return a < b ? -1 : 1;
}
