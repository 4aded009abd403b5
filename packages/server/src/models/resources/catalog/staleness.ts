import type { Informer } from '@ks-apiserver/client/informer/informer';
import { steadyNow } from '@ks-apiserver/client/informer/steady-clock';

/**
 * Returns why an informer's store is out of date, or not filled yet; undefined if it is neither.
 */
export function staleReason({ error, synced, staleSince }: Informer): string | undefined {
  if (!synced) {
    return error?.message ?? 'first list is under way';
  }
  if (staleSince === undefined) {
    return undefined;
  }

  return error?.message ?? 'the Kubernetes API has been silent for too long';
}

/** Returns for how long a resource's store is out of date, as clients read it; undefined if not. */
export function staleNote(resource: string, informer: Informer | undefined): string | undefined {
  const since = informer?.staleSince;
  if (since === undefined) {
    return undefined;
  }

  const seconds = Math.max(0, Math.round((steadyNow() - since) / 1000));

  return `${resource};seconds=${seconds}`;
}
