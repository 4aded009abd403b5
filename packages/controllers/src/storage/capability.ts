import { STORAGE_CLASSES } from '@ks-apiserver/api/resources';
import { equalJson } from '@ks-apiserver/apimachinery/json/json';
import { controllerReference } from '@ks-apiserver/apimachinery/meta/object-meta';
import type {
  GroupVersionResource,
  KubeObject,
  PersistedObject,
} from '@ks-apiserver/apimachinery/meta/types';
import type { Entry } from '@ks-apiserver/client/informer/entry';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import type { Reconciler } from '../runtime/controller.ts';
import { ensureDeleted, ensureEqual } from '../runtime/ensure.ts';
import { accessModesOf } from './access-modes.ts';

const CAPABILITIES: GroupVersionResource = {
  group: 'storage.kubesphere.io',
  version: 'v1alpha1',
  resource: 'storageclasscapabilities',
};

/**
 * Annotations of storage classes: the one that 3.0's console reads, then those of 3.3 and later.
 */
const SUPPORT_SNAPSHOT = 'storageclass.kubesphere.io/support-snapshot';
const ALLOW_CLONE = 'storageclass.kubesphere.io/allow-clone';
const ALLOW_SNAPSHOT = 'storageclass.kubesphere.io/allow-snapshot';
const ACCESS_MODES = 'storageclass.kubesphere.io/supported-access-modes';

/** What volumes of a provisioner can do, as a ProvisionerCapability says it. */
export interface Features {
  topology: boolean;
  volume: {
    create: boolean;
    attach: boolean;
    list: boolean;
    clone: boolean;
    stats: boolean;
    expandMode: 'UNKNOWN' | 'OFFLINE' | 'ONLINE';
  };
  snapshot: { create: boolean; list: boolean };
}

/** Dependencies of the storage capability controller. */
export interface CapabilityDependencies {
  client: KubeClient;
  /** The informers keep parsed objects. */
  classes: Informer;
  provisioners: Informer;
  drivers: Informer;
  capabilities: Informer;
  /** Resource in the version that is served. */
  snapshotClasses: Informer;
}

/** Returns the name of the ProvisionerCapability of a provisioner. */
function capabilityName(provisioner: string): string {
  return provisioner.replaceAll(/[./]/g, '-');
}

/**
 * Returns what a CSI driver can do as far as its object and the class say: the driver itself
 * listens on a socket of its nodes, which this server does not reach. Clones and snapshots are
 * assumed, as 3.3 and later do, unless the class says otherwise.
 */
function featuresOfDriver(driver: PersistedObject, { metadata }: KubeObject): Features {
  const allows = (annotation: string) => metadata.annotations?.[annotation] !== 'false';
  const snapshots = allows(ALLOW_SNAPSHOT);

  return {
    topology: false,
    volume: {
      create: true,
      attach: driver.spec?.attachRequired !== false,
      list: false,
      clone: allows(ALLOW_CLONE),
      stats: false,
      expandMode: 'ONLINE',
    },
    snapshot: { create: snapshots, list: snapshots },
  };
}

/**
 * Returns the annotations that a class should have; what somebody has set for clones, snapshots and
 * access modes stays.
 */
function annotationsOf(
  storageClass: PersistedObject,
  features: Features | undefined,
  possible: Features | undefined,
): Record<string, string> {
  const before = storageClass.metadata.annotations ?? {};

  const after: Record<string, string> = {
    ...before,
    [SUPPORT_SNAPSHOT]: String(possible?.snapshot.create ?? false),
  };

  const isSet = (annotation: string) =>
    before[annotation] === 'true' || before[annotation] === 'false';
  if (features && !isSet(ALLOW_CLONE)) {
    after[ALLOW_CLONE] = String(features.volume.clone);
  }

  if (features && !isSet(ALLOW_SNAPSHOT)) {
    after[ALLOW_SNAPSHOT] = String(features.snapshot.create);
  }

  const modes = accessModesOf(String(storageClass.provisioner));
  if (modes && before[ACCESS_MODES] === undefined) {
    after[ACCESS_MODES] = JSON.stringify(modes);
  }

  return after;
}

/**
 * Writes into storage classes what volumes of each can do, from the capability of its provisioner
 * or from its CSI driver, and creates a VolumeSnapshotClass for them.
 */
export function capabilityReconciler(dependencies: CapabilityDependencies): Reconciler {
  const { client, classes, provisioners, drivers, capabilities, snapshotClasses } = dependencies;

  /** Provisioners of the classes that were seen: what was made for one is deleted with it. */
  const seen = new Map<string, string>();

  function featuresOf(storageClass: PersistedObject): Features | undefined {
    const provisioner = String(storageClass.provisioner);
    const known = provisioners.store.get(capabilityName(provisioner))?.object?.spec?.features as
      | Features
      | undefined;
    const driver = drivers.store.get(provisioner)?.object;
    const features = known ?? (driver && featuresOfDriver(driver, storageClass));
    if (!features) {
      return undefined;
    }

    const { volume } = features;
    const expands = storageClass.allowVolumeExpansion === true;

    return {
      ...features,
      volume: { ...volume, ...(!expands && { expandMode: 'UNKNOWN' as const }) },
    };
  }

  /** The same without snapshots, when the API does not serve them. */
  function possible(features: Features | undefined): Features | undefined {
    return features && !snapshotClasses.served
      ? { ...features, snapshot: { create: false, list: false } }
      : features;
  }

  async function forget(name: string): Promise<void> {
    const provisioner = seen.get(name);
    if (provisioner === undefined) {
      return;
    }

    seen.delete(name);
    await removeIfThere(capabilities, CAPABILITIES, name);

    const driver = snapshotClasses.store.get(name)?.object?.driver;

    // A class that somebody made for another driver stays.
    if (driver === provisioner) {
      await removeIfThere(snapshotClasses, snapshotClasses.options.resource, name);
    }
  }

  async function removeIfThere(
    informer: Informer,
    resource: GroupVersionResource,
    name: string,
  ): Promise<void> {
    if (informer.store.get(name)) {
      await ensureDeleted(client, { resource, name });
    }
  }

  async function ensureCapability(
    storageClass: PersistedObject,
    features: Features | undefined,
  ): Promise<void> {
    const name = storageClass.metadata.name;
    const existing = capabilities.store.get(name)?.object;

    if (!features) {
      // What somebody has written by hand stays.
      const isOurs = existing?.metadata.ownerReferences?.some(
        ({ uid }) => uid === storageClass.metadata.uid,
      );

      if (isOurs) {
        await ensureDeleted(client, { resource: CAPABILITIES, name });
      }

      return;
    }

    const { group, version } = CAPABILITIES;

    const wanted = {
      apiVersion: `${group}/${version}`,
      kind: 'StorageClassCapability',
      metadata: { name, ownerReferences: [controllerReference(storageClass)] },
      spec: { provisioner: storageClass.provisioner, features },
    };

    await ensureEqual(client, CAPABILITIES, wanted, ['spec'], existing);
  }

  async function ensureSnapshotClass(storageClass: PersistedObject): Promise<void> {
    const name = storageClass.metadata.name;
    if (snapshotClasses.store.get(name)) {
      return;
    }

    const { resource } = snapshotClasses.options;
    await ensureEqual(
      client,
      resource,
      {
        apiVersion: `${resource.group}/${resource.version}`,
        kind: 'VolumeSnapshotClass',
        metadata: { name, ownerReferences: [controllerReference(storageClass)] },
        driver: storageClass.provisioner,
        deletionPolicy: 'Delete',
      },
      [],
      undefined,
    );
  }

  const classesWith = (matches: (provisioner: string) => boolean): string[] =>
    [...classes.store.values()]
      .filter(({ object }) => matches(String(object?.provisioner)))
      .map(({ name }: Entry) => name);

  return {
    name: 'storage-capability',
    about: (name) => classes.store.get(name)?.object,
    sources: [
      { informer: classes, keys: ({ entry }) => [entry.name] },
      {
        informer: provisioners,
        keys: ({ entry }) => classesWith((one) => capabilityName(one) === entry.name),
      },
      { informer: drivers, keys: ({ entry }) => classesWith((one) => one === entry.name) },
      { informer: capabilities, keys: ({ entry }) => [entry.name] },
      {
        informer: snapshotClasses,
        keys: ({ entry, type }) => (type === 'DELETED' ? [] : [entry.name]),
      },
    ],
    async reconcile(name) {
      const found = classes.store.get(name)?.object;
      if (!found) {
        await forget(name);
        return undefined;
      }

      const storageClass: PersistedObject = {
        ...found,
        apiVersion: 'storage.k8s.io/v1',
        kind: 'StorageClass',
      };

      seen.set(name, String(storageClass.provisioner));

      const ofProvisioner = featuresOf(storageClass);
      const features = possible(ofProvisioner);
      if (features?.snapshot.create) {
        await ensureSnapshotClass(storageClass);
      }

      const annotations = annotationsOf(storageClass, ofProvisioner, features);
      if (!equalJson(annotations, storageClass.metadata.annotations ?? {})) {
        const { resourceVersion } = storageClass.metadata;
        await client.patch({ resource: STORAGE_CLASSES, name }, 'merge', {
          metadata: { resourceVersion, annotations },
        });
      }

      await ensureCapability(storageClass, features);

      return undefined;
    },
  };
}
