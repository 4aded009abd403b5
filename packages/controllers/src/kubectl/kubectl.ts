import { kubeconfigKey, makeKubeconfig } from '@ks-apiserver/api/kubeconfig';
import { USERNAME_LABEL } from '@ks-apiserver/api/labels';
import { CONTROLS_NAMESPACE } from '@ks-apiserver/api/namespaces';
import { CONFIG_MAPS, DEPLOYMENTS } from '@ks-apiserver/api/resources';
import { controllerReference, isTerminating } from '@ks-apiserver/apimachinery/meta/object-meta';
import type { PersistedObject } from '@ks-apiserver/apimachinery/meta/types';
import { labelValueErrors } from '@ks-apiserver/apimachinery/validation/names';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import { ensureCreated } from '@ks-apiserver/client/kube/ensure-created';
import type { Reconciler } from '../runtime/controller.ts';

/**
 * Where the container finds the kubeconfig. The whole folder is mounted, so that a renewed
 * certificate arrives.
 */
const FOLDER = '/etc/kubectl';

/** Objects of a list do not always have apiVersion and kind. */
const CLUSTER_ROLE_BINDING = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRoleBinding',
};

/** Dependencies of the kubectl controller. */
export interface KubectlDependencies {
  client: KubeClient;
  clusterRoleBindings: Informer;
  users: Informer;
  image: string;
}

type Binding = PersistedObject & {
  subjects?: { kind: string; name: string }[];
  roleRef?: { kind?: string; name?: string };
};

interface PodSpec {
  automountServiceAccountToken?: boolean;
  containers?: { image?: string }[];
}

/** Returns the pod: kubectl with its user's kubeconfig, and no other credential. */
function podSpec(user: string, image: string) {
  return {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    containers: [
      {
        name: 'kubectl',
        image,
        env: [{ name: 'KUBECONFIG', value: `${FOLDER}/config` }],
        securityContext: { allowPrivilegeEscalation: false },
        volumeMounts: [{ name: 'kubeconfig', mountPath: FOLDER, readOnly: true }],
      },
    ],
    volumes: [
      { name: 'kubeconfig', configMap: { name: kubeconfigKey(user).name, defaultMode: 0o400 } },
    ],
  };
}

/**
 * Gives each user who is bound to cluster-admin a Deployment `kubectl-<user>`, which is deleted
 * with the binding.
 */
export function kubectlReconciler({
  client,
  clusterRoleBindings,
  users,
  image,
}: KubectlDependencies): Reconciler {
  async function ensureKubectl(user: string, owner: PersistedObject): Promise<void> {
    const key = { resource: DEPLOYMENTS, namespace: CONTROLS_NAMESPACE, name: `kubectl-${user}` };
    const found = await client.find(key);
    const spec = podSpec(user, image);

    if (!found) {
      const labels = { [USERNAME_LABEL]: user };
      await ensureCreated(client, DEPLOYMENTS, {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: {
          name: key.name,
          namespace: key.namespace,
          labels,
          ownerReferences: [controllerReference({ ...owner, ...CLUSTER_ROLE_BINDING })],
        },
        spec: {
          replicas: 1,
          selector: { matchLabels: labels },
          template: { metadata: { labels }, spec },
        },
      });

      return;
    }

    const template = (found.spec?.template ?? {}) as { spec?: PodSpec };

    // A Deployment of 3.0 runs as a ServiceAccount that may do everything.
    if (
      template.spec?.automountServiceAccountToken === false &&
      template.spec.containers?.[0]?.image === image
    ) {
      return;
    }

    await client.update(DEPLOYMENTS, {
      ...found,
      spec: { ...found.spec, template: { ...template, spec } },
    });
  }

  return {
    name: 'kubectl',
    about: (name) => clusterRoleBindings.store.get(name)?.object,
    sources: [
      { informer: clusterRoleBindings, keys: ({ entry }) => [entry.name] },
      // For a user who is created after the binding; users of other bindings are found by the next
      // resync.
      {
        informer: users,
        keys: ({ type, entry }) => (type === 'ADDED' ? [`${entry.name}-cluster-admin`] : []),
      },
    ],
    async reconcile(name) {
      const binding = clusterRoleBindings.store.get(name)?.object as Binding | undefined;
      if (!binding || isTerminating(binding)) {
        return undefined;
      }
      if (binding.roleRef?.kind !== 'ClusterRole' || binding.roleRef.name !== 'cluster-admin') {
        return undefined;
      }

      for (const { kind, name: user } of binding.subjects ?? []) {
        const known = kind === 'User' ? users.store.get(user)?.object : undefined;
        // A longer name fits into no label value, which the Deployment needs to select its pods.
        if (known && labelValueErrors(user).length === 0) {
          await ensureCreated(client, CONFIG_MAPS, makeKubeconfig(known));
          await ensureKubectl(user, binding);
        }
      }

      return undefined;
    },
  };
}
