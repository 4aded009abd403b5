import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { ResourceType } from '../registry/resource-type.ts';
import { type IncludeObject, type Table, tableFor } from '../tables/table.ts';
import type { Form } from './negotiate.ts';

/** An object's type and metadata only (Kubernetes meta/v1 PartialObjectMetadata). */
export function partialObject(object: KubeObject, form: Form): KubeObject {
  return { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${form.version}`, metadata: object.metadata };
}

/** Objects as a meta.k8s.io Table with the columns that `kubectl get` shows; `columns` is false for later events of a watch. */
export function tableOf(
  type: ResourceType,
  objects: readonly KubeObject[],
  form: Form,
  includeObject: string,
  metadata: Table['metadata'],
  columns = true,
): Table {
  return tableFor(type, objects, {
    ...(type.custom && { printerColumns: type.custom.printerColumns }),
    includeObject: (['Object', 'None'].includes(includeObject) ? includeObject : 'Metadata') as IncludeObject,
    metadata,
    apiVersion: form.version === 'v1' ? 'meta.k8s.io/v1' : 'meta.k8s.io/v1beta1',
    columnDefinitions: columns,
  });
}
