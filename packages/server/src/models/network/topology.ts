import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { labelSelectorFrom } from '@ks-apiserver/apimachinery/selectors/labels';
import type { Entry } from '@ks-apiserver/client/informer/entry';
import type { MemberPod, NamespaceObjects } from './namespace-objects.ts';
import {
  counted,
  type NodeConnections,
  type NodeDetails,
  type NodeSummary,
  type NodeTable,
  nodeFields,
} from './topology-node.ts';

/** A workload that was seen to call a service. */
export interface ObservedCall {
  /** Name of the workload. */
  workload: string;
  service: string;
}

const TOPOLOGY = 'services';

const POLICY_COLUMNS = [
  { id: 'policy', label: 'Policy' },
  { id: 'direction', label: 'Direction' },
];

const POD_COLUMNS = [
  { id: 'kubernetes_state', label: 'State' },
  { id: 'kubernetes_node', label: 'Node' },
];

function parsed({ bytes }: Entry): KubeObject {
  return JSON.parse(bytes.toString()) as KubeObject;
}

function serviceId({ uid }: Entry): string {
  return `${uid};<service>`;
}

function workloadId(kind: string, { uid }: Entry): string {
  return `${uid};<${kind.toLowerCase()}>`;
}

/** Whether the selector of a Service chooses a pod. */
function selects(service: Entry, pod: Entry): boolean {
  const wanted = Object.entries((service.fields.selector ?? {}) as Record<string, string>);
  return wanted.length > 0 && wanted.every(([key, value]) => pod.labels[key] === value);
}

function portsOf({ spec }: KubeObject): string {
  const ports: { port: number; protocol?: string }[] = spec?.ports ?? [];
  return ports.map(({ port, protocol = 'TCP' }) => `${port}/${protocol}`).join(', ');
}

/** The network of a namespace as a graph of its services and of what runs behind them. */
export class Topology {
  readonly #objects: NamespaceObjects;
  readonly #calls: readonly ObservedCall[];
  readonly #nodes = new Map<string, NodeSummary>();
  /** Pods inside each node, by its id. */
  readonly #members = new Map<string, readonly MemberPod[]>();

  constructor(objects: NamespaceObjects, calls: readonly ObservedCall[]) {
    this.#objects = objects;
    this.#calls = calls;

    for (const [key, { kind, entry }] of objects.workloads) {
      const members = objects.pods.filter(({ workload }) => workload === key);
      this.#add(this.#workload(kind, entry, members), members);
    }

    for (const pod of objects.pods.filter(({ workload }) => workload === undefined)) {
      this.#add(this.#workload('Pod', pod.entry, [pod]), [pod]);
    }

    for (const service of objects.services) {
      const members = objects.pods.filter(({ entry }) => this.#isBehind(service, entry));
      this.#add(this.#service(service, members), members);
    }
  }

  /** Returns all nodes by their ids. */
  nodes(): Record<string, NodeSummary> {
    return Object.fromEntries(this.#nodes);
  }

  /** Returns one node with its pods and connections; undefined if there is none of that id. */
  node(id: string): NodeDetails | undefined {
    const node = this.#nodes.get(id);
    if (!node) {
      return undefined;
    }

    const before = [...this.#nodes.values()].filter(({ adjacency }) => adjacency.includes(id));
    const behind = node.adjacency.flatMap((other) => this.#nodes.get(other) ?? []);
    const pods = (this.#members.get(id) ?? []).map(({ entry }) => this.#pod(entry));

    return {
      ...node,
      controls: [],
      children: [
        { id: 'pods', label: 'Pods', topologyId: 'pods', columns: POD_COLUMNS, nodes: pods },
      ],
      connections: [
        connections('incoming-connections', 'Inbound', before),
        connections('outgoing-connections', 'Outbound', behind),
      ],
    };
  }

  #add(node: NodeSummary, members: readonly MemberPod[]): void {
    this.#nodes.set(node.id, node);
    this.#members.set(node.id, members);
  }

  /** Endpoints tell which pods are behind a Service; without any, its selector does. */
  #isBehind(service: Entry, pod: Entry): boolean {
    const endpoints = this.#objects.endpoints.get(service.name);
    return endpoints ? endpoints.has(pod.name) : selects(service, pod);
  }

  #service(entry: Entry, members: readonly MemberPod[]): NodeSummary {
    const service = parsed(entry);
    const behind = members.map(({ entry: pod, workload }) => this.#idOf(workload, pod));

    return {
      id: serviceId(entry),
      label: entry.name,
      labelMinor: counted(members.length, 'pod'),
      rank: `${entry.namespace}/${entry.name}`,
      shape: 'heptagon',
      stack: members.length > 1,
      metadata: nodeFields([
        ['kubernetes_namespace', 'Namespace', entry.namespace],
        ['kubernetes_type', 'Type', String(service.spec?.type ?? 'ClusterIP')],
        ['kubernetes_ip', 'Internal IP', String(service.spec?.clusterIP ?? '')],
        ['kubernetes_ports', 'Ports', portsOf(service)],
      ]),
      parents: [],
      metrics: [],
      tables: [],
      adjacency: [...new Set(behind)],
    };
  }

  #workload(kind: string, entry: Entry, members: readonly MemberPod[]): NodeSummary {
    const called = this.#calls
      .filter(({ workload }) => workload === entry.name)
      .flatMap(({ service }) => this.#objects.services.filter(({ name }) => name === service));

    return {
      id: workloadId(kind, entry),
      label: entry.name,
      labelMinor: kind === 'Pod' ? kind : `${kind}, ${counted(members.length, 'pod')}`,
      rank: `${entry.namespace}/${entry.name}`,
      shape: 'heptagon',
      stack: members.length > 1,
      metadata: nodeFields([
        ['kubernetes_namespace', 'Namespace', entry.namespace],
        ['kubernetes_type', 'Kind', kind],
        ['kubernetes_pods', 'Pods', String(members.length)],
      ]),
      parents: [],
      metrics: [],
      tables: this.#policyTable(members),
      adjacency: [...new Set(called.map(serviceId))],
    };
  }

  #pod(entry: Entry): NodeSummary {
    const { status, spec } = parsed(entry);

    return {
      id: `${entry.uid};<pod>`,
      label: entry.name,
      labelMinor: String(status?.podIP ?? ''),
      rank: `${entry.namespace}/${entry.name}`,
      shape: 'heptagon',
      stack: false,
      metadata: nodeFields([
        ['kubernetes_namespace', 'Namespace', entry.namespace],
        ['kubernetes_state', 'State', String(status?.phase ?? '')],
        ['kubernetes_node', 'Node', String(spec?.nodeName ?? '')],
        ['kubernetes_ip', 'IP', String(status?.podIP ?? '')],
      ]),
      parents: [],
      metrics: [],
      tables: [],
      adjacency: [],
    };
  }

  #idOf(workload: string | undefined, pod: Entry): string {
    const owner = workload === undefined ? undefined : this.#objects.workloads.get(workload);
    return owner ? workloadId(owner.kind, owner.entry) : workloadId('Pod', pod);
  }

  /** The network policies that hold for a workload's pods. */
  #policyTable(members: readonly MemberPod[]): NodeTable[] {
    const policies = this.#objects.policies.filter(({ spec }) => {
      const selector = labelSelectorFrom(spec?.podSelector ?? {});
      return members.some(({ entry }) => selector.matches(entry.labels));
    });

    const rows = policies.map(({ metadata: { name = '' }, spec }) => ({
      id: name,
      entries: { policy: name, direction: (spec?.policyTypes ?? ['Ingress']).join(', ') },
    }));

    return rows.length === 0
      ? []
      : [
          {
            id: 'network-policies',
            label: 'Network policies',
            type: 'multicolumn-table',
            columns: POLICY_COLUMNS,
            rows,
          },
        ];
  }
}

function connections(
  id: NodeConnections['id'],
  label: string,
  nodes: readonly NodeSummary[],
): NodeConnections {
  return {
    id,
    topologyId: TOPOLOGY,
    label,
    columns: [],
    connections: nodes.map((node) => ({
      id: `${id}/${node.id}`,
      nodeId: node.id,
      label: node.label,
      labelMinor: node.labelMinor,
    })),
  };
}
