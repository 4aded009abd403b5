import { SampleBatch } from './sample-batch.ts';

interface Stamped {
  readonly time: number;
  readonly ref: number;
  readonly value: number;
}

/** Samples that have times of their own. */
export class StampedSamples {
  readonly #batch = new SampleBatch();
  #samples: Stamped[] = [];

  get size(): number {
    return this.#samples.length;
  }

  /** Adds the sample of a series at a time in milliseconds. */
  add(time: number, ref: number, value: number): void {
    this.#samples.push({ time, ref, value });
  }

  clear(): void {
    this.#samples = [];
  }

  /** Yields the samples of each time, ascending; the batch is valid until the next. */
  *batches(): Generator<{ time: number; batch: SampleBatch }> {
    const samples = this.#samples.sort((a, b) => a.time - b.time);
    const batch = this.#batch;

    for (let at = 0; at < samples.length; ) {
      const time = samples[at]?.time ?? 0;

      batch.clear();

      for (; samples[at]?.time === time; at += 1) {
        batch.add(samples[at]?.ref ?? 0, samples[at]?.value ?? 0);
      }

      yield { time, batch };
    }
  }
}
