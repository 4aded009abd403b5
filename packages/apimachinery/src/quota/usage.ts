import { getOwn } from '../json/json.ts';
import type { KubeObject } from '../meta/types.ts';
import {
  addQuantities,
  compareQuantities,
  parseQuantity,
  type Quantity,
} from '../quantity/quantity.ts';
import { podAmounts } from './pod-amounts.ts';

/** Amounts by name of a resource, as a ResourceQuota counts them. */
export type Usage = Record<string, Quantity>;

interface Container {
  resources?: { requests?: Record<string, string>; limits?: Record<string, string> };
  restartPolicy?: string;
}

const ONE = parseQuantity('1');
const ZERO = parseQuantity('0');
const COMPUTE = ['cpu', 'memory', 'ephemeral-storage'] as const;

/** The annotation that named a claim's StorageClass before there was a field for it. */
const OLD_CLASS = 'volume.beta.kubernetes.io/storage-class';

/** Names that some resources had before `count/<resource>.<group>`. */
const OLD_NAMES: Readonly<Record<string, string>> = {
  pods: 'pods',
  services: 'services',
  persistentvolumeclaims: 'persistentvolumeclaims',
  configmaps: 'configmaps',
  secrets: 'secrets',
  replicationcontrollers: 'replicationcontrollers',
  resourcequotas: 'resourcequotas',
};

/** Adds one usage to another. */
export function addUsage(into: Usage, more: Usage): Usage {
  for (const [name, quantity] of Object.entries(more)) {
    into[name] = addQuantities(into[name] ?? ZERO, quantity);
  }
  return into;
}

function amount(container: Container, of: 'requests' | 'limits', name: string): Quantity {
  const text = container.resources?.[of]?.[name];

  try {
    return text === undefined ? ZERO : parseQuantity(String(text));
  } catch {
    return ZERO;
  }
}

/** Whether a pod has ended: it uses nothing any more. */
export function hasEnded({ status }: KubeObject): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

function podUsage(pod: KubeObject): Usage {
  if (hasEnded(pod)) {
    return {};
  }

  const requests = podAmounts(pod, 'requests');
  const limits = podAmounts(pod, 'limits');

  for (const [name, text] of Object.entries((pod.spec?.overhead ?? {}) as Record<string, string>)) {
    const overhead = parseQuantity(String(text));
    requests[name] = requests[name] ? addQuantities(requests[name], overhead) : overhead;

    // A resource without a limit stays without one: the overhead alone limits nothing.
    if (limits[name]) {
      limits[name] = addQuantities(limits[name], overhead);
    }
  }

  const usage: Usage = { pods: ONE };

  for (const name of COMPUTE) {
    const request = requests[name] ?? ZERO;
    Object.assign(usage, {
      [name]: request,
      [`requests.${name}`]: request,
      [`limits.${name}`]: limits[name] ?? ZERO,
    });
  }

  for (const [name, quantity] of Object.entries(requests)) {
    if (name.startsWith('hugepages-')) {
      usage[name] = quantity;
    }
    if (name.startsWith('hugepages-') || name.includes('/')) {
      usage[`requests.${name}`] = quantity;
    }
  }

  return usage;
}

function serviceUsage({ spec }: KubeObject): Usage {
  const all: { nodePort?: number }[] = Array.isArray(spec?.ports) ? spec.ports : [];
  const balanced = spec?.type === 'LoadBalancer';

  const chosen =
    balanced && spec?.allocateLoadBalancerNodePorts === false
      ? all.filter((port) => port.nodePort)
      : all;

  const ports = balanced || spec?.type === 'NodePort' ? chosen.length : 0;

  return {
    services: ONE,
    'services.loadbalancers': balanced ? ONE : ZERO,
    'services.nodeports': parseQuantity(String(ports)),
  };
}

const BYTE = 1_000_000_000n;

/** Bytes are counted in whole numbers. */
function wholeBytes({ nano, format }: Quantity): Quantity {
  return { nano: ((nano + BYTE - 1n) / BYTE) * BYTE, format };
}

/**
 * Returns the storage of a claim: the request, or the volume's capacity when that is larger,
 * because it does not shrink.
 */
function claimedStorage({ spec, status }: KubeObject): Quantity {
  const asked = amount({ resources: spec?.resources }, 'requests', 'storage');

  const given = amount(
    { resources: { requests: status?.allocatedResources } },
    'requests',
    'storage',
  );

  return wholeBytes(compareQuantities(given, asked) > 0 ? given : asked);
}

function claimUsage(claim: KubeObject): Usage {
  const { metadata, spec } = claim;
  const storage = claimedStorage(claim);
  const usage: Usage = { persistentvolumeclaims: ONE, 'requests.storage': storage };
  const storageClass =
    metadata.annotations?.[OLD_CLASS] ?? (spec?.storageClassName as string | undefined);
  if (storageClass) {
    usage[`${storageClass}.storageclass.storage.k8s.io/persistentvolumeclaims`] = ONE;
    usage[`${storageClass}.storageclass.storage.k8s.io/requests.storage`] = storage;
  }

  return usage;
}

/**
 * Returns the name under which objects of a resource are counted: `count/pods`,
 * `count/deployments.apps`.
 */
export function countName(group: string, resource: string): string {
  return `count/${resource}${group === '' ? '' : `.${group}`}`;
}

/**
 * Returns what one object uses of everything that can be limited (Kubernetes "Resource Quotas").
 */
export function usageOf(group: string, resource: string, object: KubeObject): Usage {
  const usage: Usage = { [countName(group, resource)]: ONE };

  if (group !== '') {
    return usage;
  }
  if (resource === 'pods') {
    return { ...usage, ...podUsage(object) };
  }
  if (resource === 'services') {
    return { ...usage, ...serviceUsage(object) };
  }
  if (resource === 'persistentvolumeclaims') {
    return { ...usage, ...claimUsage(object) };
  }

  const old = getOwn(OLD_NAMES, resource);

  return old === undefined ? usage : { ...usage, [old]: ONE };
}

/**
 * Returns the resource whose objects a limit counts; undefined for a name that is no such limit.
 */
export function resourceOfLimit(name: string): { group: string; resource: string } | undefined {
  if (name.startsWith('count/')) {
    const [resource = '', ...group] = name.slice('count/'.length).split('.');
    return resource === '' ? undefined : { group: group.join('.'), resource };
  }

  const oldName = getOwn(OLD_NAMES, name);
  if (oldName !== undefined) {
    return { group: '', resource: oldName };
  }
  if (name.startsWith('services.')) {
    return { group: '', resource: 'services' };
  }

  if (
    name.endsWith('requests.storage') ||
    name.endsWith('.storageclass.storage.k8s.io/persistentvolumeclaims')
  ) {
    return { group: '', resource: 'persistentvolumeclaims' };
  }

  const [first = '', second = first] = name.split('.', 2);
  const compute =
    (COMPUTE as readonly string[]).includes(first) || /^(requests|limits)$/.test(first);

  return compute && (COMPUTE as readonly string[]).includes(second)
    ? { group: '', resource: 'pods' }
    : undefined;
}

/**
 * Returns the names of compute limits that every container of a new pod must state and one does
 * not.
 */
export function unstated(pod: KubeObject, limits: readonly string[]): string[] {
  const containers = (pod.spec?.containers ?? []) as Container[];

  return limits.filter((limit) => {
    const [first = '', second] = limit.split('.', 2);
    const of = first === 'limits' ? 'limits' : 'requests';
    const name = second ?? first;
    if (name !== 'cpu' && name !== 'memory') {
      return false;
    }

    return containers.some((container) => container.resources?.[of]?.[name] === undefined);
  });
}
