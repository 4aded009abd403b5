import { TimeSlice } from './time-slice.ts';

/** Items between two looks at the clock. */
const STRIDE = 32;

/** Items that are sorted at once. */
const RUN = 2048;

/** Calls `visit` for each item, in slices of a few milliseconds. */
export async function forEachInSlices<T>(
  items: Iterable<T>,
  visit: (item: T) => void,
): Promise<void> {
  const slice = new TimeSlice();
  let visited = 0;

  for (const item of items) {
    visit(item);
    visited += 1;

    if (visited % STRIDE === 0 && slice.isOver) {
      await slice.next();
    }
  }
}

/** Returns the items in order, sorted in slices of a few milliseconds; equal ones keep their order. */
export async function sortInSlices<T>(
  items: readonly T[],
  compare: (a: T, b: T) => number,
): Promise<T[]> {
  const slice = new TimeSlice();
  let runs: T[][] = [];

  for (let i = 0; i < items.length; i += RUN) {
    runs.push(items.slice(i, i + RUN).sort(compare));

    if (slice.isOver) {
      await slice.next();
    }
  }

  while (runs.length > 1) {
    runs = await mergePairs(runs, compare, slice);
  }

  return runs[0] ?? [];
}

async function mergePairs<T>(
  runs: readonly T[][],
  compare: (a: T, b: T) => number,
  slice: TimeSlice,
): Promise<T[][]> {
  const merged: T[][] = [];

  for (let i = 0; i < runs.length; i += 2) {
    merged.push(await merge(runs[i] ?? [], runs[i + 1] ?? [], compare, slice));
  }

  return merged;
}

async function merge<T>(
  left: T[],
  right: T[],
  compare: (a: T, b: T) => number,
  slice: TimeSlice,
): Promise<T[]> {
  if (right.length === 0) {
    return left;
  }

  const merged: T[] = [];
  let [i, j] = [0, 0];

  while (i < left.length || j < right.length) {
    const takesLeft =
      j === right.length || (i < left.length && compare(left[i] as T, right[j] as T) <= 0);
    merged.push((takesLeft ? left[i++] : right[j++]) as T);

    if (merged.length % RUN === 0 && slice.isOver) {
      await slice.next();
    }
  }

  return merged;
}
