import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import type { EventRecorder } from '@ks-apiserver/controllers/events/recorder';
import type { Reconciler } from '@ks-apiserver/controllers/runtime/controller';
import type { Catalog } from '../../models/resources/catalog/catalog.ts';

/** What optional controllers work with. */
export interface OptionalDependencies {
  client: KubeClient;
  catalog: Catalog;
  events: EventRecorder;
}

/** Controllers that run where the configuration asks for them. */
export interface OptionalControllers {
  /** Informers that they need alone; not started yet. */
  informers: readonly Informer[];
  /** Informers of the catalog that must have their first list. */
  needs: readonly Informer[];
  reconcilers: readonly Reconciler[];
}
