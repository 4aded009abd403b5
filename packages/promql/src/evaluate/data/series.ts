import { QueryError } from '../../query-api.ts';
import type { Labels } from './labels.ts';

/** The values of a series at each step, and where there are any. */
export interface Column {
  readonly values: Float64Array;
  /** 1 where there is a value. */
  readonly present: Uint8Array;
}

/** One series of a vector, at all steps. */
export interface Series extends Column {
  readonly labels: Labels;
}

const notUnique = () =>
  new QueryError('execution', 'vector cannot contain metrics with the same labelset');

/** Reports whether a column has a value at any step. */
export function hasValues({ present }: Column): boolean {
  return present.includes(1);
}

/** Groups series by a text, in the order in which the texts occur first. */
export function groupSeries(
  series: readonly Series[],
  keyOf: (labels: Labels) => string,
): Map<string, Series[]> {
  const groups = new Map<string, Series[]>();

  for (const one of series) {
    const key = keyOf(one.labels);
    const group = groups.get(key);

    if (group) {
      group.push(one);
    } else {
      groups.set(key, [one]);
    }
  }

  return groups;
}

/** Adds the values of one column to those of another; reports false if both have one at a step. */
export function mergeInto(target: Column, { values, present }: Column): boolean {
  for (let step = 0; step < present.length; step += 1) {
    if (present[step] === 1) {
      if (target.present[step] === 1) {
        return false;
      }

      target.values[step] = values[step] ?? 0;
      target.present[step] = 1;
    }
  }

  return true;
}

/**
 * Makes one series of those with the same labels, and leaves out those without values.
 * @throws QueryError if two have a value at the same step
 */
export function unite(series: readonly Series[]): Series[] {
  const united = new Map<string, Series>();

  for (const one of series) {
    const { key } = one.labels;
    const other = united.get(key);

    if (other && !mergeInto(other, one)) {
      throw notUnique();
    }

    if (!other && hasValues(one)) {
      united.set(key, one);
    }
  }

  return [...united.values()];
}

/** Refuses labels that it was given before. */
export class UniqueLabels {
  readonly #keys = new Set<string>();

  /** @throws QueryError for labels that were added before */
  add({ key }: Labels): void {
    if (this.#keys.has(key)) {
      throw notUnique();
    }

    this.#keys.add(key);
  }
}
