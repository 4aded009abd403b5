import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { ResourceType } from '../../registry/resources/resource-type.ts';
import {
  type Table,
  type TableMaker,
  type TableOptions,
  tableFor,
  tableMaker,
} from '../../tables/table.ts';
import type { Form } from '../codec/negotiate.ts';

/** An object's type and metadata only (Kubernetes meta/v1 PartialObjectMetadata). */
export function partialObject(object: KubeObject, form: Form): KubeObject {
  return {
    kind: 'PartialObjectMetadata',
    apiVersion: `meta.k8s.io/${form.version}`,
    metadata: object.metadata,
  };
}

function tableOptions(
  type: ResourceType,
  form: Form,
  includeObject: string,
  metadata: Table['metadata'],
): TableOptions {
  return {
    ...(type.custom && { printerColumns: type.custom.printerColumns }),
    includeObject:
      includeObject === 'Object' || includeObject === 'None' ? includeObject : 'Metadata',
    metadata,
    apiVersion: form.version === 'v1' ? 'meta.k8s.io/v1' : 'meta.k8s.io/v1beta1',
  };
}

/** An object as a meta.k8s.io Table with the columns that `kubectl get` shows. */
export function tableOf(
  type: ResourceType,
  object: KubeObject,
  form: Form,
  includeObject: string,
  metadata: Table['metadata'],
): Table {
  return tableFor(type, [object], tableOptions(type, form, includeObject, metadata));
}

/** A list as a meta.k8s.io Table, row by row. */
export function tableOfList(
  type: ResourceType,
  form: Form,
  includeObject: string,
  metadata: Table['metadata'],
): TableMaker {
  return tableMaker(type, tableOptions(type, form, includeObject, metadata));
}
