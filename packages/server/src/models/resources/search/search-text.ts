import { LAST_APPLIED } from '@ks-apiserver/apimachinery/meta/annotations';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Entry } from '@ks-apiserver/client/informer/entry';
import type { Column, Columns } from '../computed/columns.ts';
import type { ResourceDefinition } from '../query/resource-definition.ts';

/** Longest search text of an object, in characters; people search for beginnings. */
const MAX_TEXT = 4096;
/** Whole objects as text, which would make every word of a manifest a hit. */

interface PodSpec {
  nodeName?: string;
  serviceAccountName?: string;
  containers?: { name?: string; image?: string }[];
  initContainers?: { name?: string; image?: string }[];
}

function ofPodSpec(spec: PodSpec | undefined): unknown[] {
  const containers = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])];
  return [spec?.nodeName, ...containers.flatMap(({ name, image }) => [name, image])];
}

function ofTemplate({ spec }: KubeObject): unknown[] {
  return ofPodSpec(spec?.template?.spec);
}

/** Texts of a kind's objects that people search for, besides metadata. */
const OF_KINDS: Readonly<Record<string, (object: KubeObject) => unknown[]>> = {
  pods: ({ spec, status }) => [...ofPodSpec(spec), status?.podIP, status?.hostIP, status?.phase],
  deployments: ofTemplate,
  statefulsets: ofTemplate,
  daemonsets: ofTemplate,
  replicasets: ofTemplate,
  jobs: ofTemplate,
  cronjobs: ({ spec }) => [spec?.schedule, ...ofPodSpec(spec?.jobTemplate?.spec?.template?.spec)],
  nodes: ({ status }) => [
    ...(status?.addresses ?? []).map(({ address }: { address?: string }) => address),
    status?.nodeInfo?.kubeletVersion,
    status?.nodeInfo?.osImage,
  ],
  services: ({ spec, status }) => [
    spec?.type,
    spec?.clusterIP,
    ...(spec?.externalIPs ?? []),
    ...(status?.loadBalancer?.ingress ?? []).flatMap(
      ({ ip, hostname }: { ip?: string; hostname?: string }) => [ip, hostname],
    ),
  ],
  ingresses: ({ spec }) => (spec?.rules ?? []).map(({ host }: { host?: string }) => host),
  persistentvolumeclaims: ({ spec, status }) => [
    spec?.storageClassName,
    spec?.volumeName,
    status?.phase,
  ],
  persistentvolumes: ({ spec, status }) => [
    spec?.storageClassName,
    spec?.claimRef?.name,
    status?.phase,
  ],
  events: ({ reason, message, note, involvedObject, regarding }) => [
    reason,
    message ?? note,
    (involvedObject ?? regarding)?.kind,
    (involvedObject ?? regarding)?.name,
  ],
  users: ({ spec }) => [spec?.email, spec?.displayName, spec?.description],
  customresourcedefinitions: ({ spec }) => [spec?.names?.kind],
};

/**
 * Returns the text that words are searched in, in lower case: name, namespace, labels, values of
 * annotations and the texts of its kind.
 */
export function searchText(resource: string, object: KubeObject, entry: Entry): string {
  const parts: unknown[] = [entry.name, entry.namespace];

  for (const [key, value] of Object.entries(entry.labels)) {
    parts.push(`${key}=${value}`);
  }

  for (const [key, value] of Object.entries(object.metadata.annotations ?? {})) {
    if (key !== LAST_APPLIED) {
      parts.push(value);
    }
  }

  const own = Object.hasOwn(OF_KINDS, resource) ? OF_KINDS[resource] : undefined;

  try {
    if (own) {
      parts.push(...own(object));
    }
  } catch {
    // A kind of the same name with another structure is found by its metadata.
  }

  return parts
    .filter((part) => typeof part === 'string' && part !== '')
    .join('\n')
    .slice(0, MAX_TEXT)
    .toLowerCase();
}

/** Returns the column of a resource's search texts. */
export function searchColumn(definition: ResourceDefinition, columns: Columns): Column {
  return columns.get(
    `${definition.group}/${definition.version}/${definition.resource} q`,
    (object, entry) => searchText(definition.resource, object, entry),
  );
}
