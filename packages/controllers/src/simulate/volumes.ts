import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Reconciler } from '../controller.ts';
import { type Cluster, SIMULATED } from './cluster.ts';
import { keyOf } from './objects.ts';

/** The volume that a claim gets: one that holds nothing. */
function volumeFor({ metadata, spec }: KubeObject): KubeObject {
  const { name, namespace, uid, resourceVersion } = metadata;
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: {
      name: `pvc-${uid}`,
      annotations: { [SIMULATED]: 'true', 'pv.kubernetes.io/provisioned-by': 'simulation.ks-apiserver.io' },
    },
    spec: {
      accessModes: spec.accessModes,
      capacity: { storage: spec.resources?.requests?.storage ?? '1Gi' },
      claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name, namespace, uid, resourceVersion },
      hostPath: { path: `/simulated/${namespace}/${name}`, type: '' },
      persistentVolumeReclaimPolicy: 'Delete',
      ...(spec.storageClassName && { storageClassName: spec.storageClassName }),
      volumeMode: spec.volumeMode ?? 'Filesystem',
    },
  };
}

/** Claims get volumes, and volumes go with their claims. */
export function volumeReconciler(cluster: Cluster): Reconciler {
  return {
    name: 'simulated-volume-controller',
    sources: [
      { informer: cluster.claims.informer, keys: ({ entry }) => [keyOf(entry.object!)] },
      {
        informer: cluster.volumes.informer,
        keys: ({ entry }) => {
          const { metadata, spec } = entry.object!;
          const { namespace, name } = spec.claimRef ?? {};
          return metadata.annotations?.[SIMULATED] && name ? [`${namespace}/${name}`] : [];
        },
      },
    ],
    about: (key) => cluster.claims.get(key),
    async reconcile(key) {
      const claim = cluster.claims.get(key);
      if (!claim) {
        for (const volume of cluster.volumes.by('claim', key))
          if (volume.metadata.annotations?.[SIMULATED]) await cluster.volumes.delete(volume);
        return undefined;
      }
      if (claim.metadata.deletionTimestamp || claim.status?.phase === 'Bound') return undefined;
      const chosen: string | undefined = claim.spec.volumeName;
      // A claim that names a volume of its own waits for that one.
      if (chosen && !chosen.startsWith('pvc-')) return undefined;
      const wanted = volumeFor(claim);
      const volume = cluster.volumes.get(keyOf(wanted)) ?? (await cluster.volumes.create(wanted));
      if (volume.status?.phase !== 'Bound')
        await cluster.volumes.setStatus(volume, { ...volume.status, phase: 'Bound' });
      const annotations = { ...claim.metadata.annotations, 'pv.kubernetes.io/bind-completed': 'yes' };
      const bound = await cluster.claims.update({
        ...claim,
        metadata: { ...claim.metadata, annotations },
        spec: { ...claim.spec, volumeName: volume.metadata.name },
      });
      const { accessModes, capacity } = wanted.spec;
      await cluster.claims.setStatus(bound, { ...bound.status, phase: 'Bound', accessModes, capacity });
      return undefined;
    },
  };
}
