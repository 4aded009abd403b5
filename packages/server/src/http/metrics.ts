import type { Exchange } from '@ks-apiserver/http/server/exchange';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** Buckets in seconds, from a cached get to a large list. */
const BUCKETS = [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60];

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
  readonly #requests: Counter;
  readonly #duration: Histogram;
  readonly inFlight: Gauge;
  readonly #lostAuditRecords: Counter;
  readonly #groups = new Set<string>();

  constructor() {
    const registers = [this.registry];

    collectDefaultMetrics({ register: this.registry });

    this.#requests = new Counter({
      name: 'ks_apiserver_request_total',
      help: 'Requests by verb, group and status code.',
      labelNames: ['verb', 'group', 'code'],
      registers,
    });

    this.#duration = new Histogram({
      name: 'ks_apiserver_request_duration_seconds',
      help: 'Time from a request to the end of its answer, without watches.',
      labelNames: ['verb', 'group'],
      buckets: BUCKETS,
      registers,
    });

    this.inFlight = new Gauge({
      name: 'ks_apiserver_requests_in_flight',
      help: 'Requests being answered.',
      registers,
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

  /** Counts a request that has ended. */
  observe({ info, res, receivedAt }: Exchange): void {
    const verb = VERBS.has(info.verb) ? info.verb : 'other';

    // A group becomes known with the first call of it that was served: calls that were refused, or
    // that found nothing, add none.
    const group = info.isResource ? this.#group(info.group || 'core', res.statusCode) : 'none';
    this.#requests.inc({ verb, group, code: res.statusCode });

    if (verb !== 'watch') {
      this.#duration.observe({ verb, group }, (performance.now() - receivedAt) / 1000);
    }
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
