import type { InformerStore } from '@ks-apiserver/client/informer/informer-store';
import type { Catalog } from '../catalog/catalog.ts';
import type { ResourceDefinition } from '../query/resource-definition.ts';

/** What lists read of a store. */
export type ListedStore = Pick<InformerStore, 'list' | 'get'>;

/** The objects that a list is made of. */
export interface ListSource {
  store: ListedStore;
  definition: ResourceDefinition;
  catalog: Catalog;
}
