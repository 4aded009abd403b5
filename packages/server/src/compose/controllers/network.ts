import { Informer } from '@ks-apiserver/client/informer/informer';
import { networkIsolationReconciler } from '@ks-apiserver/controllers/network/network-isolation';
import type { OptionalControllers, OptionalDependencies } from './optional-controllers.ts';

/** How namespaces are isolated. */
export interface NetworkIsolationOptions {
  /** Namespaces that may connect to every isolated one. */
  allowedNamespaces: readonly string[];
}

/** Returns the controller that isolates the networks of namespaces. */
export function networkControllers(
  { client, catalog, events }: OptionalDependencies,
  { allowedNamespaces }: NetworkIsolationOptions,
): OptionalControllers {
  const namespacePolicies = new Informer(client, {
    resource: {
      group: 'network.kubesphere.io',
      version: 'v1alpha1',
      resource: 'namespacenetworkpolicies',
    },
    kind: 'NamespaceNetworkPolicy',
    keepObjects: true,
  });

  const networkPolicies = new Informer(client, {
    resource: { group: 'networking.k8s.io', version: 'v1', resource: 'networkpolicies' },
    kind: 'NetworkPolicy',
    keepObjects: true,
  });

  const services = catalog.informerOf('services');
  const nodes = catalog.informerOf('nodes');

  const reconciler = networkIsolationReconciler({
    client,
    namespaces: catalog.informerOf('namespaces'),
    workspaces: catalog.informerOf('workspaces'),
    services,
    nodes,
    namespacePolicies,
    networkPolicies,
    events,
    allowedNamespaces,
  });

  return {
    informers: [namespacePolicies, networkPolicies],
    needs: [services, nodes],
    reconcilers: [reconciler],
  };
}
