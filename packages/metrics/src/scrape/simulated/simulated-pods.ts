import { PageText } from '../../exposition/page-text.ts';
import type { ContainerFacts, PodFacts } from '../cluster/cluster-state.ts';
import { shareOf, Usage } from './usage.ts';

/** Bytes of a page of memory. */
const MEMORY_PAGE = 4096;

/** What a container uses that states nothing: processors and bytes. */
const DEFAULT_CPU = 0.02;
const DEFAULT_MEMORY = 96 * 1024 ** 2;

/** Share of a limit that is used at most. */
const MOST = 0.6;

/** What the pods of a node use, at one moment. */
export interface PodsUsage {
  /** Processors. */
  cpu: number;
  /** Bytes. */
  memory: number;
  /** Bytes a second. */
  received: number;
  sent: number;
}

function cpuOf(key: string, { cpuRequest, cpuLimit }: ContainerFacts): Usage {
  const wanted = (cpuRequest ?? DEFAULT_CPU) * (0.3 + 0.5 * shareOf(`${key}/cpu`));
  return new Usage(`${key}/cpu`, Math.min(wanted, (cpuLimit ?? Number.POSITIVE_INFINITY) * MOST));
}

function memoryOf(key: string, { memoryRequest, memoryLimit }: ContainerFacts, time: number) {
  const wanted = (memoryRequest ?? DEFAULT_MEMORY) * (0.5 + 0.4 * shareOf(`${key}/memory`));
  const mean = Math.min(wanted, (memoryLimit ?? Number.POSITIVE_INFINITY) * MOST);
  // Memory follows the load a little.
  const used = mean * (0.9 + 0.1 * new Usage(`${key}/memory`, 1).at(time));

  return Math.round(used / MEMORY_PAGE) * MEMORY_PAGE;
}

/** Writes the series of pods that do not really run, with cAdvisor's names and labels. */
export class SimulatedPods {
  readonly #page = new PageText();
  readonly usage: PodsUsage = { cpu: 0, memory: 0, received: 0, sent: 0 };
  readonly #time: number;

  /** `time` is in Unix seconds. */
  constructor(time: number) {
    this.#time = time;
  }

  /** All series so far. */
  get page(): string {
    return this.#page.toString();
  }

  add(pod: PodFacts): void {
    if (!pod.isRunning) {
      return;
    }

    const { namespace, name } = pod;
    const key = `${namespace}/${name}/${pod.uid}`;
    const started = Math.min(pod.started / 1000, this.#time);

    for (const container of pod.containers) {
      this.#addContainer(`${key}/${container.name}`, { pod, container, started });
    }

    const received = new Usage(`${key}/received`, 1000 + 60_000 * shareOf(`${key}/traffic`));
    const sent = new Usage(`${key}/sent`, 1000 + 60_000 * shareOf(`${key}/answers`));
    const labels = { interface: 'eth0', namespace, pod: name };

    this.#page.add(
      'container_network_receive_bytes_total',
      labels,
      Math.floor(received.between(started, this.#time)),
    );
    this.#page.add(
      'container_network_transmit_bytes_total',
      labels,
      Math.floor(sent.between(started, this.#time)),
    );

    this.usage.received += received.at(this.#time);
    this.usage.sent += sent.at(this.#time);

    for (const claim of pod.claims) {
      this.#addVolume(namespace, claim);
    }
  }

  #addContainer(
    key: string,
    { pod, container, started }: { pod: PodFacts; container: ContainerFacts; started: number },
  ): void {
    const labels = {
      container: container.name,
      image: container.image || 'unknown',
      namespace: pod.namespace,
      pod: pod.name,
    };
    const cpu = cpuOf(key, container);
    const memory = memoryOf(key, container, this.#time);
    const seconds = Math.round(cpu.between(started, this.#time) * 1e6) / 1e6;

    this.#page.add('container_cpu_usage_seconds_total', labels, seconds);
    this.#page.add('container_memory_usage_bytes', labels, memory);
    this.#page.add(
      'container_memory_working_set_bytes',
      labels,
      Math.round((memory * 0.85) / MEMORY_PAGE) * MEMORY_PAGE,
    );

    this.usage.cpu += cpu.at(this.#time);
    this.usage.memory += memory;
  }

  #addVolume(namespace: string, claim: string): void {
    const labels = { namespace, persistentvolumeclaim: claim };
    const key = `${namespace}/${claim}`;
    const capacity = 10 * 1024 ** 3;
    const share = (0.2 + 0.6 * shareOf(key)) * (0.98 + 0.02 * new Usage(key, 1).at(this.#time));
    const used = Math.round((capacity * share) / MEMORY_PAGE) * MEMORY_PAGE;
    const inodes = capacity / 16_384;
    const inodesUsed = Math.round(inodes * share * 0.1);

    this.#page.add('kubelet_volume_stats_capacity_bytes', labels, capacity);
    this.#page.add('kubelet_volume_stats_used_bytes', labels, used);
    this.#page.add('kubelet_volume_stats_available_bytes', labels, capacity - used);
    this.#page.add('kubelet_volume_stats_inodes', labels, inodes);
    this.#page.add('kubelet_volume_stats_inodes_used', labels, inodesUsed);
    this.#page.add('kubelet_volume_stats_inodes_free', labels, inodes - inodesUsed);
  }
}
