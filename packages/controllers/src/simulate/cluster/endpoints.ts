import { equalJson } from '@ks-apiserver/apimachinery/json/json';
import { controllerReference } from '@ks-apiserver/apimachinery/meta/object-meta';
import type { KubeObject, PersistedObject } from '@ks-apiserver/apimachinery/meta/types';
import { objectOf } from '@ks-apiserver/client/informer/entry';
import type { Reconciler } from '../../runtime/controller.ts';
import type { Cluster } from '../cluster.ts';
import { labelKey } from '../keys.ts';
import { keyOf } from '../objects.ts';
import { isReady } from './pods.ts';

const SERVICE_NAME = 'kubernetes.io/service-name';
const MANAGED_BY = 'endpointslice.kubernetes.io/managed-by';
const CONTROLLER = 'endpointslice-controller.k8s.io';

/**
 * How many endpoints a slice has, and how many addresses an Endpoints object has, as in Kubernetes.
 */
const PER_SLICE = 100;
const PER_OBJECT = 1000;

interface ServicePort {
  name?: string;
  port: number;
  protocol?: string;
  targetPort?: number | string;
}

/**
 * Returns the pods that a Service sends to: found by the first label of its selector, then tested.
 */
function podsOf(cluster: Cluster, { metadata, spec }: PersistedObject): PersistedObject[] {
  const selector = Object.entries(spec.selector as Record<string, string>);
  const [first] = selector;
  if (!first) {
    return [];
  }

  return cluster.pods
    .by('label', labelKey(metadata.namespace, ...first))
    .filter(
      ({ metadata: { labels }, status }) =>
        status?.podIP &&
        status.phase === 'Running' &&
        selector.every(([name, value]) => labels?.[name] === value),
    );
}

function portNumber(
  pod: KubeObject,
  { port, targetPort = port, protocol = 'TCP' }: ServicePort,
): number | undefined {
  if (typeof targetPort === 'number') {
    return targetPort;
  }

  for (const { ports = [] } of pod.spec.containers) {
    for (const candidate of ports) {
      if (candidate.name === targetPort && (candidate.protocol ?? 'TCP') === protocol) {
        return candidate.containerPort;
      }
    }
  }

  return undefined;
}

/**
 * Returns a Service's ports as they are on pods; named ones are taken from the first pod that has
 * them.
 */
function portsOf({ spec }: KubeObject, pods: readonly KubeObject[]) {
  return ((spec.ports ?? []) as ServicePort[]).flatMap((port) => {
    const number =
      typeof port.targetPort === 'string'
        ? pods.map((pod) => portNumber(pod, port)).find(Boolean)
        : (port.targetPort ?? port.port);

    return number === undefined
      ? []
      : [
          {
            ...(port.name !== undefined && { name: port.name }),
            port: number as number,
            protocol: port.protocol ?? 'TCP',
          },
        ];
  });
}

function targetOf({ metadata }: KubeObject) {
  return { kind: 'Pod', namespace: metadata.namespace, name: metadata.name, uid: metadata.uid };
}

async function writeEndpoints(
  cluster: Cluster,
  service: PersistedObject,
  pods: readonly PersistedObject[],
): Promise<void> {
  const takesAll = service.spec.publishNotReadyAddresses === true;

  const address = (pod: PersistedObject) => ({
    ip: pod.status.podIP,
    ...(pod.spec.hostname &&
      pod.spec.subdomain === service.metadata.name && { hostname: pod.spec.hostname }),
    nodeName: pod.spec.nodeName,
    targetRef: targetOf(pod),
  });

  const alive = pods
    .filter(({ metadata }) => takesAll || !metadata.deletionTimestamp)
    .slice(0, PER_OBJECT);
  const ready = alive.filter((pod) => takesAll || isReady(pod)).map(address);
  const notReady = alive.filter((pod) => !takesAll && !isReady(pod)).map(address);
  const ports = portsOf(service, pods);

  const subset = {
    ...(ready.length > 0 && { addresses: ready }),
    ...(notReady.length > 0 && { notReadyAddresses: notReady }),
    ...(ports.length > 0 && { ports }),
  };

  const subsets = alive.length > 0 ? [subset] : undefined;
  const existing = cluster.endpoints.get(keyOf(service));
  const { name = '', namespace = '', labels } = service.metadata;

  if (!existing) {
    const metadata = {
      name,
      namespace,
      labels: { ...labels, 'endpoints.kubernetes.io/managed-by': 'endpoint-controller' },
    };

    await cluster.endpoints.create({
      apiVersion: 'v1',
      kind: 'Endpoints',
      metadata,
      ...(subsets && { subsets }),
    });
  } else if (!equalJson(existing.subsets, subsets)) {
    const { subsets: _, ...rest } = existing;
    await cluster.endpoints.update({ ...rest, ...(subsets && { subsets }) });
  }
}

async function writeSlices(
  cluster: Cluster,
  service: PersistedObject,
  pods: readonly PersistedObject[],
): Promise<void> {
  const takesAll = service.spec.publishNotReadyAddresses === true;

  const endpoints = pods.map((pod) => {
    const serving = isReady(pod);
    const terminating = pod.metadata.deletionTimestamp !== undefined;

    return {
      addresses: [pod.status.podIP],
      conditions: { ready: takesAll || (serving && !terminating), serving, terminating },
      ...(pod.spec.hostname &&
        pod.spec.subdomain === service.metadata.name && { hostname: pod.spec.hostname }),
      nodeName: pod.spec.nodeName,
      targetRef: targetOf(pod),
    };
  });

  const ports = portsOf(service, pods).map((port) => ({ name: '', ...port }));
  const existing = cluster.slices
    .by('controller', service.metadata.uid)
    .filter(({ metadata }) => metadata.labels?.[MANAGED_BY] === CONTROLLER);
  const count = Math.max(1, Math.ceil(endpoints.length / PER_SLICE));
  for (let i = 0; i < count; i++) {
    const part = endpoints.slice(i * PER_SLICE, (i + 1) * PER_SLICE);
    const slice = existing[i];
    if (!slice) {
      const { name, namespace = '', labels } = service.metadata;
      await cluster.slices.create({
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata: {
          generateName: `${name}-`,
          namespace,
          labels: { ...labels, [MANAGED_BY]: CONTROLLER, [SERVICE_NAME]: name },
          ownerReferences: [controllerReference(service)],
        },
        addressType: 'IPv4',
        endpoints: part,
        ports,
      });
    } else if (!equalJson(slice.endpoints ?? [], part) || !equalJson(slice.ports ?? [], ports)) {
      await cluster.slices.update({ ...slice, endpoints: part, ports });
    }
  }

  for (const slice of existing.slice(count)) {
    await cluster.slices.delete(slice);
  }
}

/** Writes Endpoints and EndpointSlices of Services that select pods. */
export function endpointsReconciler(cluster: Cluster): Reconciler {
  const servicesOf = (pod: PersistedObject): string[] =>
    Object.entries(pod.metadata.labels ?? {}).flatMap((label) =>
      cluster.services.by('label', labelKey(pod.metadata.namespace, ...label)).map(keyOf),
    );

  return {
    name: 'simulated-endpoints-controller',
    sources: [
      { informer: cluster.services.informer, keys: ({ entry }) => [keyOf(objectOf(entry))] },
      {
        informer: cluster.pods.informer,
        keys: ({ entry, previous }) => [
          ...servicesOf(objectOf(entry)),
          ...(previous && previous.labels !== entry.labels ? servicesOf(objectOf(previous)) : []),
        ],
      },
    ],
    about: (key) => cluster.services.get(key),
    async reconcile(key) {
      const service = cluster.services.get(key);
      if (!service) {
        const left = cluster.endpoints.get(key);
        if (left?.metadata.labels?.['endpoints.kubernetes.io/managed-by']) {
          await cluster.endpoints.delete(left);
        }

        return undefined;
      }

      if (
        service.metadata.deletionTimestamp ||
        !service.spec.selector ||
        service.spec.type === 'ExternalName'
      ) {
        return undefined;
      }

      const pods = podsOf(cluster, service);
      await writeEndpoints(cluster, service, pods);
      await writeSlices(cluster, service, pods);

      return undefined;
    },
  };
}
