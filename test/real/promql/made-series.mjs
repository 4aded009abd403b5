// Series for comparisons: counters with resets, gauges with gaps, histograms, series that come and go.

/** The first sample's time in milliseconds. */
export const START = 1_700_000_000_000;

/** Samples are this far apart, but for some milliseconds. */
const INTERVAL = 30_000;
const COUNT = 480;

/** Returns numbers from 0 to 1 that are the same in every run (mulberry32). */
function randomNumbers(seed) {
  let state = seed;

  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const random = randomNumbers(42);

/** Makes a series; `next` returns each value from the one before, undefined where there is none. */
function series(labels, next, { from = 0, to = COUNT } = {}) {
  const times = [];
  const values = [];
  let value = 0;

  for (let index = from; index < to; index += 1) {
    const made = next(value, index);

    if (made !== undefined) {
      value = made;
      times.push(START + index * INTERVAL + Math.floor(random() * 1000));
      values.push(made);
    }
  }

  return { labels, times: Float64Array.from(times), values: Float64Array.from(values) };
}

/** A value with few digits, so that sums do not depend on their order too much. */
const rounded = (value) => Math.round(value * 64) / 64;

const counter = (value) => (random() < 0.01 ? 0 : rounded(value + random() * 20));
const gauge = (value) => rounded(Math.abs(value + random() * 10 - 5));

function* madeSeries() {
  for (const job of ['a', 'b']) {
    yield series({ __name__: 'jobs', job }, gauge);

    for (const instance of ['0', '1', '2']) {
      const labels = { job, instance };
      const gap = Math.floor(random() * 300);

      yield series({ __name__: 'info', ...labels, version: `v${instance}` }, () => 1);
      yield series({ __name__: 'temperature', ...labels }, (value, index) =>
        index > gap && index < gap + 40 ? undefined : gauge(value),
      );
      yield series({ __name__: 'odd', ...labels }, (value) => {
        const choice = random();
        return choice < 0.1
          ? [Number.NaN, Infinity, -Infinity, 0][Math.floor(choice * 40)]
          : gauge(Number.isFinite(value) ? value : 0) - 5;
      });

      for (const code of ['200', '404', '500']) {
        yield series({ __name__: 'requests_total', ...labels, code }, counter);
      }
    }

    for (const bound of ['0.1', '0.5', '1', '+Inf']) {
      let sum = 0;
      yield series({ __name__: 'latency_bucket', job, le: bound }, () => {
        sum += rounded(Math.min(10, Number(bound.replace('+Inf', '5'))) * (1 + random()));
        return sum;
      });
    }
  }

  for (let pod = 0; pod < 12; pod += 1) {
    const from = Math.floor(random() * 400);
    yield series({ __name__: 'pods', pod: `p${pod % 4}`, uid: `u${pod}` }, gauge, {
      from,
      to: from + 60,
    });
  }
}

/** All series. */
export const made = [...madeSeries()];
