import { Turns } from '@ks-apiserver/client/informer/turns';

/** Items between two looks at the clock. */
const STRIDE = 32;

/** Items that are sorted at once. */
const RUN = 2048;

/** Goes through items, a few milliseconds at a time, so that other calls are answered meanwhile. */
export async function inTurns<T>(items: readonly T[], visit: (item: T) => void): Promise<void> {
  const turns = new Turns();

  for (let i = 0; i < items.length; i++) {
    visit(items[i]!);
    if (i % STRIDE === STRIDE - 1 && turns.over) {
      await turns.next();
    }
  }
}

/** Items in order, sorted a few milliseconds at a time; equal ones stay as they stood. */
export async function sortInTurns<T>(
  items: readonly T[],
  compare: (a: T, b: T) => number,
): Promise<T[]> {
  const turns = new Turns();
  let runs: T[][] = [];

  for (let i = 0; i < items.length; i += RUN) {
    runs.push(items.slice(i, i + RUN).sort(compare));
    if (turns.over) {
      await turns.next();
    }
  }

  while (runs.length > 1) {
    const merged: T[][] = [];

    for (let i = 0; i < runs.length; i += 2) {
      merged.push(runs[i + 1] ? await merge(runs[i]!, runs[i + 1]!, compare, turns) : runs[i]!);
    }

    runs = merged;
  }

  return runs[0] ?? [];
}

async function merge<T>(
  left: T[],
  right: T[],
  compare: (a: T, b: T) => number,
  turns: Turns,
): Promise<T[]> {
  const merged: T[] = [];
  let [i, j] = [0, 0];
  while (i < left.length || j < right.length) {
    const takesLeft = j === right.length || (i < left.length && compare(left[i]!, right[j]!) <= 0);
    merged.push(takesLeft ? left[i++]! : right[j++]!);

    if (merged.length % RUN === 0 && turns.over) {
      await turns.next();
    }
  }

  return merged;
}
