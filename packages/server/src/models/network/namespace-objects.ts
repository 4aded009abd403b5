import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { GroupVersionResource, KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Entry } from '@ks-apiserver/client/informer/entry';
import type { KubeReader } from '@ks-apiserver/client/kube/client';
import type { Catalog } from '../resources/catalog/catalog.ts';

const NETWORK_POLICIES: GroupVersionResource = {
  group: 'networking.k8s.io',
  version: 'v1',
  resource: 'networkpolicies',
};

const ENDPOINT_SLICES: GroupVersionResource = {
  group: 'discovery.k8s.io',
  version: 'v1',
  resource: 'endpointslices',
};

/** Label of an EndpointSlice: its Service. */
const SERVICE_LABEL = 'kubernetes.io/service-name';

const WORKLOADS = {
  Deployment: 'deployments',
  StatefulSet: 'statefulsets',
  DaemonSet: 'daemonsets',
};

/** A pod, and the workload to which it belongs: `Kind/name`, undefined for a pod of its own. */
export interface MemberPod {
  entry: Entry;
  workload: string | undefined;
}

/** What is known of a namespace's network. */
export interface NamespaceObjects {
  services: readonly Entry[];
  /** By `Kind/name`. */
  workloads: ReadonlyMap<string, { kind: string; entry: Entry }>;
  pods: readonly MemberPod[];
  /** Names of the pods behind each Service, by its name. */
  endpoints: ReadonlyMap<string, ReadonlySet<string>>;
  policies: readonly KubeObject[];
}

/** Lists objects of a namespace; none where the Kubernetes API does not serve the resource. */
async function listOf(
  client: KubeReader,
  resource: GroupVersionResource,
  namespace: string,
  signal: AbortSignal,
): Promise<readonly KubeObject[]> {
  try {
    return (await client.list<KubeObject>(resource, { namespace, signal })).items;
  } catch (error) {
    if (error instanceof StatusError && error.code === 404) {
      return [];
    }
    throw error;
  }
}

function podsBehind(slices: readonly KubeObject[]): Map<string, Set<string>> {
  const pods = new Map<string, Set<string>>();

  for (const { metadata, endpoints } of slices) {
    const service = metadata.labels?.[SERVICE_LABEL] ?? '';
    const named = pods.get(service) ?? new Set<string>();
    pods.set(service, named);

    for (const { targetRef } of (endpoints ?? []) as { targetRef?: KubeObject }[]) {
      if (targetRef?.kind === 'Pod') {
        named.add(String(targetRef.name));
      }
    }
  }

  return pods;
}

/** Reads services, workloads, pods, endpoints and network policies of a namespace. */
export async function namespaceObjects(
  { client, catalog }: { client: KubeReader; catalog: Catalog },
  namespace: string,
  signal: AbortSignal,
): Promise<NamespaceObjects> {
  const names = ['services', 'pods', 'replicasets', ...Object.values(WORKLOADS)];
  const [slices, policies] = await Promise.all([
    listOf(client, ENDPOINT_SLICES, namespace, signal),
    listOf(client, NETWORK_POLICIES, namespace, signal),
    ...names.map((name) => catalog.informerOf(name).ready(signal)),
  ]);

  const inNamespace = (name: string) => catalog.informerOf(name).store.list('name', namespace);
  const workloads = new Map<string, { kind: string; entry: Entry }>();

  for (const [kind, resource] of Object.entries(WORKLOADS)) {
    for (const entry of inNamespace(resource)) {
      workloads.set(`${kind}/${entry.name}`, { kind, entry });
    }
  }

  const ownersOf = (entry: Entry | undefined) => (entry?.fields.owners ?? []) as readonly string[];
  const replicaSets = catalog.informerOf('replicasets').store;

  const workloadOf = (pod: Entry) =>
    ownersOf(pod)
      .flatMap((owner) =>
        owner.startsWith('ReplicaSet/')
          ? ownersOf(replicaSets.get(owner.slice('ReplicaSet/'.length), namespace))
          : [owner],
      )
      .find((owner) => workloads.has(owner));

  return {
    services: [...inNamespace('services')],
    workloads,
    pods: inNamespace('pods').map((entry) => ({ entry, workload: workloadOf(entry) })),
    endpoints: podsBehind(slices),
    policies,
  };
}
