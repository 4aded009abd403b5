import { isTerminating } from '@ks-apiserver/apimachinery/meta/object-meta';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import type { EventRecorder } from '../events/recorder.ts';
import type { Reconciler } from '../runtime/controller.ts';

const REGO_OVERRIDE = 'iam.kubesphere.io/rego-override';

/**
 * Roles have no status: what a status condition would say is in this annotation, as JSON
 * (Kubernetes meta/v1 Condition).
 */
const CONDITION = 'iam.kubesphere.io/rego-override-condition';

/** A server that did not answer is asked again after this time, in milliseconds. */
const ASK_AGAIN_MS = 60_000;

/** Finds out whether a module can be evaluated. */
export type CheckOverride = (
  module: string,
) => Promise<{ usable: boolean; reason: string; message: string }>;

/** What the controller of overrides works with. */
export interface RoleOverrideParts {
  client: KubeClient;
  /** Roles of one kind. */
  roles: Informer;
  events: EventRecorder;
  check: CheckOverride;
  /** Hears of a role whose module allows nothing, and why. */
  onIgnored: (role: string, message: string) => void;
}

/**
 * Roles with a Rego module: each says in a condition whether the module is evaluated; one that is
 * not, and so allows nothing, is warned of by an Event too.
 */
export function roleOverrideReconciler({
  client,
  roles,
  events,
  check,
  onIgnored,
}: RoleOverrideParts): Reconciler {
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
