import { badRequest, StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { Matcher } from '@ks-apiserver/promql/matching/matcher';
import { type MetricQueries, QueryError } from '@ks-apiserver/promql/query-api';
import { printExpression } from '@ks-apiserver/promql/syntax/print';
import type { MeshNamespaces } from '../mesh-namespaces.ts';
import type { MeshObjects } from '../mesh-objects.ts';
import { differs, equals, rate } from '../query/expressions.ts';
import { failureText, type Sample, samplesOf } from '../query/results.ts';
import { type Workload, workloadsOf } from '../workloads/workloads.ts';
import { addToTallies, healthOf, type RequestHealth, RequestTally } from './request-health.ts';

/** How many pods of a workload there should be, and how many run. */
export interface WorkloadStatus {
  readonly name: string;
  readonly replicas: number;
  readonly available: number;
}

/** Health of an app. */
export interface AppHealth {
  readonly workloadStatuses: readonly WorkloadStatus[];
  readonly requests: RequestHealth;
}

/** Health of a workload. */
export interface WorkloadHealth {
  readonly workloadStatus: WorkloadStatus;
  readonly requests: RequestHealth;
}

/** Health of a service. */
export interface ServiceHealth {
  readonly requests: RequestHealth;
}

/** A call for the health of a namespace or of something in it. */
export interface HealthCall {
  readonly namespace: string;
  readonly query: URLSearchParams;
  readonly signal: AbortSignal;
}

type Of<T> = Promise<Record<string, T>>;

const DEFAULT_INTERVAL = '10m';

const statusOf = ({ name, replicas, available }: Workload): WorkloadStatus => ({
  name,
  replicas,
  available,
});

/** Tells how many requests fail in the service mesh, and which pods run. */
export class MeshHealth {
  readonly #queries: MetricQueries;
  readonly #namespaces: MeshNamespaces;
  readonly #objects: MeshObjects;

  constructor(queries: MetricQueries, namespaces: MeshNamespaces, objects: MeshObjects) {
    this.#queries = queries;
    this.#namespaces = namespaces;
    this.#objects = objects;
  }

  /** Returns the health of all apps, services or workloads of a namespace by their names. */
  async ofNamespace(call: HealthCall): Of<AppHealth | ServiceHealth | WorkloadHealth> {
    const type = call.query.get('type');

    switch (type) {
      case 'app':
        return this.#apps(call);
      case 'service':
        return this.#services(call);
      case 'workload':
        return this.#workloads(call);
      default:
        throw badRequest(
          "Bad request, query parameter 'type' must be one of ['app','service','workload']",
        );
    }
  }

  /** Returns the health of an app; one that nothing belongs to has no workloads and no requests. */
  async ofApp(app: string, call: HealthCall): Promise<AppHealth> {
    const { namespace, signal } = call;
    const intervalMs = await this.#interval(call);
    const objects = await this.#objects.workloads(namespace, signal);
    const workloads = workloadsOf(objects, (labels) => labels.app === app);
    const isInMesh = workloads.some(({ hasSidecar }) => hasSidecar);
    const requests = await this.#requests(call, intervalMs, isInMesh ? ['app', app] : undefined);

    return { workloadStatuses: workloads.map(statusOf), requests };
  }

  /** Returns the health of a workload. Throws NotFound. */
  async ofWorkload(name: string, call: HealthCall): Promise<WorkloadHealth> {
    const intervalMs = await this.#interval(call);
    const objects = await this.#objects.workloads(call.namespace, call.signal);
    const workload = workloadsOf(objects).find((one) => one.name === name);
    if (!workload) {
      throw new StatusError(404, 'NotFound', `Workload.Kiali ${JSON.stringify(name)} not found`);
    }

    const asked = workload.hasSidecar ? (['workload', name] as const) : undefined;
    const requests = await this.#requests(call, intervalMs, asked);

    return { workloadStatus: statusOf(workload), requests };
  }

  /** Returns the health of a service. */
  async ofService(service: string, call: HealthCall): Promise<ServiceHealth> {
    const intervalMs = await this.#interval(call);

    const inbound = await this.#answered(
      this.#samples(call, intervalMs, [
        equals('destination_service_name', service),
        equals('destination_service_namespace', call.namespace),
      ]),
    );

    return { requests: healthOf(inbound, []) };
  }

  #interval({ namespace, query, signal }: HealthCall): Promise<number> {
    const text = query.get('rateInterval') || DEFAULT_INTERVAL;
    return this.#namespaces.intervalWithin(namespace, text, signal);
  }

  /** Returns requests to and from an app or a workload; of one outside of the mesh, none. */
  async #requests(
    call: HealthCall,
    intervalMs: number,
    asked: readonly ['app' | 'workload', string] | undefined,
  ): Promise<RequestHealth> {
    if (!asked) {
      return healthOf([], []);
    }

    const [label, name] = asked;
    const ofSide = (side: 'destination' | 'source') =>
      this.#answered(
        this.#samples(call, intervalMs, [
          equals(`${side}_workload_namespace`, call.namespace),
          equals(`${side}_${label}`, name),
        ]),
      );

    return healthOf(...(await Promise.all([ofSide('destination'), ofSide('source')])));
  }

  async #apps(call: HealthCall): Of<AppHealth> {
    const { namespace, signal } = call;
    const intervalMs = await this.#interval(call);
    const [objects, services] = await Promise.all([
      this.#objects.workloads(namespace, signal),
      this.#objects.services(namespace, signal),
    ]);
    const workloads = workloadsOf(objects, (labels) => labels.app !== undefined);

    const names = new Set<string>();
    for (const { spec } of services) {
      const { app } = (spec?.selector ?? {}) as { app?: string };
      if (app !== undefined) {
        names.add(app);
      }
    }

    for (const { labels } of workloads) {
      if (labels.app !== undefined) {
        names.add(labels.app);
      }
    }

    const tallies = new Map([...names].sort().map((name) => [name, new RequestTally()]));

    if (workloads.some(({ hasSidecar }) => hasSidecar)) {
      const samples = await this.#answered(
        this.#ofNamespace(call, intervalMs),
        'Error while fetching app health: ',
      );
      addToTallies(tallies, samples, { destination: 'destination_app', source: 'source_app' });
    }

    const statuses = new Map([...tallies.keys()].map((name) => [name, [] as WorkloadStatus[]]));
    for (const workload of workloads) {
      statuses.get(workload.labels.app ?? '')?.push(statusOf(workload));
    }

    return Object.fromEntries(
      [...tallies].map(([name, { health }]) => [
        name,
        { workloadStatuses: statuses.get(name) ?? [], requests: health },
      ]),
    );
  }

  async #workloads(call: HealthCall): Of<WorkloadHealth> {
    const intervalMs = await this.#interval(call);
    const objects = await this.#objects.workloads(call.namespace, call.signal);
    const workloads = workloadsOf(objects);
    // As in 3.0, a workload of which there are no samples shows 0 here, not -1.
    const tallies = new Map(workloads.map(({ name }) => [name, new RequestTally(0)]));

    if (workloads.some(({ hasSidecar }) => hasSidecar)) {
      const samples = await this.#orNone(this.#ofNamespace(call, intervalMs));
      addToTallies(tallies, samples, {
        destination: 'destination_workload',
        source: 'source_workload',
      });
    }

    return Object.fromEntries(
      workloads.map((workload) => {
        const requests = (tallies.get(workload.name) ?? new RequestTally(0)).health;
        return [workload.name, { workloadStatus: statusOf(workload), requests }];
      }),
    );
  }

  async #services(call: HealthCall): Of<ServiceHealth> {
    const intervalMs = await this.#interval(call);
    const samples = await this.#orNone(
      this.#samples(call, intervalMs, [equals('destination_service_namespace', call.namespace)]),
    );

    const names = new Set(samples.map(({ labels }) => labels.destination_service_name ?? ''));
    const tallies = new Map([...names].sort().map((name) => [name, new RequestTally()]));
    addToTallies(tallies, samples, { destination: 'destination_service_name' });

    return Object.fromEntries(
      [...tallies].map(([name, { health }]) => [name, { requests: health }]),
    );
  }

  /** Returns samples of requests into a namespace, and of those that come from it. */
  async #ofNamespace(call: HealthCall, intervalMs: number): Promise<Sample[]> {
    const { namespace } = call;

    const found = await Promise.all([
      this.#samples(call, intervalMs, [
        equals('destination_service_namespace', namespace),
        differs('source_workload_namespace', namespace),
      ]),
      this.#samples(call, intervalMs, [equals('source_workload_namespace', namespace)]),
    ]);

    return found.flat();
  }

  async #samples(
    { signal }: HealthCall,
    intervalMs: number,
    matchers: readonly Matcher[],
  ): Promise<Sample[]> {
    const expression = printExpression(rate('istio_requests_total', matchers, intervalMs));
    return samplesOf(await this.#queries.query(expression, Date.now() / 1000, signal));
  }

  /** Returns samples. A failed query becomes an internal error with its text. */
  async #answered(samples: Promise<Sample[]>, prefix = ''): Promise<Sample[]> {
    try {
      return await samples;
    } catch (error) {
      throw error instanceof QueryError
        ? new StatusError(500, 'InternalError', prefix + failureText(error))
        : error;
    }
  }

  /** Returns samples; as in 3.0, none when the query fails. */
  async #orNone(samples: Promise<Sample[]>): Promise<Sample[]> {
    try {
      return await samples;
    } catch (error) {
      if (error instanceof QueryError) {
        return [];
      }
      throw error;
    }
  }
}
