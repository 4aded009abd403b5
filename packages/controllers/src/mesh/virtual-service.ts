import { equalJson } from '@ks-apiserver/apimachinery/json/json';
import { isTerminating } from '@ks-apiserver/apimachinery/meta/object-meta';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import type { EventRecorder } from '../events/recorder.ts';
import type { Reconciler } from '../runtime/controller.ts';
import type { Subset } from './destination-rule-spec.ts';
import { APP, isGoverned, objectsOf } from './governed.ts';
import { type OwningService, OwnObjects } from './own-objects.ts';
import { RemovedServices } from './removed-services.ts';
import { keyOf, MeshServices, splitKey, UNSERVED_MS } from './service-sources.ts';
import { type StrategySpec, virtualServiceSpec } from './virtual-service-spec.ts';

/** Dependencies of the controller. */
export interface VirtualServiceDependencies {
  client: KubeClient;
  services: Informer;
  /** The informers keep objects. */
  strategies: Informer;
  destinationRules: Informer;
  virtualServices: Informer;
  events: Pick<EventRecorder, 'record'>;
}

/**
 * Keeps a VirtualService for each Service of an application for which the mesh is enabled and that
 * has a DestinationRule: as its Strategy says, or to the first version.
 */
export function virtualServiceReconciler({
  client,
  services,
  strategies,
  destinationRules,
  virtualServices,
  events,
}: VirtualServiceDependencies): Reconciler {
  const meshServices = new MeshServices(services);
  const removed = new RemovedServices(client, strategies);

  const own = new OwnObjects(client, virtualServices, ({ spec }, { metadata }) =>
    equalJson(spec?.hosts ?? [], [metadata.name]),
  );

  /** Returns the names of the versions of a Service. */
  function subsetsOf({ metadata }: OwningService): string[] {
    const rule = destinationRules.store.get(metadata.name, metadata.namespace)?.object;
    return objectsOf<Subset>(rule?.spec?.subsets).map(({ name }) => String(name));
  }

  const strategiesOf = ({ metadata }: OwningService): StrategySpec[] =>
    strategies.store
      .list('name', metadata.namespace)
      .filter(({ labels }) => labels[APP] === metadata.labels?.[APP])
      .map(({ object }) => (object?.spec ?? {}) as StrategySpec);

  return {
    name: 'virtual-service',
    about: (key) => meshServices.find(splitKey(key)),
    sources: [
      { informer: services, keys: (change) => [removed.note(change)] },
      { informer: strategies, keys: (change) => meshServices.ofComponent(change) },
      { informer: destinationRules, keys: ({ entry }) => [keyOf(entry)] },
      {
        informer: virtualServices,
        keys: ({ entry }) => meshServices.ofApps(entry.namespace, [entry.name]),
      },
    ],
    async reconcile(key) {
      const service = meshServices.find(splitKey(key));
      if (!service) {
        await removed.removeOf(key);
        return undefined;
      }

      if (!virtualServices.served) {
        return UNSERVED_MS;
      }

      const { labels = {}, annotations = {} } = service.metadata;
      const name = labels[APP] ?? service.metadata.name;

      const isKept = isGoverned({ labels, annotations });

      await own.removeAll(service, isKept ? name : undefined);

      if (!isKept || isTerminating(service)) {
        return undefined;
      }

      const subsets = subsetsOf(service);
      if (subsets.length === 0) {
        return undefined;
      }

      const { spec, problem } = virtualServiceSpec(service, subsets, strategiesOf(service));

      if (problem !== undefined) {
        events.record(service, 'Warning', 'StrategyNotApplied', problem);
      }
      if (spec) {
        await own.ensure(name, spec, service);
      }

      return undefined;
    },
  };
}
