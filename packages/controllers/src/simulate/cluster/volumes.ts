import type { KubeObject, PersistedObject } from '@ks-apiserver/apimachinery/meta/types';
import { objectOf } from '@ks-apiserver/client/informer/entry';
import type { Reconciler } from '../../runtime/controller.ts';
import { type Cluster, SIMULATED } from '../cluster.ts';
import { keyOf } from '../objects.ts';

/** Returns the empty volume that a claim gets. */
function volumeFor({ metadata, spec }: PersistedObject): KubeObject {
  const { name, namespace, uid, resourceVersion } = metadata;

  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: {
      name: `pvc-${uid}`,
      annotations: {
        [SIMULATED]: 'true',
        'pv.kubernetes.io/provisioned-by': 'simulation.ks-apiserver.io',
      },
    },
    spec: {
      accessModes: spec.accessModes,
      capacity: { storage: spec.resources?.requests?.storage ?? '1Gi' },
      claimRef: {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        name,
        namespace,
        uid,
        resourceVersion,
      },
      hostPath: { path: `/simulated/${namespace}/${name}`, type: '' },
      persistentVolumeReclaimPolicy: 'Delete',
      ...(spec.storageClassName && { storageClassName: spec.storageClassName }),
      volumeMode: spec.volumeMode ?? 'Filesystem',
    },
  };
}

/**
 * Sets the phase of a volume that somebody created: whether it is free. A volume made for a claim
 * is bound to it and is deleted with it.
 */
async function setPhase(cluster: Cluster, key: string): Promise<void> {
  const volume = cluster.volumes.get(key);
  if (!volume || volume.metadata.deletionTimestamp || volume.metadata.annotations?.[SIMULATED]) {
    return;
  }

  const { namespace, name, uid } = volume.spec.claimRef ?? {};
  const claim = name && cluster.claims.get(`${namespace}/${name}`);
  const isHeld = claim && (uid === undefined || claim.metadata.uid === uid);

  let phase = 'Available';

  // A volume that is reserved for a future claim is free for that claim.
  if (isHeld && claim.spec.volumeName === volume.metadata.name) {
    phase = 'Bound';
  } else if (uid && !isHeld) {
    phase = 'Released';
  }

  if (volume.status?.phase !== phase) {
    await cluster.volumes.setStatus(volume, { ...volume.status, phase });
  }
}

/**
 * Returns the volume that a claim names, bound to the claim, if it exists and no other claim has
 * it.
 */
async function takeNamed(
  cluster: Cluster,
  claim: PersistedObject,
): Promise<KubeObject | undefined> {
  const volume = cluster.volumes.get(`/${claim.spec.volumeName}`);
  if (!volume || volume.metadata.deletionTimestamp) {
    return undefined;
  }

  const { name, namespace, uid } = claim.metadata;
  const held = volume.spec.claimRef;
  if (held) {
    const isMine =
      held.name === name &&
      held.namespace === namespace &&
      (held.uid === undefined || held.uid === uid);

    if (!isMine) {
      return undefined;
    }
    if (held.uid === uid) {
      return volume;
    }
  }

  const claimRef = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name, namespace, uid };

  return cluster.volumes.update({ ...volume, spec: { ...volume.spec, claimRef } });
}

/** Gives volumes to claims, and deletes volumes with their claims. */
export function volumeReconciler(cluster: Cluster): Reconciler {
  return {
    name: 'simulated-volume-controller',
    sources: [
      { informer: cluster.claims.informer, keys: ({ entry }) => [keyOf(objectOf(entry))] },
      {
        informer: cluster.volumes.informer,
        keys: ({ type, entry }) => {
          const { namespace, name } = objectOf(entry).spec.claimRef ?? {};
          return [
            ...(name ? [`${namespace}/${name}`] : []),
            ...(type === 'DELETED' ? [] : [keyOf(objectOf(entry))]),
          ];
        },
      },
    ],
    about: (key) => cluster.claims.get(key),
    async reconcile(key) {
      if (key.startsWith('/')) {
        await setPhase(cluster, key);
        return undefined;
      }

      const claim = cluster.claims.get(key);
      if (!claim) {
        for (const volume of cluster.volumes.by('claim', key)) {
          if (volume.metadata.annotations?.[SIMULATED]) {
            await cluster.volumes.delete(volume);
          } else {
            await setPhase(cluster, keyOf(volume));
          }
        }

        return undefined;
      }

      if (claim.metadata.deletionTimestamp || claim.status?.phase === 'Bound') {
        return undefined;
      }

      const chosen: string | undefined = claim.spec.volumeName;
      const wanted = volumeFor(claim);
      const isNamed = chosen !== undefined && chosen !== wanted.metadata.name;
      const volume = isNamed
        ? await takeNamed(cluster, claim)
        : (cluster.volumes.get(keyOf(wanted)) ?? (await cluster.volumes.create(wanted)));

      // A claim that names a volume waits for it.
      if (!volume) {
        return undefined;
      }
      if (volume.status?.phase !== 'Bound') {
        await cluster.volumes.setStatus(volume, { ...volume.status, phase: 'Bound' });
      }

      const annotations = {
        ...claim.metadata.annotations,
        'pv.kubernetes.io/bind-completed': 'yes',
      };

      const bound = await cluster.claims.update({
        ...claim,
        metadata: { ...claim.metadata, annotations },
        spec: { ...claim.spec, volumeName: volume.metadata.name },
      });

      const { accessModes, capacity } = volume.spec;
      await cluster.claims.setStatus(bound, {
        ...bound.status,
        phase: 'Bound',
        accessModes,
        capacity,
      });

      return undefined;
    },
  };
}
