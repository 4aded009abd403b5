import { isTerminating } from '@ks-apiserver/apimachinery/meta/object-meta';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { byCreation } from '@ks-apiserver/client/informer/entry';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import type { EventRecorder } from '../events/recorder.ts';
import type { Reconciler } from '../runtime/controller.ts';
import {
  type DestinationRuleSpec,
  destinationRuleSpec,
  isServing,
} from './destination-rule-spec.ts';
import { APP, isGoverned, objectsOf, parsed } from './governed.ts';
import { type OwningService, OwnObjects } from './own-objects.ts';
import { RemovedServices } from './removed-services.ts';
import { keyOf, MeshServices, splitKey, UNSERVED_MS } from './service-sources.ts';

/** Dependencies of the controller. */
export interface DestinationRuleDependencies {
  client: KubeClient;
  services: Informer;
  deployments: Informer;
  /** The informers keep objects. */
  servicePolicies: Informer;
  destinationRules: Informer;
  events: Pick<EventRecorder, 'record'>;
}

/**
 * Keeps a DestinationRule for each Service of an application for which the mesh is enabled: a
 * subset for each version that its Deployments serve, with the policies of its ServicePolicy.
 */
export function destinationRuleReconciler({
  client,
  services,
  deployments,
  servicePolicies,
  destinationRules,
  events,
}: DestinationRuleDependencies): Reconciler {
  const meshServices = new MeshServices(services);
  const removed = new RemovedServices(client, servicePolicies);

  const rules = new OwnObjects(
    client,
    destinationRules,
    ({ spec }, { metadata }) => spec?.host === metadata.name,
  );

  /** Returns the Deployments that serve a Service, the oldest first. */
  function serving({ metadata, spec }: OwningService): KubeObject[] {
    const selector = Object.entries((spec?.selector ?? {}) as Record<string, string>);
    if (selector.length === 0) {
      return [];
    }

    return deployments.store
      .list('name', metadata.namespace)
      .filter(
        (entry) =>
          isGoverned(entry) && selector.every(([name, value]) => entry.labels[name] === value),
      )
      .sort(byCreation)
      .map((entry) => parsed(entry))
      .filter(isServing);
  }

  const policiesOf = ({ metadata }: OwningService): DestinationRuleSpec[] =>
    servicePolicies.store
      .list('name', metadata.namespace)
      .filter(({ labels }) => labels[APP] === metadata.labels?.[APP])
      .map(({ object }) => (object?.spec?.template?.spec ?? {}) as DestinationRuleSpec);

  return {
    name: 'destination-rule',
    about: (key) => meshServices.find(splitKey(key)),
    sources: [
      { informer: services, keys: (change) => [removed.note(change)] },
      { informer: deployments, keys: (change) => meshServices.selecting(change) },
      { informer: servicePolicies, keys: (change) => meshServices.ofComponent(change) },
      { informer: destinationRules, keys: ({ entry }) => [keyOf(entry)] },
    ],
    async reconcile(key) {
      const service = meshServices.find(splitKey(key));
      if (!service) {
        await removed.removeOf(key);
        return undefined;
      }

      if (!destinationRules.served) {
        return UNSERVED_MS;
      }

      const { name, namespace = '', labels = {}, annotations = {} } = service.metadata;

      const isKept = isGoverned({ labels, annotations });

      await rules.removeAll(service, isKept ? name : undefined);

      if (!isKept || isTerminating(service) || objectsOf(service.spec?.ports).length === 0) {
        return undefined;
      }

      const [policy, ...others] = policiesOf(service);
      if (others.length > 0) {
        events.record(
          service,
          'Warning',
          'SeveralServicePolicies',
          'several ServicePolicies have the label app of this Service: leave one of them',
        );
        return undefined;
      }

      const before = rules.find(name, namespace)?.spec as DestinationRuleSpec | undefined;
      const spec = destinationRuleSpec(name, serving(service), policy, before);
      await rules.ensure(name, spec, service);

      return undefined;
    },
  };
}
