import type { Store } from '@ks-apiserver/client/informer/store';

/** What lists read of a store. */
export type ListedStore = Pick<Store, 'list' | 'get'>;
