import type { Api } from '../endpoints/call.ts';
import { namespaceKey } from '../registry/namespace-lifecycle.ts';
import type { WriteOptions } from '../registry/strategy.ts';

/** Namespaces that every cluster has. */
const NAMESPACES = ['kube-system', 'kube-public', 'kube-node-lease', 'default'];

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

/** Makes the namespaces that are missing. */
export async function bootstrapNamespaces({ catalog, store }: Api): Promise<void> {
  const type = catalog.find('', 'v1', 'namespaces')!;
  const missing = NAMESPACES.filter((name) => !store.backend.get(namespaceKey(name)));
  await Promise.all(
    missing.map((name) =>
      store.create(type, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }, systemWrite()),
    ),
  );
}
