import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { ResourceType } from '../registry/resource-type.ts';
import type { Form } from './negotiate.ts';

/** An object's type and metadata only (Kubernetes meta/v1 PartialObjectMetadata). */
export function partialObject(object: KubeObject, form: Form): KubeObject {
  return { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${form.version}`, metadata: object.metadata };
}

/** Metadata of a Table. */
export interface TableMeta {
  resourceVersion?: string;
  continue?: string;
  remainingItemCount?: number;
}

/** Objects as a meta.k8s.io Table with the columns that `kubectl get` shows. */
export function tableOf(
  _type: ResourceType,
  objects: readonly KubeObject[],
  form: Form,
  includeObject: string,
  metadata: TableMeta,
): unknown {
  return {
    kind: 'Table',
    apiVersion: `meta.k8s.io/${form.version}`,
    metadata,
    columnDefinitions: [
      { name: 'Name', type: 'string', format: 'name', description: '', priority: 0 },
      { name: 'Created At', type: 'date', format: '', description: '', priority: 0 },
    ],
    rows: objects.map((object) => ({
      cells: [object.metadata.name ?? '', object.metadata.creationTimestamp ?? ''],
      ...(includeObject !== 'None' && {
        object: includeObject === 'Object' ? object : partialObject(object, form),
      }),
    })),
  };
}
