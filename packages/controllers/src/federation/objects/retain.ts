import type { FederatedTemplate } from '@ks-apiserver/api/federation/federated-object';
import { NAMESPACE_LABEL } from '@ks-apiserver/api/labels';
import { getOwn, isObject, type JsonObject } from '@ks-apiserver/apimachinery/json/json';
import type { Json, KubeObject } from '@ks-apiserver/apimachinery/meta/types';

type Path = readonly [string, ...string[]];

/**
 * Fields that a member sets itself, by kind. KubeFed keeps those of Services and ServiceAccounts;
 * the others cannot be changed once they are set, or belong to the member alone.
 */
const KEPT: Readonly<Record<string, readonly Path[]>> = {
  Service: [
    ['spec', 'clusterIP'],
    ['spec', 'clusterIPs'],
    ['spec', 'ipFamilies'],
    ['spec', 'ipFamilyPolicy'],
    ['spec', 'healthCheckNodePort'],
  ],
  ServiceAccount: [['secrets']],
  PersistentVolumeClaim: [
    ['spec', 'volumeName'],
    ['spec', 'volumeMode'],
    ['spec', 'storageClassName'],
  ],
  Job: [['spec', 'selector']],
  Namespace: [['spec', 'finalizers']],
  // The host does not send passwords.
  User: [['spec', 'password']],
};

/** Labels that Kubernetes or KubeSphere sets in the member, by kind. */
const KEPT_LABELS: Readonly<Record<string, readonly string[]>> = {
  Namespace: ['kubernetes.io/metadata.name', NAMESPACE_LABEL],
};

function valueAt(object: unknown, path: readonly string[]): Json | undefined {
  let value = object;

  for (const field of path) {
    value = isObject(value) ? getOwn(value, field) : undefined;
  }

  return value as Json | undefined;
}

function isGiven(value: Json | undefined): boolean {
  const isEmptyList = Array.isArray(value) && value.length === 0;
  return value !== undefined && value !== null && value !== '' && !isEmptyList;
}

function withValue(object: JsonObject, [field, ...rest]: Path, value: Json): JsonObject {
  const [next, ...further] = rest;
  if (next === undefined) {
    return { ...object, [field]: value };
  }

  const inner = object[field];

  return { ...object, [field]: withValue(isObject(inner) ? inner : {}, [next, ...further], value) };
}

/** Returns the ports of a Service with the node ports that the member has chosen. */
function withNodePorts(desired: Json, current: Json | undefined): Json {
  const known = Array.isArray(current) ? current.filter(isObject) : [];
  const keyOf = ({ name = '', protocol = 'TCP', port = 0 }: JsonObject) =>
    JSON.stringify([name, protocol, port]);
  const nodePorts = new Map(known.map((port) => [keyOf(port), port.nodePort]));

  const fill = (port: Json) => {
    const nodePort = isObject(port) ? nodePorts.get(keyOf(port)) : undefined;
    return isObject(port) && nodePort !== undefined && !isGiven(port.nodePort)
      ? { ...port, nodePort }
      : port;
  };

  return Array.isArray(desired) ? desired.map(fill) : desired;
}

/** Returns the labels of a Job's pods with those by which the member finds them. */
function withPodLabels(desired: JsonObject, current: KubeObject): JsonObject {
  const path: Path = ['spec', 'template', 'metadata', 'labels'];
  const ofMember = valueAt(current, path);
  const own = valueAt(desired, path);

  return isObject(ofMember)
    ? withValue(desired, path, { ...ofMember, ...(isObject(own) && own) })
    : desired;
}

/** Returns metadata with what controllers in the member have set. */
function retainedMetadata(
  { metadata, kind = '' }: KubeObject,
  current: KubeObject,
): KubeObject['metadata'] {
  const { resourceVersion, finalizers, annotations, ownerReferences, labels } = current.metadata;
  const kept = (KEPT_LABELS[kind] ?? []).flatMap((key) => {
    const value = getOwn(labels, key);
    return value === undefined ? [] : [[key, value] as const];
  });

  return {
    ...metadata,
    ...(kept.length > 0 && { labels: { ...Object.fromEntries(kept), ...metadata.labels } }),
    ...(ownerReferences && !metadata.ownerReferences && { ownerReferences }),
    ...(resourceVersion !== undefined && { resourceVersion }),
    ...(finalizers && { finalizers }),
    ...(annotations && { annotations }),
  };
}

/**
 * Returns an object with the fields that a member keeps when it is updated: its metadata, what it
 * has chosen itself, and replicas where the federated object says so. Overrides come after this.
 */
export function withRetainedFields(
  desired: KubeObject,
  current: KubeObject,
  { spec }: Pick<FederatedTemplate, 'spec'>,
): KubeObject {
  let result: JsonObject = {
    ...(desired as JsonObject),
    metadata: retainedMetadata(desired, current) as JsonObject,
  };

  for (const path of KEPT[desired.kind ?? ''] ?? []) {
    const value = valueAt(current, path);
    if (value !== undefined && !isGiven(valueAt(result, path))) {
      result = withValue(result, path, value);
    }
  }

  if (desired.kind === 'Service') {
    const ports = valueAt(result, ['spec', 'ports']);
    result =
      ports === undefined
        ? result
        : withValue(
            result,
            ['spec', 'ports'],
            withNodePorts(ports, valueAt(current, ['spec', 'ports'])),
          );
  }
  if (desired.kind === 'Job') {
    result = withPodLabels(result, current);
  }

  const replicas = valueAt(current, ['spec', 'replicas']);
  if (spec?.retainReplicas === true && replicas !== undefined) {
    result = withValue(result, ['spec', 'replicas'], replicas);
  }

  // Of kinds without a status of its own, an update would remove it.
  if (result.status === undefined && current.status !== undefined) {
    result = { ...result, status: current.status };
  }

  return result as KubeObject;
}
