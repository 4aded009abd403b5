import { performance } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';

/** How long work may go on before others have their turn, in milliseconds. */
const SLICE_MS = 8;

/** Cuts long work into slices, so that requests are answered meanwhile. */
export class Turns {
  #since = performance.now();

  /** Whether it is others' turn; then `next` is to be awaited. */
  get over(): boolean {
    return performance.now() - this.#since > SLICE_MS;
  }

  async next(): Promise<void> {
    await setImmediate();
    this.#since = performance.now();
  }
}
