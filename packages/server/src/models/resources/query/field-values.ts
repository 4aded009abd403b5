import { getOwn } from '@ks-apiserver/apimachinery/json/json';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Entry } from '@ks-apiserver/client/informer/entry';
import type { Column, Columns, Value } from '../computed/columns.ts';
import { type FieldPath, valueAt } from './field-path.ts';
import type { ResourceDefinition } from './resource-definition.ts';

/** Reads a field's value from an entry; the column, if any, must be filled before. */
export interface FieldReader {
  of(entry: Entry): Value;
  column?: Column;
}

const DIRECT: Readonly<Record<string, (entry: Entry) => Value>> = {
  'metadata.name': (entry) => entry.name,
  'metadata.namespace': (entry) => entry.namespace,
  'metadata.uid': (entry) => entry.uid,
  'metadata.resourceVersion': (entry) => entry.resourceVersion,
};

/**
 * Fields that Kubernetes selects by and that are not paths, or that have a value even if absent.
 */
const OF_KINDS: Readonly<Record<string, Readonly<Record<string, (object: KubeObject) => Value>>>> =
  {
    pods: {
      'spec.hostNetwork': ({ spec }) => String(spec?.hostNetwork ?? false),
      'status.podIPs': ({ status }) =>
        (status?.podIPs ?? []).map(({ ip = '' }: { ip?: string }) => ip).join(','),
    },
    nodes: { 'spec.unschedulable': ({ spec }) => String(spec?.unschedulable ?? false) },
    replicasets: { 'status.replicas': ({ status }) => status?.replicas ?? 0 },
    replicationcontrollers: { 'status.replicas': ({ status }) => status?.replicas ?? 0 },
    jobs: { 'status.successful': ({ status }) => status?.succeeded ?? 0 },
    events: {
      source: ({ source, reportingComponent }) => source?.component || reportingComponent,
      reportingComponent: ({ reportingComponent, source }) =>
        reportingComponent || source?.component,
    },
  };

function readerOfKind({ group, resource }: ResourceDefinition, field: string) {
  const known =
    group === '' || group.endsWith('.k8s.io') || !group.includes('.')
      ? OF_KINDS[resource]
      : undefined;

  return known && Object.hasOwn(known, field) ? known[field] : undefined;
}

/**
 * Returns the reader of a field: from the entry if it has the field, else from a column of all
 * objects' values.
 */
export function fieldReader(
  definition: ResourceDefinition,
  field: string,
  path: FieldPath,
  columns: Columns,
): FieldReader {
  const direct = Object.hasOwn(DIRECT, field) ? DIRECT[field] : undefined;
  if (direct) {
    return { of: direct };
  }

  const [first, second, label, ...deeper] = path;
  if (
    first === 'metadata' &&
    second === 'labels' &&
    typeof label === 'string' &&
    deeper.length === 0
  ) {
    return { of: (entry) => getOwn(entry.labels, label) };
  }

  const read = readerOfKind(definition, field);
  const column = columns.get(
    `${definition.group}/${definition.version}/${definition.resource} ${field}`,
    (object) => (read ? read(object) : valueAt(object, path)),
  );

  return { of: (entry) => column.of(entry), column };
}
