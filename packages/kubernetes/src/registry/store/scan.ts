import { yieldToEventLoop } from '@ks-apiserver/apimachinery/concurrency/time-slice';
import type { StoredObject } from '../../storage/stored-object.ts';

/** Objects that a scan examines before other requests run. */
const STEP = 256;

/**
 * Yields the objects that match, and undefined after every `step` objects, whether they match or
 * not: the reader then awaits `yieldToEventLoop()`.
 */
export function* scan(
  objects: Iterable<StoredObject>,
  matches?: (object: StoredObject) => boolean,
  step = STEP,
): Generator<StoredObject | undefined, undefined> {
  let looked = 0;

  for (const object of objects) {
    if (!matches || matches(object)) {
      yield object;
    }

    looked += 1;
    if (looked % step === 0) {
      yield undefined;
    }
  }

  return undefined;
}

/** Maps all objects of a scan, letting other requests run in between. */
export async function collect<T>(
  objects: Iterable<StoredObject | undefined>,
  map: (object: StoredObject) => T,
): Promise<T[]> {
  const found: T[] = [];

  for (const object of objects) {
    if (object) {
      found.push(map(object));
    } else {
      await yieldToEventLoop();
    }
  }

  return found;
}
