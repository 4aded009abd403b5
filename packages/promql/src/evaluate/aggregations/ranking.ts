import { QueryError } from '../../query-api.ts';
import type { Budget } from '../budget.ts';
import { groupSeries, hasValues, type Series } from '../data/series.ts';
import { type Grouping, groupsOf } from './grouping.ts';

/** A series and its value at the step that is looked at. */
interface Ranked {
  readonly series: Series;
  readonly value: number;
}

type IsLower = (a: number, b: number) => boolean;

/** NaN is lower than every number, whether the highest or the lowest are wanted. */
const lowerFirst: Readonly<Record<'topk' | 'bottomk', IsLower>> = {
  topk: (a, b) => Number.isNaN(a) || a < b,
  bottomk: (a, b) => Number.isNaN(a) || a > b,
};

/** The best values, the worst of them at the root: the binary heap of Go's `container/heap`. */
class Heap {
  readonly items: Ranked[] = [];
  readonly #isLower: IsLower;

  constructor(isLower: IsLower) {
    this.#isLower = isLower;
  }

  push(item: Ranked): void {
    this.items.push(item);
    let child = this.items.length - 1;

    for (let parent = (child - 1) >> 1; child > 0; parent = (child - 1) >> 1) {
      if (!this.#isBefore(child, parent)) {
        break;
      }

      this.#swap(child, parent);
      child = parent;
    }
  }

  /** Removes the root. */
  pop(): void {
    const last = this.items.length - 1;
    this.#swap(0, last);
    this.items.pop();

    let parent = 0;

    for (let child = 1; child < last; child = 2 * parent + 1) {
      const right = child + 1;
      const best = right < last && this.#isBefore(right, child) ? right : child;

      if (!this.#isBefore(best, parent)) {
        break;
      }

      this.#swap(best, parent);
      parent = best;
    }
  }

  #isBefore(a: number, b: number): boolean {
    return this.#isLower(this.items[a]?.value ?? 0, this.items[b]?.value ?? 0);
  }

  #swap(a: number, b: number): void {
    const { [a]: first, [b]: second } = this.items;

    if (first && second) {
      this.items[a] = second;
      this.items[b] = first;
    }
  }
}

/** Orders what was chosen: best first, NaN last. */
function ordered(items: readonly Ranked[], isLower: IsLower): Ranked[] {
  return [...items].sort((a, b) => {
    if (Number.isNaN(a.value) || Number.isNaN(b.value)) {
      return Number(Number.isNaN(a.value)) - Number(Number.isNaN(b.value));
    }

    return Number(isLower(a.value, b.value)) - Number(isLower(b.value, a.value));
  });
}

/** Returns the best `count` of the series that have a value at a step. */
function best(group: readonly Series[], step: number, count: number, isLower: IsLower): Ranked[] {
  const heap = new Heap(isLower);

  for (const series of group) {
    if (series.present[step] !== 1) {
      continue;
    }

    const value = series.values[step] ?? 0;
    const worst = heap.items[0]?.value ?? 0;
    const isFull = heap.items.length >= count;

    if (!isFull || isLower(worst, value)) {
      if (isFull) {
        heap.pop();
      }

      heap.push({ series, value });
    }
  }

  return heap.items;
}

/** Returns how many series are wanted at a step. */
function countAt(counts: Float64Array, step: number): number {
  const count = counts[step] ?? 0;

  if (!(Math.abs(count) < 2 ** 63)) {
    const shown = Number.isFinite(count)
      ? count.toExponential()
      : String(count).replace(/^I/, '+I').replace('Infinity', 'Inf');
    throw new QueryError('execution', `Scalar value ${shown} overflows int64`);
  }

  return Math.trunc(count);
}

/** Chooses the highest or lowest values of each group at each step; removes all others in place. */
export async function rank(
  operator: 'topk' | 'bottomk',
  { series, counts }: { series: readonly Series[]; counts: Float64Array },
  grouping: Grouping,
  budget: Budget,
): Promise<Series[]> {
  const { keyOf } = groupsOf(grouping);
  const groups = groupSeries(series, keyOf);
  const isLower = lowerFirst[operator];
  const chosen: Series[] = [];

  for (const [step] of counts.entries()) {
    const count = countAt(counts, step);

    for (const group of groups.values()) {
      const items = count < 1 ? [] : best(group, step, count, isLower);

      if (counts.length === 1) {
        chosen.push(...ordered(items, isLower).map((item) => item.series));
      }

      for (const { present } of group) {
        present[step] = 0;
      }

      for (const item of items) {
        item.series.present[step] = 1;
      }

      await budget.pause();
    }
  }

  return counts.length === 1 ? chosen : series.filter(hasValues);
}
