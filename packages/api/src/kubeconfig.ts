import { controllerReference } from '@ks-apiserver/apimachinery/meta/object-meta';
import type { KubeObject, PersistedObject } from '@ks-apiserver/apimachinery/meta/types';
import { USERNAME_LABEL } from './labels.ts';
import { CONTROLS_NAMESPACE } from './namespaces.ts';
import { CONFIG_MAPS } from './resources.ts';

const PREFIX = 'kubeconfig-';

/** Returns the key of the ConfigMap that holds a user's kubeconfig. */
export function kubeconfigKey(user: string) {
  return { resource: CONFIG_MAPS, namespace: CONTROLS_NAMESPACE, name: `${PREFIX}${user}` };
}

/** Returns the user of such a ConfigMap; nobody for other names. */
export function usersOfKubeconfig(name: string): readonly string[] {
  return name.startsWith(PREFIX) ? [name.slice(PREFIX.length)] : [];
}

/** Returns the text in such a ConfigMap; '' where it is still to be written. */
export function kubeconfigIn(map: KubeObject | undefined): string {
  return String(map?.data?.config ?? '');
}

/**
 * Makes the ConfigMap of a user's kubeconfig, which is deleted with the user. Without a text it asks
 * the controller for one; `found` is an older one.
 */
export function makeKubeconfig(
  user: PersistedObject,
  text?: string,
  found?: KubeObject,
): KubeObject {
  const { name } = user.metadata;
  const owner = { ...user, apiVersion: 'iam.kubesphere.io/v1alpha2', kind: 'User' };
  const { name: mapName, namespace } = kubeconfigKey(name);

  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      ...found?.metadata,
      name: mapName,
      namespace,
      // A longer name is no label value.
      labels: { ...found?.metadata.labels, ...(name.length <= 63 && { [USERNAME_LABEL]: name }) },
      ownerReferences: [controllerReference(owner)],
    },
    ...(text !== undefined && { data: { config: text } }),
  };
}
