import { performance } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';

/** How long work may go on before other requests are let through, in milliseconds. */
const SLICE_MS = 8;

/** Resolves after the event loop has gone round once, so that other requests run in between. */
export function yieldToEventLoop(): Promise<void> {
  return setImmediate();
}

/** Cuts long work into slices of a few milliseconds, so that other requests run in between. */
export class TimeSlice {
  #startedAt = performance.now();

  /** Whether the slice is used up: then the work calls `next` before it goes on. */
  get isOver(): boolean {
    return performance.now() - this.#startedAt > SLICE_MS;
  }

  /** Yields to the event loop and begins the next slice. */
  async next(): Promise<void> {
    await yieldToEventLoop();
    this.#startedAt = performance.now();
  }
}
