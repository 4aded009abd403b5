import { Counter, type Metric, type Registry } from 'prom-client';

/** Upper bounds of buckets in seconds, from a cached get to a large list. */
const BUCKETS = [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60];

const DURATION = {
  name: 'ks_apiserver_request_duration_seconds',
  help: 'Time from a request to the end of its answer, without watches.',
  type: 'histogram',
  aggregator: 'sum',
};

/** Labels of requests, whose values the caller bounds. */
export interface RequestLabels {
  verb: string;
  group: string;
}

/** Requests with the same labels. */
interface Tally {
  labels: RequestLabels;
  /** How many ended with each status code. */
  codes: Map<number, number>;
  /** How many took at most as long as each bucket's bound, but longer than the one before. */
  buckets: number[];
  timed: number;
  seconds: number;
}

/**
 * Counts requests, and how long they took. The library's own counters join the labels of every
 * request to a text, which costs more than the rest of a small answer's bookkeeping: here that
 * happens when the metrics are read.
 */
export class RequestTally {
  readonly #tallies = new Map<string, Map<string, Tally>>();

  /** Counts a request with its status code, and its duration if it has one. */
  add(labels: RequestLabels, code: number, seconds: number | undefined): void {
    const tally = this.#tallyOf(labels);
    tally.codes.set(code, (tally.codes.get(code) ?? 0) + 1);

    if (seconds === undefined) {
      return;
    }

    tally.timed += 1;
    tally.seconds += seconds;

    for (let i = 0; i < BUCKETS.length; i++) {
      if (seconds <= (BUCKETS[i] as number)) {
        tally.buckets[i] = (tally.buckets[i] ?? 0) + 1;
        return;
      }
    }
  }

  #tallyOf(labels: RequestLabels): Tally {
    let verbs = this.#tallies.get(labels.group);
    if (!verbs) {
      verbs = new Map();
      this.#tallies.set(labels.group, verbs);
    }

    let tally = verbs.get(labels.verb);
    if (!tally) {
      tally = { labels, codes: new Map(), buckets: BUCKETS.map(() => 0), timed: 0, seconds: 0 };
      verbs.set(labels.verb, tally);
    }

    return tally;
  }

  *#all(): Generator<Tally> {
    for (const verbs of this.#tallies.values()) {
      yield* verbs.values();
    }
  }

  /** Adds the metrics to a registry. */
  register(registry: Registry): void {
    const all = () => this.#all();

    new Counter({
      name: 'ks_apiserver_request_total',
      help: 'Requests by verb, group and status code.',
      labelNames: ['verb', 'group', 'code'],
      registers: [registry],
      collect() {
        this.reset();

        for (const { labels, codes } of all()) {
          for (const [code, count] of codes) {
            this.inc({ ...labels, code }, count);
          }
        }
      },
    });

    const histogram = { name: DURATION.name, get: async () => this.#histogram() };

    // The library has no histogram that is filled when it is read, but asks metrics for no more.
    registry.registerMetric(histogram as unknown as Metric);
  }

  #histogram() {
    const { name } = DURATION;
    const values: { metricName: string; labels: object; value: number }[] = [];

    for (const { labels, buckets, timed, seconds } of this.#all()) {
      if (timed === 0) {
        continue;
      }

      let sum = 0;

      for (const [i, le] of BUCKETS.entries()) {
        sum += buckets[i] ?? 0;
        values.push({ metricName: `${name}_bucket`, labels: { le, ...labels }, value: sum });
      }

      values.push(
        { metricName: `${name}_bucket`, labels: { le: '+Inf', ...labels }, value: timed },
        { metricName: `${name}_sum`, labels, value: seconds },
        { metricName: `${name}_count`, labels, value: timed },
      );
    }

    return { ...DURATION, values };
  }
}
