import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { formatQuantity, parseQuantity } from '@ks-apiserver/apimachinery/quantity/quantity';
import { hasEnded } from '@ks-apiserver/apimachinery/quota/usage';
import type { Entry } from '@ks-apiserver/client/informer/entry';
import type { Change, InformerStore } from '@ks-apiserver/client/informer/informer-store';
import type { ResourceStores } from '../query/resource-definition.ts';
import { InternedValues } from './intern.ts';
import { demandOf } from './pod-demand.ts';

/** What pods request, in billionths of a core and of a byte. */
interface Requests {
  cpuRequests: bigint;
  cpuLimits: bigint;
  memoryRequests: bigint;
  memoryLimits: bigint;
}

interface Container {
  resources?: { requests?: Record<string, string>; limits?: Record<string, string> };
}

const KEYS = ['cpuRequests', 'cpuLimits', 'memoryRequests', 'memoryLimits'] as const;
const NOTHING: Requests = { cpuRequests: 0n, cpuLimits: 0n, memoryRequests: 0n, memoryLimits: 0n };

/** Returns a quantity's billionths; 0 for none and for one that cannot be read. */
function nanoQuantity(text: string | undefined): bigint {
  if (text === undefined) {
    return 0n;
  }

  try {
    return parseQuantity(String(text)).nano;
  } catch {
    return 0n;
  }
}

function ofContainer({ resources }: Container): Requests {
  return {
    cpuRequests: nanoQuantity(resources?.requests?.cpu),
    cpuLimits: nanoQuantity(resources?.limits?.cpu),
    memoryRequests: nanoQuantity(resources?.requests?.memory),
    memoryLimits: nanoQuantity(resources?.limits?.memory),
  };
}

const requestsOfPods = new InternedValues<Requests>();

/**
 * Returns a pod's requests: the sum of its containers', or the largest init container's if that is
 * more. Undefined for pods that have ended.
 */
export function podRequests(pod: KubeObject): Requests | undefined {
  if (hasEnded(pod)) {
    return undefined;
  }
  return requestsOfPods.get(demandOf(pod), () => sumOf(pod));
}

function sumOf(pod: KubeObject): Requests {
  const total = { ...NOTHING };

  const containers: Container[] = pod.spec?.containers ?? [];
  const initContainers: Container[] = pod.spec?.initContainers ?? [];

  for (const container of containers) {
    const asked = ofContainer(container);
    for (const key of KEYS) {
      total[key] += asked[key];
    }
  }

  for (const container of initContainers) {
    const asked = ofContainer(container);

    for (const key of KEYS) {
      if (asked[key] > total[key]) {
        total[key] = asked[key];
      }
    }
  }

  return total;
}

/** Whether two states of a pod request the same on the same node; equal amounts are one object. */
function asksTheSame({ fields: a }: Entry, { fields: b }: Entry): boolean {
  return a.requests === b.requests && a.nodeName === b.nodeName;
}

/** Sums of the requests of each node's pods, updated with every change of a pod. */
class NodeTotals {
  readonly #totals = new Map<string, { sum: Requests; version: number }>();

  constructor(pods: InformerStore) {
    for (const pod of pods.values()) {
      this.#change(pod, 1n);
    }

    pods.onChange(({ type, entry, previous }) => {
      // Most changes of a pod do not concern its requests.
      if (previous && type !== 'DELETED' && asksTheSame(previous, entry)) {
        return;
      }
      if (previous) {
        this.#change(previous, -1n);
      }
      if (type !== 'DELETED') {
        this.#change(entry, 1n);
      }
    });
  }

  #change(pod: Entry, sign: bigint): void {
    const requests = requestsOf(pod);
    const node = String(pod.fields.nodeName);
    if (!requests || node === '') {
      return;
    }

    const total = this.#totals.get(node) ?? { sum: { ...NOTHING }, version: 0 };

    for (const key of KEYS) {
      total.sum[key] += sign * requests[key];
    }

    total.version += 1;
    this.#totals.set(node, total);
  }

  of(node: string): { sum: Requests; version: number } {
    return this.#totals.get(node) ?? { sum: NOTHING, version: 0 };
  }
}

const totals = new WeakMap<InformerStore, NodeTotals>();

function totalsOf(pods: InformerStore): NodeTotals {
  let found = totals.get(pods);
  if (!found) {
    found = new NodeTotals(pods);
    totals.set(pods, found);
  }

  return found;
}

function fraction(part: bigint, whole: bigint): string {
  return whole === 0n ? '0%' : `${(part * 100n) / whole}%`;
}

/** Returns the requests that the definition of pods has read from an entry. */
function requestsOf(pod: Entry | undefined): Requests | undefined {
  return pod?.fields.requests as Requests | undefined;
}

function sameRequests(a: Requests | undefined, b: Requests | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && KEYS.every((key) => a[key] === b[key]));
}

/** Returns how much of a node its pods may request. */
function allocatableOf({ fields: { allocatable } }: Entry): { cpu: bigint; memory: bigint } {
  const { cpu, memory }: { cpu?: string; memory?: string } = { ...Object(allocatable) };

  return { cpu: nanoQuantity(cpu), memory: nanoQuantity(memory) };
}

/** Returns the nodes whose sums change with a pod. */
function nodesOf({ type, entry, previous }: Change): string[] {
  const now = type === 'DELETED' ? undefined : entry;
  const nodes = [previous?.fields.nodeName, now?.fields.nodeName];
  if (nodes[0] === nodes[1] && sameRequests(requestsOf(previous), requestsOf(now))) {
    return [];
  }

  return nodes.flatMap((name) => (name ? `/${name}` : []));
}

/**
 * The eight annotations with which 3.0 shows how much of a node its pods request; zeros without
 * pods.
 */
export const nodeAnnotations = {
  annotatedFrom: { pods: nodesOf },

  annotationVersion(node: Entry, stores: ResourceStores): number {
    const pods = stores.store('pods');
    return pods ? totalsOf(pods).of(node.name).version + 1 : 0;
  },

  annotate(node: Entry, stores: ResourceStores): Record<string, string> | undefined {
    const pods = stores.store('pods');
    if (!pods) {
      return undefined;
    }

    const { sum } = totalsOf(pods).of(node.name);
    const { cpu, memory } = allocatableOf(node);

    return {
      'node.kubesphere.io/cpu-requests': formatQuantity({
        nano: sum.cpuRequests,
        format: 'DecimalSI',
      }),
      'node.kubesphere.io/cpu-requests-fraction': fraction(sum.cpuRequests, cpu),
      'node.kubesphere.io/cpu-limits': formatQuantity({ nano: sum.cpuLimits, format: 'DecimalSI' }),
      'node.kubesphere.io/cpu-limits-fraction': fraction(sum.cpuLimits, cpu),
      'node.kubesphere.io/memory-requests': formatQuantity({
        nano: sum.memoryRequests,
        format: 'BinarySI',
      }),
      'node.kubesphere.io/memory-requests-fraction': fraction(sum.memoryRequests, memory),
      'node.kubesphere.io/memory-limits': formatQuantity({
        nano: sum.memoryLimits,
        format: 'BinarySI',
      }),
      'node.kubesphere.io/memory-limits-fraction': fraction(sum.memoryLimits, memory),
    };
  },
};
