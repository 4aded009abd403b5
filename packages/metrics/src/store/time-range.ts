/** Times in milliseconds since 1970, both included. */
export interface TimeRange {
  readonly start: number;
  readonly end: number;
}

/** All times. */
export const ALWAYS: TimeRange = { start: 0, end: Number.MAX_SAFE_INTEGER };

/** Whether two ranges have a time in common. */
export function overlaps(a: TimeRange, b: TimeRange): boolean {
  return a.start <= b.end && b.start <= a.end;
}
