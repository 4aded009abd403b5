/**
 * Milliseconds since 1970 as of the start of the process: a clock that goes on evenly where the
 * system's is set.
 */
export function steadyNow(): number {
  return performance.timeOrigin + performance.now();
}
