/**
 * Asks sources, so many at once. Those that did not answer the last time come last: they may take
 * all of their time, and others should not wait for them.
 */
export class FairLanes {
  readonly #lanes: number;
  #silent: ReadonlySet<string> = new Set();

  constructor(lanes: number) {
    this.#lanes = lanes;
  }

  /** Asks all sources with a function that returns whether the source answered. */
  async run(sources: readonly string[], ask: (source: string) => Promise<boolean>): Promise<void> {
    const silent = new Set<string>();
    const queue = [
      ...sources.filter((source) => !this.#silent.has(source)),
      ...sources.filter((source) => this.#silent.has(source)),
    ].values();

    const work = async () => {
      for (const source of queue) {
        if (!(await ask(source))) {
          silent.add(source);
        }
      }
    };

    await Promise.all(Array.from({ length: this.#lanes }, work));
    this.#silent = silent;
  }
}
