// Run by kill.test.ts: appends a sample a minute to many series, and tells its parent the newest
// minute that the disk keeps.

import { SampleBatch } from '@ks-apiserver/metrics/samples/sample-batch';
import { MetricStore } from '@ks-apiserver/metrics/store/metric-store';

const [directory = '', first = '0', start = '0'] = process.argv.slice(2);
const SERIES = 300;

let now = 0;

const store = await MetricStore.open({
  directory,
  log: { warn: (message) => process.send?.({ message }), info: () => {} },
  now: () => now,
});

for (let minute = Number(first); ; minute++) {
  const batch = new SampleBatch();
  now = Number(start) + minute * 60_000;

  const window = store.windowAt(now);
  if (!window) {
    continue;
  }

  for (let series = 0; series < SERIES; series++) {
    const labels = ['__name__', 'a', 'pod', `web-${series}`];
    batch.add(store.resolve(window, labels), minute * 1000 + series + 0.25);
  }

  store.append(window, now, batch);

  if (await store.commit()) {
    process.send?.({ minute });
  }

  // Blocks are written while the next samples come.
  void store.maintain();
}
