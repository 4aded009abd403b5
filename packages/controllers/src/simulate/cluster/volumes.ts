import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Reconciler } from '../../runtime/controller.ts';
import { type Cluster, SIMULATED } from '../cluster.ts';
import { keyOf } from '../objects.ts';

/** The volume that a claim gets: one that holds nothing. */
function volumeFor({ metadata, spec }: KubeObject): KubeObject {
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
 * Says of a volume that somebody made whether it is free; one that was made for a claim is bound to
 * it and goes with it.
 */
async function setPhase(cluster: Cluster, key: string): Promise<void> {
  const volume = cluster.volumes.get(key);
  if (!volume || volume.metadata.deletionTimestamp || volume.metadata.annotations?.[SIMULATED]) {
    return;
  }

  const { namespace, name, uid } = volume.spec.claimRef ?? {};
  const claim = name && cluster.claims.get(`${namespace}/${name}`);
  const isHeld = claim && (uid === undefined || claim.metadata.uid === uid);

  // One that is kept for a claim which is yet to come is free for that one.
  const phase =
    isHeld && claim.spec.volumeName === volume.metadata.name
      ? 'Bound'
      : uid && !isHeld
        ? 'Released'
        : 'Available';

  if (volume.status?.phase !== phase) {
    await cluster.volumes.setStatus(volume, { ...volume.status, phase });
  }
}

/**
 * The volume that a claim names, where it is there and no other claim has it, as that of the claim.
 */
async function takeNamed(cluster: Cluster, claim: KubeObject): Promise<KubeObject | undefined> {
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

/** Claims get volumes, and volumes go with their claims. */
export function volumeReconciler(cluster: Cluster): Reconciler {
  return {
    name: 'simulated-volume-controller',
    sources: [
      { informer: cluster.claims.informer, keys: ({ entry }) => [keyOf(entry.object!)] },
      {
        informer: cluster.volumes.informer,
        keys: ({ type, entry }) => {
          const { namespace, name } = entry.object!.spec.claimRef ?? {};
          return [
            ...(name ? [`${namespace}/${name}`] : []),
            ...(type === 'DELETED' ? [] : [keyOf(entry.object!)]),
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

      // A claim that names a volume of its own waits for that one.
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
