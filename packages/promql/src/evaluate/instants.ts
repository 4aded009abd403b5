import { bitsOf, isStale } from './data/samples.ts';
import type { Column } from './data/series.ts';
import type { Samples } from './data/source.ts';
import type { References } from './frame.ts';

/** What an instant vector has of a sample: its value, or for `timestamp` its time in seconds. */
export type Part = 'value' | 'time';

/**
 * Fills a column with the latest sample at each step, which is at most `lookback` milliseconds old
 * and no marker of the series' end. Returns whether there is any.
 */
export function fillInstants(
  { times, values }: Samples,
  { first, interval }: References,
  { lookback, part }: { lookback: number; part: Part },
  { values: out, present }: Column,
): boolean {
  const bits = bitsOf(values);
  const count = times.length;
  let isAny = false;
  let next = 0;

  for (let step = 0; step < out.length; step += 1) {
    const time = first + step * interval;

    while (next < count && (times[next] ?? 0) <= time) {
      next += 1;
    }

    const last = next - 1;
    const sampled = times[last] ?? 0;
    const value = values[last] ?? 0;

    if (last >= 0 && sampled >= time - lookback && !(Number.isNaN(value) && isStale(bits, last))) {
      out[step] = part === 'value' ? value : sampled / 1000;
      present[step] = 1;
      isAny = true;
    }
  }

  return isAny;
}
