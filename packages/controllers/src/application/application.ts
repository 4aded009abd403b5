import { equalJson } from '@ks-apiserver/apimachinery/json/json';
import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import { timestamp } from '@ks-apiserver/apimachinery/meta/time';
import type { PersistedObject } from '@ks-apiserver/apimachinery/meta/types';
import {
  apiVersionOf,
  type GroupVersionResource,
  type KubeObject,
} from '@ks-apiserver/apimachinery/meta/types';
import {
  type LabelSelectorObject,
  labelSelectorFrom,
} from '@ks-apiserver/apimachinery/selectors/labels';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import type { Follow, Reconciler } from '../runtime/controller.ts';
import { type Readiness, readinessOf } from './readiness.ts';

const APPLICATIONS: GroupVersionResource = {
  group: 'app.k8s.io',
  version: 'v1beta1',
  resource: 'applications',
};

const APPLICATION = { apiVersion: 'app.k8s.io/v1beta1', kind: 'Application' };

/** How many components one status lists: more of them would make an object too large to store. */
const MOST_COMPONENTS = 500;

/** Dependencies of the application controller. */
export interface ApplicationDependencies {
  client: KubeClient;
  applications: Informer;
  /**
   * Returns the informer of a kind that applications consist of, started when one names the kind;
   * undefined for other kinds.
   */
  componentsOf: (group: string, kind: string) => Informer | undefined;
}

interface Component {
  informer: Informer;
  group: string;
  kind: string;
  object: PersistedObject;
}

interface Condition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  lastUpdateTime?: string;
  lastTransitionTime?: string;
}

/** Returns the group of a component as applications name it; some add a version. */
function groupOf(group: unknown): string {
  return String(group ?? '').replace(/\/.*$/s, '');
}

function conditionsWith(
  before: readonly Condition[],
  type: string,
  wanted: [string, string, string],
): Condition[] {
  const [status, reason, message] = wanted;
  const known = before.find((one) => one.type === type);
  if (known && known.status === status && known.reason === reason && known.message === message) {
    return [...before];
  }

  const lastUpdateTime = timestamp();
  const lastTransitionTime =
    known?.status === status ? (known.lastTransitionTime ?? lastUpdateTime) : lastUpdateTime;
  const condition = { type, status, reason, message, lastUpdateTime, lastTransitionTime };

  return known ? before.map((one) => (one === known ? condition : one)) : [...before, condition];
}

/** Returns the status of an application that has these components. */
export function statusOf(
  application: KubeObject,
  components: readonly { group: string; kind: string; name: string; status: Readiness }[],
  problem: string | undefined,
): Record<string, unknown> {
  const ready = components.filter(({ status }) => status === 'Ready').length;
  const before = (application.status?.conditions ?? []) as Condition[];
  const isReady = ready === components.length;

  const withReady = conditionsWith(
    before,
    'Ready',
    isReady
      ? ['True', 'ComponentsReady', 'all components ready']
      : ['False', 'ComponentsNotReady', 'some components not ready'],
  );

  const conditions = conditionsWith(
    withReady,
    'Error',
    problem === undefined ? ['False', 'NoError', 'No error seen'] : ['True', 'ErrorSeen', problem],
  );

  return {
    ...application.status,
    components: components.slice(0, MOST_COMPONENTS),
    componentsReady: `${ready}/${components.length}`,
    conditions,
  };
}

/**
 * Keeps the status of Applications: which of their components exist and whether they are ready.
 * Makes an application the owner of its components when it asks for that.
 */
export function applicationReconciler({
  client,
  applications,
  componentsOf,
}: ApplicationDependencies): Reconciler {
  const followed = new Set<Informer>();
  let follow: Follow | undefined;

  function objectOf(key: string): PersistedObject | undefined {
    const slash = key.indexOf('/');
    const entry = applications.store.get(key.slice(slash + 1), key.slice(0, slash));
    return entry && (JSON.parse(entry.bytes.toString()) as PersistedObject);
  }

  /**
   * Adds the applications of a namespace; whether one selects the changed object is found when it
   * is reconciled.
   */
  const inNamespace = (namespace: string) =>
    [...applications.store.list('name', namespace)].map(({ name }) => `${namespace}/${name}`);

  async function componentsIn(
    { metadata, spec }: PersistedObject,
    signal: AbortSignal,
  ): Promise<Component[]> {
    const selector = labelSelectorFrom((spec?.selector ?? {}) as LabelSelectorObject);
    const kinds = Array.isArray(spec?.componentKinds)
      ? (spec.componentKinds as { group?: string; kind?: string }[])
      : [];
    const found = new Map<string, Component>();

    // An empty selector would make every object a component.
    for (const { group, kind = '' } of selector.empty ? [] : kinds) {
      const informer = componentsOf(groupOf(group), kind);
      if (!informer) {
        continue;
      }

      await informer.ready(signal);

      if (!followed.has(informer)) {
        followed.add(informer);
        follow?.({ informer, keys: ({ entry }) => inNamespace(entry.namespace) });
      }

      for (const entry of informer.store.list('name', metadata.namespace ?? '')) {
        if (!selector.matches(entry.labels)) {
          continue;
        }

        const object = JSON.parse(entry.bytes.toString()) as PersistedObject;
        found.set(`${groupOf(group)}/${kind}/${entry.name}`, {
          informer,
          group: groupOf(group),
          kind,
          object,
        });
      }
    }

    return [...found.values()];
  }

  /**
   * Makes an application an owner of its components, so that they are deleted with it. Returns what
   * went wrong.
   */
  async function own(
    application: PersistedObject,
    components: readonly Component[],
  ): Promise<string | undefined> {
    const { name, uid } = application.metadata;
    let problem: string | undefined;

    for (const { informer, object } of components) {
      const owners = object.metadata.ownerReferences ?? [];
      if (owners.some((owner) => owner.uid === uid)) {
        continue;
      }

      const { resource } = informer.options;

      const own = {
        ...APPLICATION,
        name: name,
        uid: uid,
        blockOwnerDeletion: true,
        controller: false,
      };

      // A former application of the same name no longer exists.
      const others = owners.filter((owner) => owner.kind !== 'Application' || owner.name !== name);
      const { namespace, name: component, resourceVersion } = object.metadata;
      const metadata = { resourceVersion, ownerReferences: [...others, own] };

      try {
        await client.patch({ resource, namespace, name: component }, 'merge', { metadata });
      } catch (error) {
        // The informer was a moment behind.
        if (error instanceof StatusError && error.reason === 'Conflict') {
          throw error;
        }

        problem ??= `${apiVersionOf(resource)} ${resource.resource} ${component}: ${(error as Error).message}`;
      }
    }

    return problem;
  }

  return {
    name: 'application',
    about: objectOf,
    sources: [
      {
        informer: applications,
        keys: ({ type, entry }) => (type === 'DELETED' ? [] : [`${entry.namespace}/${entry.name}`]),
      },
    ],
    begin(given) {
      follow = given;
    },
    async reconcile(key, signal) {
      const application = objectOf(key);
      if (!application || application.metadata.deletionTimestamp) {
        return undefined;
      }

      const components = await componentsIn(application, signal);
      const problem =
        application.spec?.addOwnerRef === true ? await own(application, components) : undefined;

      const listed = components.map(({ group, kind, object }) => ({
        group,
        kind,
        name: object.metadata.name,
        status: readinessOf(kind, object),
      }));

      const status = statusOf(application, listed, problem);
      if (!equalJson(status, application.status)) {
        // Without a status subresource, writing the status makes a new generation.
        const observedGeneration = Number(application.metadata.generation ?? 0) + 1;
        const wanted = { ...status, observedGeneration };

        const written = await client.update(APPLICATIONS, {
          ...application,
          ...APPLICATION,
          status: wanted,
        });

        if (!equalJson(written.status, wanted)) {
          // A CRD installed by somebody else has the subresource.
          const { namespace, name, generation } = written.metadata;
          const body = { status: { ...wanted, observedGeneration: generation } };

          await client.patch({ resource: APPLICATIONS, namespace, name: name }, 'merge', body, {
            subresource: 'status',
          });
        }
      }

      return undefined;
    },
  };
}
