import { internalError } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { parseQuantity } from '@ks-apiserver/apimachinery/quantity/quantity';
import { storedMetadata } from '../resources/stored-metadata.ts';
import { type AdmissionPlugin, refusalError } from './attributes.ts';
import type { KindCache } from './kind-cache.ts';

const CLAIM_CLASS = 'volume.beta.kubernetes.io/storage-class';

const DEFAULT_CLASS = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
];

const INGRESS_CLASS = 'kubernetes.io/ingress.class';
const DEFAULT_INGRESS_CLASS = 'ingressclass.kubernetes.io/is-default-class';

/** Finalizers that hold volumes and their classes while they are in use, by resource. */
const PROTECTION_FINALIZERS: Readonly<Record<string, string>> = {
  persistentvolumeclaims: 'kubernetes.io/pvc-protection',
  persistentvolumes: 'kubernetes.io/pv-protection',
  volumeattributesclasses: 'kubernetes.io/vac-protection',
};

/** The finalizer that holds objects of a resource while they are in use. */
export function protectionFinalizer(resource: string): string {
  const finalizer = PROTECTION_FINALIZERS[resource];
  if (!finalizer) {
    throw internalError(`objects of ${resource} are not held while they are in use`);
  }

  return finalizer;
}

/**
 * The newest object that an annotation marks as default; of objects of the same age the first by
 * name.
 */
function findNewestDefault(classes: KindCache, annotations: readonly string[]): string | undefined {
  let found: KubeObject | undefined;

  for (const item of classes.in('').values()) {
    if (!annotations.some((name) => item.metadata.annotations?.[name] === 'true')) {
      continue;
    }

    const [mine, best] = [
      item.metadata.creationTimestamp ?? '',
      found?.metadata.creationTimestamp ?? '',
    ];

    const isFirst = found && storedMetadata(item).name < storedMetadata(found).name;
    if (!found || mine > best || (mine === best && isFirst)) {
      found = item;
    }
  }

  return found?.metadata.name;
}

/**
 * The StorageClass that a claim names in its field or its deprecated annotation; undefined for
 * none.
 */
export function claimClass(claim: KubeObject): string | undefined {
  return claim.metadata.annotations?.[CLAIM_CLASS] ?? claim.spec?.storageClassName;
}

/** DefaultStorageClass: claims that name no class get the one that is marked as default. */
export function defaultStorageClass(classes: KindCache): AdmissionPlugin {
  return {
    resources: ['persistentvolumeclaims'],
    admit({ operation, subresource, object }) {
      if (operation !== 'CREATE' || subresource !== '' || !object?.spec || classes.empty) {
        return;
      }
      if (claimClass(object) !== undefined) {
        return;
      }

      const name = findNewestDefault(classes, DEFAULT_CLASS);
      if (name) {
        object.spec.storageClassName = name;
      }
    },
  };
}

/** DefaultIngressClass: Ingresses that name no class get the one that is marked as default. */
export function defaultIngressClass(classes: KindCache): AdmissionPlugin {
  return {
    resources: ['ingresses.networking.k8s.io'],
    admit({ operation, subresource, object }) {
      if (operation !== 'CREATE' || subresource !== '' || !object || classes.empty) {
        return;
      }

      if (
        object.spec?.ingressClassName !== undefined ||
        object.metadata.annotations?.[INGRESS_CLASS] !== undefined
      ) {
        return;
      }

      const name = findNewestDefault(classes, [DEFAULT_INGRESS_CLASS]);
      if (name) {
        object.spec = { ...object.spec, ingressClassName: name };
      }
    },
  };
}

/** StorageObjectInUseProtection: new claims, volumes and attribute classes get a finalizer. */
export const storageObjectInUseProtection: AdmissionPlugin = {
  resources: [
    'persistentvolumeclaims',
    'persistentvolumes',
    'volumeattributesclasses.storage.k8s.io',
  ],
  admit({ type, operation, subresource, object }) {
    if (operation !== 'CREATE' || subresource !== '' || !object) {
      return;
    }

    const finalizer = protectionFinalizer(type.resource);
    const finalizers = object.metadata.finalizers ?? [];
    if (!finalizers.includes(finalizer)) {
      object.metadata.finalizers = [...finalizers, finalizer];
    }
  },
};

/** PersistentVolumeClaimResize: only bound claims of a class that allows it can grow. */
export function claimResize(classes: KindCache): AdmissionPlugin {
  return {
    resources: ['persistentvolumeclaims'],
    validate(attributes) {
      const { operation, subresource, object, old } = attributes;
      if (operation !== 'UPDATE' || subresource !== '' || !object || !old) {
        return;
      }

      const size = (claim: KubeObject) =>
        parseQuantity(String(claim.spec?.resources?.requests?.storage ?? '0')).nano;
      if (size(object) <= size(old)) {
        return;
      }
      if (old.status?.phase !== 'Bound') {
        throw refusalError(attributes, 'Only bound persistent volume claims can be expanded');
      }

      const name = claimClass(object);
      const same = name && name === claimClass(old);
      if (same && classes.get('', name)?.allowVolumeExpansion === true) {
        return;
      }

      throw refusalError(
        attributes,
        'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
      );
    },
  };
}
