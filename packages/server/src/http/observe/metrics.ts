import type { Exchange } from '@ks-apiserver/http/server/exchange';
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { RequestTally } from './request-tally.ts';

const VERBS = new Set([
  'get',
  'list',
  'watch',
  'create',
  'update',
  'patch',
  'delete',
  'deletecollection',
  'GET',
  'POST',
]);

const GROUP_LIMIT = 200;

/** Metrics of this server in the form of Prometheus; label values are bounded. */
export class Metrics {
  readonly registry = new Registry();
  readonly #requests = new RequestTally();
  #inFlight = 0;
  readonly #lostAuditRecords: Counter;
  readonly #groups = new Set<string>();

  constructor() {
    const registers = [this.registry];
    const inFlight = () => this.#inFlight;

    collectDefaultMetrics({ register: this.registry });
    this.#requests.register(this.registry);

    new Gauge({
      name: 'ks_apiserver_requests_in_flight',
      help: 'Requests being answered.',
      registers,
      collect() {
        this.set(inFlight());
      },
    });

    this.#lostAuditRecords = new Counter({
      name: 'ks_apiserver_audit_records_lost_total',
      help: 'Audit records that could not be delivered, or did not fit into the queue.',
      registers,
    });
  }

  /** Counts audit records that are lost. */
  loseAuditRecords(count: number): void {
    this.#lostAuditRecords.inc(count);
  }

  /** Counts a request that has begun. */
  begin(): void {
    this.#inFlight += 1;
  }

  /** Counts a request that has ended. */
  end({ info, res, receivedAt }: Exchange): void {
    this.#inFlight -= 1;

    const verb = VERBS.has(info.verb) ? info.verb : 'other';

    // A group becomes known with the first call of it that was served: calls that were refused, or
    // that found nothing, add none.
    const group = info.isResource ? this.#group(info.group || 'core', res.statusCode) : 'none';
    const seconds = verb === 'watch' ? undefined : (performance.now() - receivedAt) / 1000;

    this.#requests.add({ verb, group }, res.statusCode, seconds);
  }

  /**
   * Callers choose the group in the URL: unknown groups, and those beyond the limit, are counted as
   * `other`.
   */
  #group(group: string, statusCode: number): string {
    if (this.#groups.has(group)) {
      return group;
    }
    if (statusCode >= 400 || this.#groups.size >= GROUP_LIMIT) {
      return 'other';
    }

    this.#groups.add(group);

    return group;
  }
}
