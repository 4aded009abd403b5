import type { RangeFunction, Window } from '../windows.ts';

/** How a difference between two samples is meant. */
interface Difference {
  /** Whether a lower value means that the counter began at 0 again. */
  readonly isCounter: boolean;
  /** Whether the result is per second. */
  readonly isRate: boolean;
}

/** Returns how much a counter lost at its resets. */
function lostAtResets({ values, from, to }: Window): number {
  let lost = 0;
  let previous = values[from] ?? 0;

  for (let index = from + 1; index < to; index += 1) {
    const value = values[index] ?? 0;
    if (value < previous) {
      lost += previous;
    }

    previous = value;
  }

  return lost;
}

/** Returns the difference that is expected over the whole range, of which samples cover a part. */
function extrapolated(window: Window, { isCounter, isRate }: Difference): number {
  const { times, values, from, to } = window;
  const firstTime = times[from] ?? 0;
  const firstValue = values[from] ?? 0;
  const lastTime = times[to - 1] ?? 0;
  const difference = (values[to - 1] ?? 0) - firstValue + (isCounter ? lostAtResets(window) : 0);

  const covered = (lastTime - firstTime) / 1000;
  const between = covered / (to - from - 1);
  const after = (window.end - lastTime) / 1000;
  let before = (firstTime - window.start) / 1000;

  // A counter is never negative, so it began at 0 at the earliest.
  if (isCounter && difference > 0 && firstValue >= 0) {
    before = Math.min(before, covered * (firstValue / difference));
  }

  // Another sample is expected where the range goes on for about as long as between two samples.
  const threshold = between * 1.1;
  const extended =
    covered +
    (before < threshold ? before : between / 2) +
    (after < threshold ? after : between / 2);

  const factor = extended / covered;

  return difference * (isRate ? factor / ((window.end - window.start) / 1000) : factor);
}

/** Returns the difference between the last two samples. */
function latest({ times, values, to }: Window, { isRate }: Pick<Difference, 'isRate'>): number {
  const value = values[to - 1] ?? 0;
  const previous = values[to - 2] ?? 0;
  const difference = isRate && value < previous ? value : value - previous;
  const seconds = ((times[to - 1] ?? 0) - (times[to - 2] ?? 0)) / 1000;

  return isRate ? difference / seconds : difference;
}

/** Functions of how fast values change. */
export const rates: ReadonlyMap<string, RangeFunction> = new Map(
  Object.entries<RangeFunction['compute']>({
    delta: (window) => extrapolated(window, { isCounter: false, isRate: false }),
    idelta: (window) => latest(window, { isRate: false }),
    increase: (window) => extrapolated(window, { isCounter: true, isRate: false }),
    irate: (window) => latest(window, { isRate: true }),
    rate: (window) => extrapolated(window, { isCounter: true, isRate: true }),
  }).map(([name, compute]) => [name, { minimum: 2, compute }]),
);
