import { SERVICE_MESH_GROUP } from '@ks-apiserver/api/groups';
import { Informer } from '@ks-apiserver/client/informer/informer';
import { destinationRuleReconciler } from '@ks-apiserver/controllers/mesh/destination-rule';
import { virtualServiceReconciler } from '@ks-apiserver/controllers/mesh/virtual-service';
import type { OptionalControllers, OptionalDependencies } from './optional-controllers.ts';
import { servedVersion } from './served-version.ts';

/** Group of Istio's rules for traffic. */
const ISTIO = 'networking.istio.io';

/** The version that KubeSphere 3.0 writes; all versions of the group have the same fields. */
const VERSION = 'v1alpha3';

/** Returns the controllers that make Istio's objects of KubeSphere's. */
export async function meshControllers({
  client,
  catalog,
  events,
}: OptionalDependencies): Promise<OptionalControllers> {
  const version = await servedVersion(client, ISTIO, VERSION);

  const of = (group: string, version: string, resource: string, kind: string) =>
    new Informer(client, { resource: { group, version, resource }, kind, keepObjects: true });

  const strategies = of(SERVICE_MESH_GROUP, 'v1alpha2', 'strategies', 'Strategy');
  const servicePolicies = of(SERVICE_MESH_GROUP, 'v1alpha2', 'servicepolicies', 'ServicePolicy');
  const destinationRules = of(ISTIO, version, 'destinationrules', 'DestinationRule');
  const virtualServices = of(ISTIO, version, 'virtualservices', 'VirtualService');
  const services = catalog.informerOf('services');
  const deployments = catalog.informerOf('deployments');

  return {
    informers: [strategies, servicePolicies, destinationRules, virtualServices],
    needs: [services, deployments],
    reconcilers: [
      destinationRuleReconciler({
        client,
        services,
        deployments,
        servicePolicies,
        destinationRules,
        events,
      }),
      virtualServiceReconciler({
        client,
        services,
        strategies,
        destinationRules,
        virtualServices,
        events,
      }),
    ],
  };
}
