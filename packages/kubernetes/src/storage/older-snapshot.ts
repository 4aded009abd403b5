import type { Snapshot } from './backend.ts';
import type { StoredObject } from './stored-object.ts';

/**
 * A snapshot of an older revision: `newest` with the states of that revision by key, which are
 * undefined for keys that did not exist.
 */
export function olderSnapshot(
  newest: Snapshot,
  states: ReadonlyMap<string, StoredObject | undefined>,
): Snapshot {
  const keys = [...states.keys()].sort();
  let at = 0;
  let ahead: StoredObject | undefined;

  const readAhead = () => {
    const next = newest.next();
    ahead = next.done ? undefined : next.value;
  };

  readAhead();

  const snapshot: Snapshot = {
    next() {
      for (;;) {
        const key = keys[at];

        if (key !== undefined && (ahead === undefined || key <= ahead.key)) {
          if (ahead?.key === key) {
            readAhead();
          }

          at++;

          const object = states.get(key);
          if (object) {
            return { done: false, value: object };
          }
        } else if (ahead) {
          const value = ahead;
          readAhead();
          return { done: false, value };
        } else {
          return { done: true, value: undefined };
        }
      }
    },
    return() {
      at = keys.length;
      ahead = undefined;
      newest.return();
      return { done: true, value: undefined };
    },
    [Symbol.iterator]: () => snapshot,
  };

  return snapshot;
}
