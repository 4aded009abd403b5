import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { age, type Printer, printer } from './printer.ts';

const name = (object: KubeObject): string => object.metadata.name ?? '';

const modes: Readonly<Record<string, string>> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
};

function accessModes(list: readonly string[] | undefined): string {
  const present = new Set(list ?? []);
  return Object.keys(modes)
    .filter((mode) => present.has(mode))
    .map((mode) => modes[mode])
    .join(',');
}

function volumeMode(mode: unknown): string {
  return typeof mode === 'string' ? mode : '<unset>';
}

function storageClass(object: KubeObject): string {
  return (
    object.metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] ??
    object.spec?.storageClassName ??
    ''
  );
}

function orUnset(value: unknown): string | boolean {
  return typeof value === 'string' || typeof value === 'boolean' ? value : '<unset>';
}

/** Columns of storage kinds, by `group/Kind`. */
export const storagePrinters: Readonly<Record<string, Printer>> = {
  '/PersistentVolume': printer(
    'Name|Capacity|Access Modes|Reclaim Policy|Status|Claim|StorageClass|VolumeAttributesClass|Reason|Age|VolumeMode*',
    (o, now) => {
      const { namespace, name: claim } = o.spec?.claimRef ?? {};

      return [
        name(o),
        o.spec?.capacity?.storage ?? '0',
        accessModes(o.spec?.accessModes),
        o.spec?.persistentVolumeReclaimPolicy ?? '',
        o.metadata.deletionTimestamp ? 'Terminating' : (o.status?.phase ?? ''),
        claim === undefined ? '' : `${namespace}/${claim}`,
        storageClass(o),
        orUnset(o.spec?.volumeAttributesClassName),
        o.status?.reason ?? '',
        age(o, now),
        volumeMode(o.spec?.volumeMode),
      ];
    },
  ),
  '/PersistentVolumeClaim': printer(
    'Name|Status|Volume|Capacity|Access Modes|StorageClass|VolumeAttributesClass|Age|VolumeMode*',
    (o, now) => {
      const bound = (o.spec?.volumeName ?? '') !== '';

      return [
        name(o),
        o.metadata.deletionTimestamp ? 'Terminating' : (o.status?.phase ?? ''),
        o.spec?.volumeName ?? '',
        bound ? (o.status?.capacity?.storage ?? '0') : '',
        bound ? accessModes(o.status?.accessModes) : '',
        storageClass(o),
        orUnset(o.spec?.volumeAttributesClassName),
        age(o, now),
        volumeMode(o.spec?.volumeMode),
      ];
    },
  ),
  'storage.k8s.io/StorageClass': printer(
    'Name|Provisioner|ReclaimPolicy|VolumeBindingMode|AllowVolumeExpansion|Age',
    (o, now) => {
      const isDefault = ['', '.beta'].some(
        (beta) =>
          o.metadata.annotations?.[`storageclass${beta}.kubernetes.io/is-default-class`] === 'true',
      );

      return [
        isDefault ? `${name(o)} (default)` : name(o),
        o.provisioner ?? '',
        o.reclaimPolicy ?? 'Delete',
        o.volumeBindingMode ?? '<unset>',
        o.allowVolumeExpansion ?? false,
        age(o, now),
      ];
    },
  ),
  'storage.k8s.io/VolumeAttributesClass': printer('Name|DriverName|Age', (o, now) => [
    o.metadata.annotations?.['storageclass.kubernetes.io/is-default-class'] === 'true'
      ? `${name(o)} (default)`
      : name(o),
    o.driverName ?? '',
    age(o, now),
  ]),
  'storage.k8s.io/VolumeAttachment': printer('Name|Attacher|PV|Node|Attached?|Age', (o, now) => [
    name(o),
    o.spec?.attacher ?? '',
    o.spec?.source?.persistentVolumeName ?? '',
    o.spec?.nodeName ?? '',
    o.status?.attached ?? false,
    age(o, now),
  ]),
  'storage.k8s.io/CSINode': printer('Name|Drivers#|Age', (o, now) => [
    name(o),
    o.spec?.drivers?.length ?? 0,
    age(o, now),
  ]),
  'storage.k8s.io/CSIDriver': printer(
    'Name|AttachRequired?|PodInfoOnMount?|StorageCapacity?|TokenRequests|RequiresRepublish?|Modes|Age',
    (o, now) => [
      name(o),
      o.spec?.attachRequired ?? true,
      o.spec?.podInfoOnMount ?? false,
      o.spec?.storageCapacity ?? false,
      (o.spec?.tokenRequests ?? [])
        .map(({ audience }: { audience: string }) => audience)
        .join(',') || '<unset>',
      o.spec?.requiresRepublish ?? false,
      (o.spec?.volumeLifecycleModes ?? []).join(',') || '<none>',
      age(o, now),
    ],
  ),
};
