/**
 * Returns milliseconds since 1970 by a clock that goes on evenly when the system's clock is set.
 */
export function steadyNow(): number {
  return performance.timeOrigin + performance.now();
}
