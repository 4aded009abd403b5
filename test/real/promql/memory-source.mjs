// A source of series in memory, for the tests of the PromQL engine.
import { valueTest } from '../../../packages/promql/dist/matching/matcher.js';

/** @typedef {import('../../../packages/promql/dist/evaluate/data/source.js').SourceSeries} SourceSeries */

/** Orders label sets as Prometheus' storage does. */
function compareSets(/** @type {any} */ a, /** @type {any} */ b) {
  const keys = [a, b].map((set) =>
    Object.entries(set)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, value]) => `${name}\u0000${value}`)
      .join('\u0001'),
  );

  return keys[0] < keys[1] ? -1 : 1;
}

/** Series in memory, which a selector chooses from. */
export class MemorySource {
  /** @type {SourceSeries[]} */
  #series = [];

  /** @param {SourceSeries[]} series */
  constructor(series = []) {
    this.#series = [...series].sort((a, b) => compareSets(a.labels, b.labels));
  }

  /**
   * @param {readonly import('../../../packages/promql/dist/matching/matcher.js').Matcher[]} matchers
   * @param {{ start: number, end: number }} range
   * @returns {SourceSeries[]}
   */
  select(matchers, { start, end }) {
    const tests = matchers.map((matcher) => ({ ...matcher, test: valueTest(matcher) }));

    return this.#series
      .filter(({ labels }) => tests.every(({ name, test }) => test(labels[name] ?? '')))
      .map(({ labels, times, values }) => {
        const from = times.findIndex((time) => time >= start);
        const to = times.findLastIndex((time) => time <= end) + 1;

        return from < 0 || to <= from
          ? { labels, times: times.subarray(0, 0), values: values.subarray(0, 0) }
          : { labels, times: times.subarray(from, to), values: values.subarray(from, to) };
      })
      .filter(({ times }) => times.length > 0);
  }
}
