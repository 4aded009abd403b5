import { type JsonObject, setOwn } from '../../json/json.ts';
import { StatusError } from '../../meta/errors.ts';
import type { Json } from '../../meta/types.ts';

/** The progress of one merge: what it may change, and how much it has done. */
export class Progress {
  readonly #made = new WeakSet<JsonObject>();
  #steps: number;

  constructor(steps: number) {
    this.#steps = steps;
  }

  /** Returns an object that this merge may change: one that it made itself, or a copy. */
  own(object: JsonObject): JsonObject {
    if (this.#made.has(object)) {
      return object;
    }

    const copy: JsonObject = {};

    for (const [key, value] of Object.entries(object)) {
      setOwn(copy, key, value);
    }

    this.#made.add(copy);

    return copy;
  }

  /**
   * Counts elements of lists that are examined. Throws a StatusError 413 for a patch that merges
   * one list so often that the work is far more than its length, with elements that name the same
   * one again and again.
   */
  count(elements: number): void {
    this.#steps -= elements;

    if (this.#steps >= 0) {
      return;
    }

    const message = 'the patch merges the same lists too often: name each element once';

    throw new StatusError(413, 'RequestEntityTooLarge', message);
  }
}

/** How many elements a merge may examine, beyond a multiple of those that there are. */
export const MIN_STEPS = 100_000;

export const STEPS_EACH = 20;

/** Counts the elements of all lists in a value. */
export function countElements(value: Json): number {
  if (typeof value !== 'object' || value === null) {
    return 0;
  }

  let count = Array.isArray(value) ? value.length : 0;

  for (const item of Array.isArray(value) ? value : Object.values(value)) {
    if (typeof item === 'object') {
      count += countElements(item);
    }
  }

  return count;
}
