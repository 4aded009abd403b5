import { isTerminating } from '@ks-apiserver/apimachinery/meta/object-meta';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import type { EventRecorder } from '../events/recorder.ts';
import type { Reconciler } from '../runtime/controller.ts';

const REGO_OVERRIDE = 'iam.kubesphere.io/rego-override';

/**
 * Annotation with what a status condition would say, as JSON (Kubernetes meta/v1 Condition): roles
 * have no status.
 */
const CONDITION = 'iam.kubesphere.io/rego-override-condition';

/** How long to wait before a policy server that did not answer is asked again, in milliseconds. */
const ASK_AGAIN_MS = 60_000;

/** Checks whether a module can be evaluated. */
export type CheckOverride = (
  module: string,
) => Promise<{ usable: boolean; reason: string; message: string }>;

/** Dependencies of the role override controller. */
export interface RoleOverrideDependencies {
  client: KubeClient;
  /** Informers of the kinds of roles. */
  roles: Informer;
  events: EventRecorder;
  check: CheckOverride;
  /** Called with a role whose module allows nothing, and the reason. */
  onIgnored: (role: string, message: string) => void;
}

/**
 * Records in a condition of each role with a Rego module whether the module can be evaluated. One
 * that cannot, and so allows nothing, also gets a warning Event.
 */
export function roleOverrideReconciler({
  client,
  roles,
  events,
  check,
  onIgnored,
}: RoleOverrideDependencies): Reconciler {
  const { resource } = roles.options;

  const find = (key: string) => {
    const [namespace = '', name = ''] = key.split('/', 2);
    return roles.store.get(name, namespace)?.object;
  };

  return {
    name: `rego-override-${resource.resource}`,
    about: find,
    sources: [
      {
        informer: roles,
        keys: ({ type, entry }) =>
          type !== 'DELETED' &&
          (REGO_OVERRIDE in entry.annotations || CONDITION in entry.annotations)
            ? [`${entry.namespace}/${entry.name}`]
            : [],
      },
    ],
    async reconcile(key) {
      const role = find(key);
      if (!role || isTerminating(role)) {
        return undefined;
      }

      const { name = '', namespace } = role.metadata;
      const module = role.metadata.annotations?.[REGO_OVERRIDE];
      const state = module?.trim() ? await check(module) : undefined;

      const condition = state
        ? JSON.stringify({
            type: 'RegoOverrideEvaluated',
            status: state.usable ? 'True' : 'False',
            reason: state.reason,
            message: state.message,
          })
        : null;

      if ((role.metadata.annotations?.[CONDITION] ?? null) !== condition) {
        const annotations = { [CONDITION]: condition };
        await client.patch({ resource, name, namespace }, 'merge', { metadata: { annotations } });

        if (state && !state.usable) {
          onIgnored(`${resource.resource} ${key}`, state.message);
          events.record(role, 'Warning', `RegoOverride${state.reason}`, state.message);
        }
      }

      return state?.reason === 'PolicyServerFailed' ? ASK_AGAIN_MS : undefined;
    },
  };
}
