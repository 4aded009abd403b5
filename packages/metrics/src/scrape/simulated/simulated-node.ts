import { PageText } from '../../exposition/page-text.ts';
import type { NodeFacts } from '../cluster/cluster-state.ts';
import type { PodsUsage } from './simulated-pods.ts';
import { shareOf, Usage } from './usage.ts';

/** What a node uses besides its pods: processors and bytes. */
const OWN_CPU = 0.15;
const OWN_MEMORY = 1.5 * 1024 ** 3;

const DISK = 100 * 1024 ** 3;
const INODES = 6_553_600;

/** Longest time between two pages that counts as time in which the node ran, in seconds. */
const MAX_STEP = 600;

/**
 * Invents what a node exporter would tell about a node that does not exist: the use of its pods and
 * a little more. Its counters begin at 0 with the server, as after a restart of the node.
 */
export class SimulatedNode {
  #last = 0;
  readonly #counters = { used: 0, idle: 0, received: 0, sent: 0, reads: 0, writes: 0 };
  #load5 = 0;
  #load15 = 0;

  /** Returns the page of a time in Unix seconds. */
  page(node: NodeFacts, pods: PodsUsage, time: number): string {
    const cpu = Math.min(node.cpus * 0.95, OWN_CPU + pods.cpu);
    const step = this.#last === 0 ? 0 : Math.min(MAX_STEP, Math.max(0, time - this.#last));

    this.#last = time;
    this.#count({ node, pods, cpu, time, step });

    const page = new PageText();

    this.#renderCpu(page, { node, cpu, step });
    renderMemory(page, node, pods);
    renderFileSystem(page, node, time);
    this.#renderCounters(page);

    return page.toString();
  }

  #count({
    node,
    pods,
    cpu,
    time,
    step,
  }: {
    node: NodeFacts;
    pods: PodsUsage;
    cpu: number;
    time: number;
    step: number;
  }): void {
    const counters = this.#counters;
    const disk = (kind: string) =>
      new Usage(`${node.name}/${kind}`, 5 + 20 * shareOf(`${node.name}/${kind}`)).at(time);

    counters.used += (cpu / node.cpus) * step;
    counters.idle += (1 - cpu / node.cpus) * step;
    counters.received += pods.received * step;
    counters.sent += pods.sent * step;
    counters.reads += disk('reads') * step;
    counters.writes += disk('writes') * step;
  }

  #renderCpu(
    page: PageText,
    { node, cpu, step }: { node: NodeFacts; cpu: number; step: number },
  ): void {
    const rounded = (seconds: number) => Math.round(seconds * 100) / 100;

    for (let index = 0; index < node.cpus; index++) {
      const labels = { cpu: String(index) };
      page.add('node_cpu_seconds_total', { ...labels, mode: 'used' }, rounded(this.#counters.used));
      page.add('node_cpu_seconds_total', { ...labels, mode: 'idle' }, rounded(this.#counters.idle));
    }

    this.#load5 += (cpu - this.#load5) * (step === 0 ? 1 : 1 - Math.exp(-step / 300));
    this.#load15 += (cpu - this.#load15) * (step === 0 ? 1 : 1 - Math.exp(-step / 900));

    page.add('node_load1', {}, rounded(cpu));
    page.add('node_load5', {}, rounded(this.#load5));
    page.add('node_load15', {}, rounded(this.#load15));
  }

  #renderCounters(page: PageText): void {
    const { received, sent, reads, writes } = this.#counters;
    const network = { device: 'eth0' };
    const disk = { device: 'sda' };

    page.add('node_network_receive_bytes_total', network, Math.floor(received));
    page.add('node_network_transmit_bytes_total', network, Math.floor(sent));
    page.add('node_disk_reads_completed_total', disk, Math.floor(reads));
    page.add('node_disk_read_bytes_total', disk, Math.floor(reads) * 16_384);
    page.add('node_disk_writes_completed_total', disk, Math.floor(writes));
    page.add('node_disk_written_bytes_total', disk, Math.floor(writes) * 16_384);
  }
}

function renderMemory(page: PageText, { memory }: NodeFacts, pods: PodsUsage): void {
  const used = Math.round(Math.min(memory * 0.95, OWN_MEMORY + pods.memory));
  const cached = Math.round((memory - used) * 0.4);

  page.add('node_memory_MemTotal_bytes', {}, memory);
  page.add('node_memory_MemFree_bytes', {}, memory - used - cached);
  page.add('node_memory_MemAvailable_bytes', {}, memory - used);
  page.add('node_memory_Cached_bytes', {}, cached);
  page.add('node_memory_Buffers_bytes', {}, 0);
  page.add('node_memory_SReclaimable_bytes', {}, 0);
}

function renderFileSystem(page: PageText, { name }: NodeFacts, time: number): void {
  const labels = { device: '/dev/sda1', mountpoint: '/', fstype: 'ext4' };
  const share = 0.2 + 0.4 * shareOf(`${name}/disk`) + 0.02 * new Usage(`${name}/disk`, 1).at(time);
  const free = Math.round((DISK * (1 - share)) / 4096) * 4096;

  page.add('node_filesystem_size_bytes', labels, DISK);
  page.add('node_filesystem_free_bytes', labels, free);
  page.add('node_filesystem_avail_bytes', labels, free);
  page.add('node_filesystem_files', labels, INODES);
  page.add('node_filesystem_files_free', labels, Math.round(INODES * (1 - share / 3)));
}
