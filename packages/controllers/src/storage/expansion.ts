import { PODS } from '@ks-apiserver/api/resources';
import { getOwn } from '@ks-apiserver/apimachinery/json/json';
import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import { timestamp } from '@ks-apiserver/apimachinery/meta/time';
import type {
  GroupVersionResource,
  KubeObject,
  PersistedObject,
} from '@ks-apiserver/apimachinery/meta/types';
import { parseQuantity } from '@ks-apiserver/apimachinery/quantity/quantity';
import type { Entry } from '@ks-apiserver/client/informer/entry';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import type { EventRecorder } from '../events/recorder.ts';
import type { Follow, Reconciler } from '../runtime/controller.ts';

/** Provisioners that enlarge a volume only while nothing uses it. */
const OFFLINE: ReadonlySet<unknown> = new Set(['disk.csi.qingcloud.com', 'csi-qingcloud']);

/**
 * Annotation of a workload that was scaled down for a claim of its pod: how to scale it up again.
 */
const EXPANDING = 'storage.kubesphere.io/expanding';

/** How long enlarging may take, in milliseconds; then the workload starts again as it was. */
const LONGEST_MS = 3_600_000;

const apps = (resource: string): GroupVersionResource => ({
  group: 'apps',
  version: 'v1',
  resource,
});

const WORKLOADS: Readonly<Record<string, GroupVersionResource>> = {
  Deployment: apps('deployments'),
  StatefulSet: apps('statefulsets'),
};

/**
 * Whether enlarging a claim of a storage class scales the workload that mounts it down, and up
 * again.
 */
export function expandsOffline(storageClass: KubeObject | undefined): boolean {
  return storageClass?.allowVolumeExpansion === true && OFFLINE.has(storageClass.provisioner);
}

/** Dependencies of the expansion controller. */
export interface ExpansionDependencies {
  client: KubeClient;
  /** The informers keep parsed objects. */
  classes: Informer;
  /** Informer of all claims, started when a class needs it. */
  claims: () => Informer;
  events: EventRecorder;
}

interface Expansion {
  claim: string;
  replicas: number;
  since: string;
}

interface Workload {
  resource: GroupVersionResource;
  object: PersistedObject;
  expansion: Expansion | undefined;
}

function expansionOf({ metadata }: PersistedObject): Expansion | undefined {
  try {
    const value = JSON.parse(
      metadata.annotations?.[EXPANDING] ?? 'null',
    ) as Partial<Expansion> | null;
    const { claim, replicas = -1, since } = value ?? {};

    return typeof claim === 'string' && Number.isInteger(replicas) && replicas >= 0
      ? { claim, replicas, since: String(since) }
      : undefined;
  } catch {
    return undefined;
  }
}

function bytesOf(quantity: unknown): bigint {
  try {
    return parseQuantity(String(quantity ?? '0')).nano;
  } catch {
    return 0n;
  }
}

/**
 * Returns the state of a bound claim: it asks for no more, waits for its volume to be enlarged, or
 * waits for a pod to enlarge the file system.
 */
function stateOf({ spec, status }: PersistedObject): 'settled' | 'growing' | 'mountable' {
  const grows = bytesOf(spec?.resources?.requests?.storage) > bytesOf(status?.capacity?.storage);
  if (status?.phase !== 'Bound' || !grows) {
    return 'settled';
  }

  const conditions = (status.conditions ?? []) as { type?: string; status?: string }[];
  const isPending = conditions.some(
    ({ type, status: holds }) => type === 'FileSystemResizePending' && holds === 'True',
  );

  return isPending ? 'mountable' : 'growing';
}

/**
 * Scales the workload of the one pod that mounts a claim to zero while the claim's volume is
 * enlarged, and back after that, for volumes that can be enlarged only while nothing uses them.
 */
export function expansionReconciler({
  client,
  classes,
  claims,
  events,
}: ExpansionDependencies): Reconciler {
  let follow: Follow | undefined;
  let isFollowed = false;

  /** Claims that need nothing. */
  const settled = new Set<string>();

  const classOf = (entry: Entry) =>
    classes.store.get(String(entry.fields.storageClassName))?.object;
  const keyOf = ({ namespace, name }: Entry) => `${namespace}/${name}`;

  /** Follows the claims of a class. */
  async function followClaims(name: string, signal: AbortSignal): Promise<string[]> {
    const informer = claims();
    await informer.ready(signal);

    if (!isFollowed) {
      isFollowed = true;

      follow?.({
        informer,
        keys: ({ entry }) => (expandsOffline(classOf(entry)) ? [keyOf(entry)] : []),
      });
    }

    return [...informer.store.values()]
      .filter(({ fields }) => fields.storageClassName === name)
      .map(keyOf);
  }

  async function workloadsOf(namespace: string, claim: string): Promise<Workload[]> {
    const found: Workload[] = [];

    for (const resource of Object.values(WORKLOADS)) {
      for (const object of (await client.list<PersistedObject>(resource, { namespace })).items) {
        const expansion = expansionOf(object);
        if (expansion?.claim === claim) {
          found.push({ resource, object, expansion });
        }
      }
    }

    return found;
  }

  /** Returns the workload of the only pod that mounts a claim. */
  async function mountingWorkload(namespace: string, claim: string): Promise<Workload | undefined> {
    const { items } = await client.list<PersistedObject>(PODS, { namespace });

    const mounting = items.filter(({ spec, status }) => {
      const volumes = (spec?.volumes ?? []) as { persistentVolumeClaim?: { claimName?: string } }[];
      const hasEnded = status?.phase === 'Succeeded' || status?.phase === 'Failed';

      return (
        !hasEnded &&
        volumes.some(({ persistentVolumeClaim: volume }) => volume?.claimName === claim)
      );
    });

    const [pod] = mounting;
    if (!pod || mounting.length !== 1) {
      return undefined;
    }

    let owner = pod.metadata.ownerReferences?.find(({ controller }) => controller);
    if (owner?.kind === 'ReplicaSet') {
      const set = await client.find({ resource: apps('replicasets'), namespace, name: owner.name });
      owner = set?.metadata.ownerReferences?.find(({ controller }) => controller);
    }

    const resource = owner && getOwn(WORKLOADS, owner.kind);
    if (!owner || !resource) {
      return undefined;
    }

    const object = await client.find({ resource, namespace, name: owner.name });

    return object?.metadata.uid === owner.uid
      ? { resource, object, expansion: expansionOf(object) }
      : undefined;
  }

  async function scale(
    { resource, object }: Workload,
    replicas: number,
    expansion: Expansion | null,
  ): Promise<void> {
    const { namespace, name, resourceVersion } = object.metadata;
    const annotations = { [EXPANDING]: expansion && JSON.stringify(expansion) };
    await client.patch({ resource, namespace, name: name }, 'merge', {
      metadata: { resourceVersion, annotations },
      spec: { replicas },
    });
  }

  async function scaleDown(claim: PersistedObject): Promise<number | undefined> {
    const { namespace = '', name = '' } = claim.metadata;
    const workload = await mountingWorkload(namespace, name);
    const replicas = Number(workload?.object.spec?.replicas ?? 1);

    // A workload stopped for another claim does not count with its present scale.
    if (!workload || workload.expansion || replicas === 0) {
      return undefined;
    }

    const what = `${workload.object.kind ?? workload.resource.resource} ${workload.object.metadata.name}`;

    await scale(workload, 0, { claim: name, replicas, since: timestamp() });

    events.record(
      claim,
      'Normal',
      'ScaledDown',
      `${what} is scaled to 0 while the volume is enlarged`,
    );

    return LONGEST_MS;
  }

  async function scaleUp(claim: KubeObject, workloads: readonly Workload[]): Promise<void> {
    for (const workload of workloads) {
      const { expansion, object } = workload;
      const now = Number(object.spec?.replicas ?? 1);
      const before = expansion?.replicas ?? now;

      // Somebody else may have scaled it meanwhile.
      await scale(workload, now === 0 ? before : now, null);

      const name = object.metadata.name;
      events.record(
        claim,
        'Normal',
        'ScaledUp',
        `${name} is scaled to ${before}: the volume is enlarged`,
      );
    }
  }

  async function look(key: string): Promise<number | undefined> {
    const slash = key.indexOf('/');
    const [namespace, name] = [key.slice(0, slash), key.slice(slash + 1)];
    const entry = claims().store.get(name, namespace);

    const claim = entry && {
      ...(JSON.parse(entry.bytes.toString()) as PersistedObject),
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
    };

    const state = claim && !claim.metadata.deletionTimestamp ? stateOf(claim) : 'settled';
    if (state === 'settled' && settled.has(key)) {
      return undefined;
    }

    settled.delete(key);

    const scaled = await workloadsOf(namespace, name);
    const left = Math.min(
      ...scaled.map(
        ({ expansion }) => Date.parse(expansion?.since ?? '') + LONGEST_MS - Date.now(),
      ),
    );

    if (claim && state === 'growing' && (scaled.length === 0 || left > 0)) {
      return scaled.length === 0 ? scaleDown(claim) : left;
    }

    await scaleUp(claim ?? { metadata: { namespace, name } }, scaled);

    if (claim && state === 'settled') {
      settled.add(key);
    }

    return undefined;
  }

  return {
    name: 'volume-expansion',
    sources: [
      {
        informer: classes,
        keys: ({ type, entry }) => (type === 'DELETED' ? [] : [`/${entry.name}`]),
      },
    ],
    begin(given) {
      follow = given;
    },
    async reconcile(key, signal) {
      try {
        if (!key.startsWith('/')) {
          return await look(key);
        }

        const name = key.slice(1);
        for (const claim of expandsOffline(classes.store.get(name)?.object)
          ? await followClaims(name, signal)
          : []) {
          await look(claim);
        }
      } catch (error) {
        // It was deleted meanwhile.
        if (!(error instanceof StatusError && error.code === 404)) {
          throw error;
        }
      }

      return undefined;
    },
  };
}
