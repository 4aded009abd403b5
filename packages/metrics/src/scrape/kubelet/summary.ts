import { isObject, type JsonObject } from '@ks-apiserver/apimachinery/json/json';
import { PageText } from '../../exposition/page-text.ts';
import type { ClusterState, NodeFacts } from '../cluster/cluster-state.ts';

/** Pages that are made of a kubelet's summary. */
export interface SummaryPages {
  /** What cAdvisor would tell about containers. */
  readonly containers: string;
  /** What the kubelet itself tells about volumes. */
  readonly volumes: string;
  /** What a node exporter would tell. */
  readonly node: string;
}

/** A part of a summary, such as `cpu`; empty where it is missing. */
function part(of: JsonObject, name: string): JsonObject {
  const value = of[name];
  return isObject(value) ? value : {};
}

function parts(of: JsonObject, name: string): JsonObject[] {
  const value = of[name];
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function text(of: JsonObject, name: string): string {
  const value = of[name];
  return typeof value === 'string' ? value : '';
}

type Labels = Readonly<Record<string, string | undefined>>;

/** Writes numbers of a part under the names of metrics, divided by `divisor`. */
function render(
  page: PageText,
  { of, labels, divisor = 1 }: { of: JsonObject; labels: Labels; divisor?: number },
  metrics: Readonly<Record<string, string>>,
): void {
  for (const [name, metric] of Object.entries(metrics)) {
    const value = of[name];

    if (typeof value === 'number') {
      page.add(metric, labels, value / divisor);
    }
  }
}

function renderPod(
  pages: { containers: PageText; volumes: PageText },
  pod: JsonObject,
  cluster: ClusterState,
): void {
  const { containers, volumes } = pages;
  const reference = part(pod, 'podRef');
  const at = { namespace: text(reference, 'namespace'), pod: text(reference, 'name') };
  const known = cluster.pod(`${at.namespace}/${at.pod}`);

  for (const container of parts(pod, 'containers')) {
    const name = text(container, 'name');
    const image = known?.containers.find((one) => one.name === name)?.image || 'unknown';
    const labels = { container: name, image, ...at };

    render(
      containers,
      { of: part(container, 'cpu'), labels, divisor: 1e9 },
      { usageCoreNanoSeconds: 'container_cpu_usage_seconds_total' },
    );
    render(
      containers,
      { of: part(container, 'memory'), labels },
      {
        usageBytes: 'container_memory_usage_bytes',
        workingSetBytes: 'container_memory_working_set_bytes',
        rssBytes: 'container_memory_rss',
      },
    );
  }

  for (const network of interfacesOf(pod)) {
    render(
      containers,
      { of: network, labels: { interface: text(network, 'name'), ...at } },
      {
        rxBytes: 'container_network_receive_bytes_total',
        txBytes: 'container_network_transmit_bytes_total',
      },
    );
  }

  for (const volume of parts(pod, 'volume')) {
    renderVolume(volumes, volume);
  }
}

function interfacesOf(of: JsonObject): JsonObject[] {
  const network = part(of, 'network');
  const all = parts(network, 'interfaces');

  return all.length > 0 || text(network, 'name') === '' ? all : [network];
}

function renderVolume(page: PageText, volume: JsonObject): void {
  const claim = part(volume, 'pvcRef');
  const labels = {
    namespace: text(claim, 'namespace'),
    persistentvolumeclaim: text(claim, 'name'),
  };

  if (labels.persistentvolumeclaim === '') {
    return;
  }

  render(
    page,
    { of: volume, labels },
    {
      capacityBytes: 'kubelet_volume_stats_capacity_bytes',
      availableBytes: 'kubelet_volume_stats_available_bytes',
      usedBytes: 'kubelet_volume_stats_used_bytes',
      inodes: 'kubelet_volume_stats_inodes',
      inodesFree: 'kubelet_volume_stats_inodes_free',
      inodesUsed: 'kubelet_volume_stats_inodes_used',
    },
  );
}

/** Writes what a node exporter would tell, as far as the kubelet knows it. */
function renderNode(page: PageText, node: JsonObject, facts: NodeFacts, time: number): void {
  const used = part(node, 'cpu').usageCoreNanoSeconds;
  const started = Date.parse(text(node, 'startTime')) / 1000;

  if (typeof used === 'number') {
    const seconds = used / 1e9 / facts.cpus;
    const idle = Math.max(0, time - started - seconds);

    for (let cpu = 0; cpu < facts.cpus; cpu++) {
      page.add('node_cpu_seconds_total', { cpu: String(cpu), mode: 'used' }, seconds);

      if (!Number.isNaN(idle)) {
        page.add('node_cpu_seconds_total', { cpu: String(cpu), mode: 'idle' }, idle);
      }
    }
  }

  renderMemory(page, part(node, 'memory'), facts);

  render(
    page,
    { of: part(node, 'fs'), labels: { device: '/dev/root', mountpoint: '/' } },
    {
      capacityBytes: 'node_filesystem_size_bytes',
      availableBytes: 'node_filesystem_avail_bytes',
      inodes: 'node_filesystem_files',
      inodesFree: 'node_filesystem_files_free',
    },
  );

  for (const network of interfacesOf(node)) {
    render(
      page,
      { of: network, labels: { device: text(network, 'name') } },
      {
        rxBytes: 'node_network_receive_bytes_total',
        rxErrors: 'node_network_receive_errs_total',
        txBytes: 'node_network_transmit_bytes_total',
        txErrors: 'node_network_transmit_errs_total',
      },
    );
  }
}

function renderMemory(page: PageText, { availableBytes }: JsonObject, { memory }: NodeFacts): void {
  if (memory > 0) {
    page.add('node_memory_MemTotal_bytes', {}, memory);
  }

  if (typeof availableBytes !== 'number') {
    return;
  }

  page.add('node_memory_MemAvailable_bytes', {}, availableBytes);
  page.add('node_memory_MemFree_bytes', {}, availableBytes);

  // The rules add these to what is free; a kubelet does not tell them apart.
  for (const name of ['Cached', 'Buffers', 'SReclaimable']) {
    page.add(`node_memory_${name}_bytes`, {}, 0);
  }
}

/**
 * Makes pages of what a kubelet's `/stats/summary` answers, at a time in Unix seconds. Throws a
 * SyntaxError for what is no JSON.
 */
export function summaryPages(
  json: string,
  { facts, cluster, time }: { facts: NodeFacts; cluster: ClusterState; time: number },
): SummaryPages {
  const parsed: unknown = JSON.parse(json);
  const summary = isObject(parsed) ? parsed : {};
  const pages = { containers: new PageText(), volumes: new PageText() };
  const node = new PageText();

  for (const pod of parts(summary, 'pods')) {
    renderPod(pages, pod, cluster);
  }

  renderNode(node, part(summary, 'node'), facts, time);

  return {
    containers: pages.containers.toString(),
    volumes: pages.volumes.toString(),
    node: node.toString(),
  };
}
