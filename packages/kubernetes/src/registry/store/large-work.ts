import { yieldToEventLoop } from '@ks-apiserver/apimachinery/concurrency/time-slice';

/**
 * Larger bodies and objects, in bytes, are processed in steps, between which other requests run.
 */
export const LARGE_BYTES = 64 * 1024;

let last: Promise<void> = Promise.resolve();

/**
 * Resolves when the caller may take the next step of large work. However many requests wait, each
 * turn of the event loop runs one such step, so that small requests wait for one step at most.
 */
export function yieldBetweenLargeSteps(): Promise<void> {
  last = last.then(yieldToEventLoop);
  return last;
}
