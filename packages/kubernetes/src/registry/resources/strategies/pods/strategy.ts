import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { invalidValue } from '@ks-apiserver/apimachinery/validation/field';
import { dnsLabelErrors } from '@ks-apiserver/apimachinery/validation/names';
import { podWarnings } from '../../../validation/pods/warnings.ts';
import type { Fields } from '../../defaults/types.ts';
import type { Strategy } from '../../strategy.ts';
import { copyAppArmor, gatedCondition, mergeLabelKeys } from './prepare.ts';
import { qosClass } from './quality.ts';

const NOT_EXECUTING = new Set(['Succeeded', 'Failed']);

function withResources(
  old: Fields[] | undefined,
  wished: Fields[] | undefined,
): Fields[] | undefined {
  const byName = new Map(wished?.map((container) => [container.name, container]));
  return old?.map((container) => {
    const resources = byName.get(container.name)?.resources;
    return resources ? { ...container, resources } : container;
  });
}

/** Subresources change only a part of a pod's spec. */
function specThrough(subresource: string, wished: Fields, old: Fields): Fields {
  const { ephemeralContainers } = wished;

  if (subresource === 'ephemeralcontainers') {
    const { ephemeralContainers: _old, ...rest } = old;
    return { ...rest, ...(ephemeralContainers && { ephemeralContainers }) };
  }

  return {
    ...old,
    containers: withResources(old.containers, wished.containers),
    ...(old.initContainers && {
      initContainers: withResources(old.initContainers, wished.initContainers),
    }),
  };
}

function prepareUpdate(object: KubeObject, old: KubeObject, subresource: string): void {
  const { status } = old;

  if (subresource === 'ephemeralcontainers' || subresource === 'resize') {
    object.spec = specThrough(subresource, object.spec ?? {}, old.spec ?? {});

    if (status === undefined) {
      delete object.status;
    } else {
      object.status = status;
    }
  } else if (subresource === 'status') {
    if (object.status && status?.qosClass) {
      object.status.qosClass ??= status.qosClass;
    }
  }
}

/** The strategy of pods: they get a status, and a pod on a node ends when the node says so. */
export const podStrategy: Strategy = {
  generation: true,
  returnsDeleted: true,
  statusKeeps: ['ownerReferences'],
  fields: ({ spec = {}, status = {} }) => ({
    'spec.nodeName': spec.nodeName ?? '',
    'spec.restartPolicy': spec.restartPolicy ?? '',
    'spec.schedulerName': spec.schedulerName ?? '',
    'spec.serviceAccountName': spec.serviceAccountName ?? '',
    'spec.hostNetwork': String(spec.hostNetwork ?? false),
    'status.phase': status.phase ?? '',
    'status.podIP': status.podIP ?? '',
    'status.podIPs': status.podIP ?? '',
    'status.nominatedNodeName': status.nominatedNodeName ?? '',
  }),
  prepareForCreate(object, context) {
    object.spec ??= {};

    const condition = gatedCondition(object.spec, context.now);
    object.status = {
      phase: 'Pending',
      ...(condition && { conditions: [condition] }),
      qosClass: qosClass(object),
    };

    mergeLabelKeys(object);
    copyAppArmor(object, context.warnings);
  },
  prepareForUpdate(object, old, { subresource }) {
    prepareUpdate(object, old, subresource);
  },
  validate(object, old, { subresource }) {
    if (!old || subresource !== 'resize') {
      return [];
    }

    const before = old.status?.qosClass ?? qosClass(old);
    if (qosClass(object) === before) {
      return [];
    }

    return [invalidValue('spec', before, 'Pod QOS Class may not change as a result of resizing')];
  },
  warnings(object, old) {
    if (old) {
      return [];
    }

    const errors = dnsLabelErrors(object.metadata.name ?? '');
    const hostname =
      "metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: ";

    return [
      ...(errors.length > 0 ? [`${hostname}[${errors.join(' ')}]`] : []),
      ...podWarnings(object, ''),
    ];
  },
  gracePeriod({ spec = {}, status = {} }, requested) {
    if (!spec.nodeName || NOT_EXECUTING.has(status.phase)) {
      return 0;
    }

    const seconds = requested ?? spec.terminationGracePeriodSeconds ?? 30;
    return seconds < 0 ? 1 : seconds;
  },
};
