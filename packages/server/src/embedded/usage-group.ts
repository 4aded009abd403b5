import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import { serviceUnavailable } from '@ks-apiserver/apimachinery/meta/errors';
import { timestamp } from '@ks-apiserver/apimachinery/meta/time';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Schema } from '@ks-apiserver/apimachinery/schema/schema';
import type { InformerStore } from '@ks-apiserver/client/informer/informer-store';
import type {
  ComputedGroup,
  ComputedKind,
} from '@ks-apiserver/kubernetes/registry/resources/computed-group';
import type {
  ContainerUsage,
  Latest,
  LatestUsage,
} from '@ks-apiserver/metrics/embedded/latest-usage';

import type { MeasuredStores } from '../backend/kubernetes.ts';

const GROUP = 'metrics.k8s.io';
const VERSION = 'v1beta1';

const TEXT: Schema = { type: 'string' };
const USAGE: Schema = {
  type: 'object',
  description: 'what is used, by resource: cpu and memory',
  additionalProperties: { type: 'string' },
};

const COMMON = {
  apiVersion: TEXT,
  kind: TEXT,
  metadata: { type: 'object' },
  timestamp: { type: 'string', format: 'date-time', description: 'when it was measured' },
  window: { type: 'string', description: 'the time over which the use of processors is a mean' },
} as const;

/** Writes a use of resources as metrics-server does. */
function usageOf({ cpu, memory }: Pick<ContainerUsage, 'cpu' | 'memory'>) {
  return { cpu: `${Math.round(cpu * 1e9)}n`, memory: `${Math.round(memory / 1024)}Ki` };
}

function timeOf({ time, window }: Latest<unknown>) {
  return { timestamp: timestamp(new Date(time)), window: `${window}s` };
}

/** Makes the metadata of a measured object: labels are those of what was measured. */
function metadataOf(store: InformerStore | undefined, name: string, namespace = '') {
  return {
    name,
    ...(namespace !== '' && { namespace }),
    creationTimestamp: timestamp(),
    labels: { ...store?.get(name, namespace)?.labels },
  };
}

async function reading<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw serviceUnavailable(`usage is not known yet: ${messageOf(error)}`, error);
  }
}

/**
 * Returns the group metrics.k8s.io/v1beta1, which `kubectl top` reads (Kubernetes, "Resource metrics
 * pipeline").
 */
export function usageGroup(usage: LatestUsage, stores: MeasuredStores): ComputedGroup {
  const nodes: ComputedKind = {
    kind: 'NodeMetrics',
    resource: 'nodes',
    namespaced: false,
    schema: { type: 'object', properties: { ...COMMON, usage: USAGE } },
    printerColumns: [
      { name: 'CPU', type: 'string', jsonPath: '.usage.cpu' },
      { name: 'Memory', type: 'string', jsonPath: '.usage.memory' },
      { name: 'Window', type: 'string', jsonPath: '.window' },
    ],
    async read() {
      const latest = await reading(() => usage.nodes({}));

      return latest.items.map(
        (node): KubeObject => ({
          metadata: metadataOf(stores.nodes, node.name),
          ...timeOf(latest),
          usage: usageOf(node),
        }),
      );
    },
  };

  const pods: ComputedKind = {
    kind: 'PodMetrics',
    resource: 'pods',
    namespaced: true,
    schema: {
      type: 'object',
      properties: {
        ...COMMON,
        containers: {
          type: 'array',
          items: { type: 'object', properties: { name: TEXT, usage: USAGE } },
        },
      },
    },
    printerColumns: [
      { name: 'CPU', type: 'string', jsonPath: '.containers[*].usage.cpu' },
      { name: 'Memory', type: 'string', jsonPath: '.containers[*].usage.memory' },
      { name: 'Window', type: 'string', jsonPath: '.window' },
    ],
    async read(namespace) {
      const latest = await reading(() => usage.pods(namespace === '' ? {} : { namespace }));

      return latest.items.map(
        (pod): KubeObject => ({
          metadata: metadataOf(stores.pods, pod.name, pod.namespace),
          ...timeOf(latest),
          containers: pod.containers.map((container) => ({
            name: container.name,
            usage: usageOf(container),
          })),
        }),
      );
    },
  };

  return { group: GROUP, version: VERSION, kinds: [nodes, pods] };
}
