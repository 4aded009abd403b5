import type { Sample } from '../query/results.ts';

/** Shares of failed requests, or -1 without requests. */
export interface RequestHealth {
  errorRatio: number;
  inboundErrorRatio: number;
  outboundErrorRatio: number;
}

/** Requests and failed ones per second. */
interface Requests {
  all: number;
  failed: number;
}

/** Share that stands for no requests at all. */
const NONE = -1;

const FAILED = /^[45]/;

const ratio = ({ all, failed }: Requests) => (all === 0 ? NONE : failed / all);

function add(requests: Requests, { labels, value }: Sample): void {
  requests.all += value;

  if (FAILED.test(labels.response_code ?? '')) {
    requests.failed += value;
  }
}

/** Collects requests to and from something. */
export class RequestTally {
  readonly #in: Requests = { all: 0, failed: 0 };
  readonly #out: Requests = { all: 0, failed: 0 };
  readonly health: RequestHealth;

  /** `initial` is what the shares are before the first sample. */
  constructor(initial: number = NONE) {
    this.health = {
      errorRatio: initial,
      inboundErrorRatio: initial,
      outboundErrorRatio: initial,
    };
  }

  addInbound(sample: Sample): this {
    add(this.#in, sample);
    this.health.inboundErrorRatio = ratio(this.#in);

    return this.#total();
  }

  addOutbound(sample: Sample): this {
    add(this.#out, sample);
    this.health.outboundErrorRatio = ratio(this.#out);

    return this.#total();
  }

  #total(): this {
    this.health.errorRatio = ratio({
      all: this.#in.all + this.#out.all,
      failed: this.#in.failed + this.#out.failed,
    });

    return this;
  }
}

/** Returns the health of what these samples are about. */
export function healthOf(inbound: readonly Sample[], outbound: readonly Sample[]): RequestHealth {
  const tally = new RequestTally();

  for (const sample of inbound) {
    tally.addInbound(sample);
  }

  for (const sample of outbound) {
    tally.addOutbound(sample);
  }

  return tally.health;
}

/**
 * Adds samples to the tallies of the things that two labels name: where requests go, and where they
 * come from. Samples about other things are left out.
 */
export function addToTallies(
  tallies: ReadonlyMap<string, RequestTally>,
  samples: readonly Sample[],
  { destination, source }: { destination: string; source?: string },
): void {
  for (const sample of samples) {
    tallies.get(sample.labels[destination] ?? '')?.addInbound(sample);

    if (source !== undefined) {
      tallies.get(sample.labels[source] ?? '')?.addOutbound(sample);
    }
  }
}
