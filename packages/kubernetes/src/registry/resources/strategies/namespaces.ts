import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { Strategy } from '../strategy.ts';

/** Namespaces that cannot be deleted. */
const IMMORTAL = new Set(['default', 'kube-system', 'kube-public']);

/** The label that holds a namespace's name, for selectors. */
const NAME_LABEL = 'kubernetes.io/metadata.name';

/**
 * Namespaces keep the finalizer `kubernetes` until they are empty (Kubernetes "Namespaces",
 * "Automatic labelling").
 */
export const namespaceStrategy: Strategy = {
  marksPlainly: true,
  fields: (object) => ({
    'status.phase': object.status?.phase ?? '',
    name: object.metadata.name ?? '',
  }),
  decode(object) {
    object.metadata.labels = {
      ...object.metadata.labels,
      [NAME_LABEL]: object.metadata.name ?? '',
    };
  },
  prepareForCreate(object) {
    const finalizers: string[] = object.spec?.finalizers ?? [];
    object.spec = { ...object.spec, finalizers: [...new Set([...finalizers, 'kubernetes'])] };
    object.status = { phase: 'Active' };
  },
  prepareForUpdate(object, old, { subresource }) {
    if (subresource !== 'finalize') {
      object.spec = old.spec;
    }
  },
  beforeDelete({ metadata }) {
    const { name = '' } = metadata;
    if (!IMMORTAL.has(name)) {
      return;
    }

    const message = `namespaces "${name}" is forbidden: this namespace may not be deleted`;

    throw new StatusError(403, 'Forbidden', message, { name, kind: 'namespaces' });
  },
};
