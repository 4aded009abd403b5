import type { MetricQueries, QueryResult } from '@ks-apiserver/promql/query-api';

/** What a container uses. */
export interface ContainerUsage {
  readonly name: string;
  /** Processors. */
  readonly cpu: number;
  /** Bytes of the working set. */
  readonly memory: number;
}

/** What a pod's containers use. */
export interface PodUsage {
  readonly namespace: string;
  readonly name: string;
  readonly containers: readonly ContainerUsage[];
}

/** What a node uses. */
export interface NodeUsage {
  readonly name: string;
  /** Processors. */
  readonly cpu: number;
  /** Bytes. */
  readonly memory: number;
}

/** A moment, and what was used then. */
export interface Latest<T> {
  /** In milliseconds since 1970. */
  readonly time: number;
  /** Seconds over which the use of processors is a mean. */
  readonly window: number;
  readonly items: readonly T[];
}

const CONTAINERS = 'job="kubelet", image!="", container!="", container!="POD"';

/** Returns a matcher of a label's value as PromQL; nothing when there is no value. */
function matcher(label: string, value: string | undefined): string {
  return value === undefined ? '' : `, ${label}=${JSON.stringify(value)}`;
}

function rowsOf(result: QueryResult): { labels: Record<string, string>; value: number }[] {
  return result.resultType === 'vector'
    ? result.result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }))
    : [];
}

/** What pods and nodes use now, as metrics.k8s.io and `kubectl top` show it. */
export class LatestUsage {
  readonly #queries: MetricQueries;
  readonly #intervalMs: number;
  readonly #lastRound: () => number;

  /** `lastRound` returns the time of the newest samples in milliseconds. */
  constructor(queries: MetricQueries, intervalMs: number, lastRound: () => number) {
    this.#queries = queries;
    this.#intervalMs = intervalMs;
    this.#lastRound = lastRound;
  }

  /** Returns what pods of a namespace, or of all, use; rejects with a QueryError. */
  async pods(
    { namespace, name }: { namespace?: string; name?: string },
    signal?: AbortSignal,
  ): Promise<Latest<PodUsage>> {
    const matchers = CONTAINERS + matcher('namespace', namespace) + matcher('pod', name);
    const by = 'by (namespace, pod, container)';
    const time = this.#lastRound();

    const [cpu, memory] = await Promise.all(
      [
        `sum ${by} (irate(container_cpu_usage_seconds_total{${matchers}}[5m]))`,
        `sum ${by} (container_memory_working_set_bytes{${matchers}})`,
      ].map(async (expression) =>
        rowsOf(await this.#queries.query(expression, time / 1000, signal)),
      ),
    );

    return this.#latest(time, podsOf(cpu ?? [], memory ?? []));
  }

  /** Returns what nodes use, or the one of a name; rejects with a QueryError. */
  async nodes({ name }: { name?: string }, signal?: AbortSignal): Promise<Latest<NodeUsage>> {
    const matchers = `{node!=""${matcher('node', name)}}`;
    const time = this.#lastRound();
    const product = (a: string, b: string, operator: string) =>
      `max by (node) (${a}${matchers} ${operator} ${b}${matchers})`;

    const [cpu = [], memory = []] = await Promise.all(
      [
        product('node:node_cpu_utilisation:avg1m', 'node:node_num_cpu:sum', '*'),
        product('node:node_memory_bytes_total:sum', 'node:node_memory_bytes_available:sum', '-'),
      ].map(async (expression) =>
        rowsOf(await this.#queries.query(expression, time / 1000, signal)),
      ),
    );

    const bytes = new Map(memory.map(({ labels, value }) => [labels.node, value]));

    const items = cpu.flatMap(({ labels: { node = '' }, value }) => {
      const used = bytes.get(node);
      return used === undefined ? [] : [{ name: node, cpu: value, memory: used }];
    });

    return this.#latest(time, items);
  }

  #latest<T>(time: number, items: readonly T[]): Latest<T> {
    return { time, window: this.#intervalMs / 1000, items };
  }
}

type Rows = ReturnType<typeof rowsOf>;

/** Returns the pods all of whose figures are there: a container has no rate when it is new. */
function podsOf(cpu: Rows, memory: Rows): PodUsage[] {
  const keyOf = (labels: Record<string, string>) =>
    `${labels.namespace}/${labels.pod}/${labels.container}`;
  const bytes = new Map(memory.map(({ labels, value }) => [keyOf(labels), value]));
  const pods = new Map<string, PodUsage & { containers: ContainerUsage[] }>();

  for (const { labels, value } of cpu) {
    const used = bytes.get(keyOf(labels));
    if (used === undefined) {
      continue;
    }

    const { namespace = '', pod: name = '', container = '' } = labels;
    const key = `${namespace}/${name}`;
    const pod = pods.get(key) ?? { namespace, name, containers: [] };

    pods.set(key, pod);
    pod.containers.push({ name: container, cpu: value, memory: used });
  }

  return [...pods.values()];
}
