import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { Catalog } from '../models/resources/catalog/catalog.ts';
import { staleReason } from '../models/resources/catalog/staleness.ts';

/** Says which copies of resources are out of date, those by which callers are known among them. */
export function staleReasons(catalog: Catalog, users: Informer): string[] {
  const reasons = [...catalog.stale()].map(({ resource, reason }) => `${resource}: ${reason}`);
  const ofUsers = staleReason(users);

  return ofUsers === undefined ? reasons : [...reasons, `users: ${ofUsers}`];
}
