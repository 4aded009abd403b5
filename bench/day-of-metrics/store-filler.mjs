// Adds the pages of invented targets to a store.
import { Target } from '../../packages/metrics/dist/ingest/target.js';
import { valueAt } from '../../test/real/metrics/invented-series.mjs';
import { seriesText } from '../../test/real/metrics/page-server.mjs';

/** @typedef {import('../../test/real/metrics/invented-cluster.mjs').InventedTarget} InventedTarget */

/** Targets of a store, and the texts of their series. */
export class StoreFiller {
  #targets;

  /**
   * @param {import('../../packages/metrics/dist/store/metric-store.js').MetricStore} store
   * @param {InventedTarget[]} targets
   */
  constructor(store, targets) {
    this.#targets = targets.map(({ labels, honorLabels, series }) => ({
      target: new Target(store, { labels, ownLabels: honorLabels ? 'keep' : 'rename' }),
      lines: series.map((one, seed) => ({ one, seed, text: seriesText(one) })),
    }));
  }

  /** Adds all samples of a time in milliseconds; returns how many. */
  add(time) {
    const seconds = time / 1000;
    let samples = 0;

    for (const { target, lines } of this.#targets) {
      let page = '';
      for (const { one, seed, text } of lines) {
        page += `${text} ${valueAt(one, seconds, seed)}\n`;
      }

      samples += target.ingest(time, Buffer.from(page).toString('latin1'));
    }

    return samples;
  }
}
