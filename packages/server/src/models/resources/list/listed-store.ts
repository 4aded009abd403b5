import type { Store } from '@ks-apiserver/client/informer/store';
import type { Catalog } from '../catalog/catalog.ts';
import type { ResourceDefinition } from '../catalog/definition.ts';

/** What lists read of a store. */
export type ListedStore = Pick<Store, 'list' | 'get'>;

/** The objects that a list is made of. */
export interface ListSource {
  store: ListedStore;
  definition: ResourceDefinition;
  catalog: Catalog;
}
