let count = 0;

/** Counts a request that has come to this process. */
export function countArrival(): void {
  count += 1;
}

/** Returns how many requests have come: a long answer that sees others come makes room for them. */
export function arrivals(): number {
  return count;
}
