import { yieldToEventLoop } from '@ks-apiserver/apimachinery/concurrency/time-slice';

/**
 * Bodies and objects of more bytes are dealt with step by step, with turns for other requests
 * between them.
 */
export const LARGE_BYTES = 64 * 1024;

let last: Promise<void> = Promise.resolve();

/**
 * Resolves when the caller may take the next step of large work: there is one such step in each
 * turn of the event loop, however many requests wait for theirs, so that small requests wait for
 * one step at most.
 */
export function yieldBetweenLargeSteps(): Promise<void> {
  last = last.then(yieldToEventLoop);
  return last;
}
