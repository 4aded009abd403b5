import { yieldToEventLoop } from '@ks-apiserver/apimachinery/concurrency/time-slice';
import type { StoredObject } from '../../storage/stored-object.ts';

/** Objects that are looked at before others have their turn. */
const STEP = 256;

/**
 * The objects that match, and undefined from time to time: then whoever reads them awaits a
 * `yieldToEventLoop()`, be there none that matches.
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

/** What becomes of all objects of a scan. */
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
