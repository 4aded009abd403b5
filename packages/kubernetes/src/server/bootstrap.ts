import type { Api } from '../endpoints/call.ts';
import { namespaceKey } from '../registry/resources/namespace-lifecycle.ts';
import { storageKey } from '../registry/resources/resource-type.ts';
import type { WriteOptions } from '../registry/resources/strategy.ts';

/** Namespaces that every cluster has. */
const NAMESPACES = ['kube-system', 'kube-public', 'kube-node-lease', 'default'];

/** Priorities that every cluster has (Kubernetes "Pod Priority and Preemption"). */
const PRIORITY_CLASSES = [
  {
    name: 'system-cluster-critical',
    value: 2_000_000_000,
    description:
      'Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.',
  },
  {
    name: 'system-node-critical',
    value: 2_000_001_000,
    description: 'Used for system critical pods that must not be moved from their current node.',
  },
];

/** Options of writes that the server makes for itself. */
export function systemWrite(manager = 'kube-apiserver'): WriteOptions {
  return {
    user: { name: 'system:apiserver', groups: ['system:masters'] },
    dryRun: false,
    manager,
    now: new Date(),
    warnings: [],
  };
}

/** Creates missing namespaces, priority classes and the `kubernetes` Service. */
export async function bootstrapObjects({ catalog, store }: Api, serviceIp: string): Promise<void> {
  const type = catalog.require('', 'v1', 'namespaces');
  const missing = NAMESPACES.filter((name) => !store.backend.get(namespaceKey(name)));
  await Promise.all(
    missing.map((name) =>
      store.create(
        type,
        { apiVersion: 'v1', kind: 'Namespace', metadata: { name } },
        systemWrite(),
      ),
    ),
  );

  const classes = catalog.require('scheduling.k8s.io', 'v1', 'priorityclasses');
  await Promise.all(
    PRIORITY_CLASSES.filter(({ name }) => !store.backend.get(storageKey(classes, '', name))).map(
      ({ name, ...rest }) =>
        store.create(
          classes,
          {
            apiVersion: 'scheduling.k8s.io/v1',
            kind: 'PriorityClass',
            metadata: { name },
            ...rest,
          },
          systemWrite(),
        ),
    ),
  );

  const services = catalog.require('', 'v1', 'services');
  if (store.backend.get(storageKey(services, 'default', 'kubernetes'))) {
    return;
  }

  const labels = { component: 'apiserver', provider: 'kubernetes' };
  await store.create(
    services,
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'kubernetes', namespace: 'default', labels },
      spec: {
        type: 'ClusterIP',
        clusterIP: serviceIp,
        ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: 6443 }],
      },
    },
    systemWrite(),
  );
}
