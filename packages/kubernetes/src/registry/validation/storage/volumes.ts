import { equalJson } from '@ks-apiserver/apimachinery/json/json';
import { dnsLabelErrors, dnsSubdomainErrors } from '@ks-apiserver/apimachinery/validation/names';
import type { Fields } from '../../resources/defaults/types.ts';
import { type Causes, compareAmounts } from '../causes.ts';
import { changesOf } from '../changes.ts';
import { validateNoBacksteps } from '../pods/volumes/paths.ts';
import {
  persistentRules,
  sourceRules,
  validateDriverName,
} from '../pods/volumes/volume-sources.ts';
import { validateNodeSelector } from '../selectors.ts';
import type { Validator } from '../validator.ts';
import { validateAccessModes } from './claims.ts';

/** Sources of PersistentVolumes in the order in which Kubernetes validates them. */
const order = [
  'hostPath',
  'gcePersistentDisk',
  'awsElasticBlockStore',
  'glusterfs',
  'flocker',
  'nfs',
  'rbd',
  'quobyte',
  'cephfs',
  'iscsi',
  'cinder',
  'fc',
  'flexVolume',
  'azureFile',
  'vsphereVolume',
  'photonPersistentDisk',
  'portworxVolume',
  'azureDisk',
  'scaleIO',
  'local',
  'storageos',
  'csi',
];

const shown: Readonly<Record<string, string>> = { gcePersistentDisk: 'persistentDisk' };

function validateSecretReference(ref: Fields | undefined, at: string, out: Causes): void {
  if (ref === undefined) {
    return;
  }

  const { name = '', namespace = '' } = ref;
  if (name === '') {
    out.required(`${at}.name`);
  } else {
    out.each(`${at}.name`, name, dnsSubdomainErrors(name));
  }

  if (namespace === '') {
    out.required(`${at}.namespace`);
  } else {
    out.each(`${at}.namespace`, namespace, dnsLabelErrors(namespace));
  }
}

function validateCsi(source: Fields, at: string, out: Causes): void {
  validateDriverName(source.driver ?? '', `${at}.driver`, out);

  if (!source.volumeHandle) {
    out.required(`${at}.volumeHandle`);
  }

  for (const name of ['controllerPublish', 'controllerExpand', 'nodePublish', 'nodeExpand']) {
    validateSecretReference(source[`${name}SecretRef`], `${at}.${name}SecretRef`, out);
  }
}

function validateSources(spec: Fields, at: string, out: Causes): void {
  let found = false;

  for (const kind of order) {
    const value = spec[kind];
    if (value === undefined) {
      continue;
    }

    const path = `${at}.${shown[kind] ?? kind}`;

    // Kubernetes allows a second source beside a flexVolume.
    if (found && kind !== 'flexVolume') {
      out.forbidden(
        `${at}.${kind === 'cephfs' ? 'cephFS' : kind}`,
        'may not specify more than 1 volume type',
      );
    } else if (kind === 'csi') {
      validateCsi(value, path, out);
    } else if (kind === 'local') {
      if (!value.path) {
        out.required(`${path}.path`);
      } else {
        validateNoBacksteps(value.path, `${path}.path`, out);
      }

      if (spec.nodeAffinity?.required === undefined) {
        out.required(`${at}.nodeAffinity`, 'Local volume requires node affinity');
      }
    } else {
      (persistentRules[kind] ?? sourceRules[kind])?.(value, path, out);
    }

    found = true;
  }

  if (!found) {
    out.required(at, 'must specify a volume type');
  }
}

/** The spec of a PersistentVolume; one inside a VolumeAttachment has no capacity of its own. */
export function validateVolumeSpec(
  spec: Fields,
  { inline }: { inline: boolean },
  at: string,
  out: Causes,
): void {
  const {
    accessModes = [],
    capacity = {},
    persistentVolumeReclaimPolicy: reclaim,
    storageClassName,
  } = spec;

  const inlineOnly = 'in the context of inline volumes';

  if (inline) {
    if (spec.claimRef) {
      out.forbidden(`${at}.claimRef`, `may not be specified ${inlineOnly}`);
    }
    if (Object.keys(capacity).length > 0) {
      out.forbidden(`${at}.capacity`, `may not be specified ${inlineOnly}`);
    }
    if (!spec.csi) {
      out.required(`${at}.csi`, `has to be specified ${inlineOnly}`);
    }
  }

  if (accessModes.length === 0) {
    out.required(`${at}.accessModes`);
  }

  validateAccessModes(accessModes, `${at}.accessModes`, out);

  if (!inline) {
    const names = Object.keys(capacity);
    if (names.length === 0) {
      out.required(`${at}.capacity`);
    }
    if (!names.includes('storage') || names.length > 1) {
      out.unsupported(`${at}.capacity`, names.length === 0 ? null : capacity, ['storage']);
    }

    for (const [name, amount] of Object.entries(capacity)) {
      const field = `${at}.capacity[${name}]`;

      if (compareAmounts(amount, 0) < 0) {
        out.invalid(field, Number(amount), 'must be a valid resource quantity');
      }
      if (compareAmounts(amount, 0) <= 0) {
        out.invalid(field, amount, 'must be greater than zero');
      }
    }

    if (reclaim) {
      out.supported(`${at}.persistentVolumeReclaimPolicy`, reclaim, [
        'Delete',
        'Recycle',
        'Retain',
      ]);
    }
  }

  if (spec.nodeAffinity !== undefined) {
    const { required } = spec.nodeAffinity;
    if (required === undefined) {
      out.required(`${at}.nodeAffinity.required`, 'must specify required node constraints');
    } else {
      validateNodeSelector(required, `${at}.nodeAffinity.required`, out);
    }
  }

  validateSources(spec, at, out);

  if (spec.hostPath?.path && /^\/+$/.test(spec.hostPath.path) && reclaim === 'Recycle') {
    const why = "may not be 'recycle' for a hostPath mount of '/'";
    out.forbidden(`${at}.persistentVolumeReclaimPolicy`, why);
  }

  if (storageClassName) {
    out.each(`${at}.storageClassName`, storageClassName, dnsSubdomainErrors(storageClassName));
  }
  if (spec.volumeMode !== undefined) {
    out.supported(`${at}.volumeMode`, spec.volumeMode, ['Block', 'Filesystem']);
  }

  const { volumeAttributesClassName: name } = spec;
  if (name === undefined) {
    return;
  }

  if (name === '') {
    out.required(`${at}.volumeAttributesClassName`, 'an empty string is disallowed');
  } else {
    out.each(`${at}.volumeAttributesClassName`, name, dnsSubdomainErrors(name));
  }

  if (!spec.csi) {
    out.required(`${at}.csi`, 'has to be specified when using volumeAttributesClassName');
  }
}

const sourceOf = (spec: Fields) =>
  Object.fromEntries(order.map((kind) => [kind, spec[kind]]).filter(([, value]) => value));

const mountOptions = 'volume.beta.kubernetes.io/mount-options';

/** Kinds of volumes that support mount options. */
const mountable =
  'gcePersistentDisk awsElasticBlockStore glusterfs nfs iscsi rbd cephfs cinder azureFile vsphereVolume azureDisk photonPersistentDisk quobyte'.split(
    ' ',
  );

/** PersistentVolumes. */
export const volumes: Validator = (object, old, out) => {
  const { spec = {} } = object;
  validateVolumeSpec(spec, { inline: false }, 'spec', out);

  if (
    object.metadata.annotations?.[mountOptions] !== undefined &&
    !mountable.some((kind) => spec[kind])
  ) {
    out.forbidden(
      `metadata.annotations.${mountOptions}`,
      'may not specify mount options for this volume type',
    );
  }

  if (old === undefined) {
    return;
  }

  const { spec: before = {} } = old;
  const [now, was] = [sourceOf(spec), sourceOf(before)];
  if (!equalJson(now, was)) {
    const why = 'spec.persistentvolumesource is immutable after creation';
    out.forbidden('spec.persistentvolumesource', `${why}\n${changesOf(was, now)}`);
  }

  out.immutable('volumeMode', spec.volumeMode, before.volumeMode);

  if (before.nodeAffinity !== undefined && !equalJson(spec.nodeAffinity, before.nodeAffinity)) {
    const why = 'field is immutable, except for updating from beta label to GA';
    out.invalid('nodeAffinity', spec.nodeAffinity ?? null, why);
  }
};
