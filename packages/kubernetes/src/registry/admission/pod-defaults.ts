import { equalJson } from '@ks-apiserver/apimachinery/json/json';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { listOf } from '../resources/core-types.ts';
import { storedMetadata } from '../resources/stored-metadata.ts';
import {
  type AdmissionPlugin,
  type Attributes,
  refusalError,
  requireObject,
} from './attributes.ts';
import type { KindCache } from './kind-cache.ts';

const DEFAULT_TOLERATION_SECONDS = 300;
const EVICTING_TAINTS = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];

interface Toleration {
  key?: string;
  operator?: string;
  value?: string;
  effect?: string;
  tolerationSeconds?: number;
}

const isNewPod = ({ type, operation, subresource }: Attributes) =>
  type.resource === 'pods' && operation === 'CREATE' && subresource === '';

function defaultPriority(classes: KindCache): KubeObject | undefined {
  let found: KubeObject | undefined;

  for (const item of classes.in('').values()) {
    if (item.globalDefault === true && (!found || found.value > item.value)) {
      found = item;
    }
  }

  return found;
}

/**
 * Name, value and preemption policy that a pod gets from its PriorityClass or from the default one.
 */
function priorityOf(attributes: Attributes, classes: KindCache, name: string | undefined) {
  if (!name) {
    const found = defaultPriority(classes);
    if (!found) {
      return { name, value: 0, policy: 'PreemptLowerPriority' };
    }

    return {
      name: storedMetadata(found).name,
      value: Number(found.value ?? 0),
      policy: found.preemptionPolicy,
    };
  }

  const found = classes.get('', name);
  if (found) {
    return {
      name,
      value: Number(found.value ?? 0),
      policy: found.preemptionPolicy,
    };
  }

  throw refusalError(attributes, `no PriorityClass with name ${name} was found`);
}

/** Priority: sets a pod's priority to the value of its PriorityClass, or of the default one. */
export function priority(classes: KindCache): AdmissionPlugin {
  return {
    resources: ['pods', 'priorityclasses.scheduling.k8s.io'],
    admit(attributes) {
      const { type, operation, subresource, object, old } = attributes;
      if (type.resource !== 'pods' || subresource !== '' || !object?.spec) {
        return;
      }

      const { spec } = object;

      if (operation === 'UPDATE') {
        if (old?.spec?.priority !== undefined) {
          spec.priority ??= old.spec.priority;
        }
        if (old?.spec?.preemptionPolicy !== undefined) {
          spec.preemptionPolicy ??= old.spec.preemptionPolicy;
        }

        return;
      }

      if (operation !== 'CREATE') {
        return;
      }

      const { name, value, policy } = priorityOf(attributes, classes, spec.priorityClassName);
      if (name) {
        spec.priorityClassName = name;
      }

      if (spec.priority !== undefined && spec.priority !== value) {
        throw refusalError(
          attributes,
          `the integer value of priority (${spec.priority}) must not be provided in pod spec; priority admission controller computed ${value} from the given PriorityClass name`,
        );
      }

      spec.priority = value;

      if (policy === undefined) {
        return;
      }

      if (spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== policy) {
        throw refusalError(
          attributes,
          `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be provided in pod spec; priority admission controller computed ${policy} from the given PriorityClass name`,
        );
      }

      spec.preemptionPolicy = policy;
    },
    validate(attributes) {
      const { type, subresource, object, operation } = attributes;
      if (
        type.resource !== 'priorityclasses' ||
        subresource !== '' ||
        object?.globalDefault !== true
      ) {
        return;
      }

      const found = defaultPriority(classes);
      if (!found || (operation === 'UPDATE' && found.metadata.name === object.metadata.name)) {
        return;
      }

      throw refusalError(
        attributes,
        `PriorityClass ${found.metadata.name} is already marked as default. Only one default can exist`,
      );
    },
  };
}

function tolerates(toleration: Toleration, key: string): boolean {
  return (
    (toleration.key === key || (!toleration.key && toleration.operator === 'Exists')) &&
    (!toleration.effect || toleration.effect === 'NoExecute')
  );
}

/**
 * DefaultTolerationSeconds: pods tolerate nodes that are not ready or unreachable for five minutes.
 */
export const defaultTolerationSeconds: AdmissionPlugin = {
  resources: ['pods'],
  admit(attributes) {
    const { object, subresource } = attributes;
    if (subresource !== '' || !object?.spec || attributes.operation === 'DELETE') {
      return;
    }

    const tolerations: Toleration[] = object.spec.tolerations ?? [];
    const missing = EVICTING_TAINTS.filter(
      (key) => !tolerations.some((toleration) => tolerates(toleration, key)),
    );

    if (missing.length === 0) {
      return;
    }

    const tolerationSeconds = DEFAULT_TOLERATION_SECONDS;
    object.spec.tolerations = [
      ...tolerations,
      ...missing.map((key) => ({
        key,
        operator: 'Exists',
        effect: 'NoExecute',
        tolerationSeconds,
      })),
    ];
  },
};

function runtimeClassOf(attributes: Attributes, classes: KindCache): KubeObject | undefined {
  const name: string | undefined = requireObject(attributes).spec.runtimeClassName;
  if (name === undefined) {
    return undefined;
  }

  const found = classes.get('', name);
  if (!found) {
    throw refusalError(attributes, `pod rejected: RuntimeClass ${JSON.stringify(name)} not found`);
  }

  return found;
}

function mergeScheduling(
  attributes: Attributes,
  spec: KubeObject['spec'],
  scheduling: KubeObject['spec'],
): void {
  const wanted: Record<string, string> = scheduling.nodeSelector ?? {};
  for (const [key, value] of Object.entries(wanted)) {
    const own = spec.nodeSelector?.[key];
    if (own === undefined || own === value) {
      continue;
    }

    throw refusalError(
      attributes,
      `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${own}`,
    );
  }

  if (Object.keys(wanted).length > 0) {
    spec.nodeSelector = { ...spec.nodeSelector, ...wanted };
  }

  const own: Toleration[] = spec.tolerations ?? [];
  const identity = (item: Toleration) =>
    JSON.stringify(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)));
  const known = new Set(own.map(identity));
  const more = listOf<Toleration>(scheduling.tolerations).filter(
    (item) => !known.has(identity(item)),
  );

  if (more.length > 0) {
    spec.tolerations = [...own, ...more];
  }
}

/** RuntimeClass: sets the overhead and scheduling of a pod's RuntimeClass. */
export function runtimeClass(classes: KindCache): AdmissionPlugin {
  return {
    resources: ['pods'],
    admit(attributes) {
      if (!isNewPod(attributes) || !attributes.object?.spec) {
        return;
      }

      const { spec } = attributes.object;
      const found = runtimeClassOf(attributes, classes);
      if (found?.overhead?.podFixed) {
        if (spec.overhead && !equalJson(spec.overhead, found.overhead.podFixed)) {
          throw refusalError(
            attributes,
            "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead",
          );
        }

        spec.overhead = structuredClone(found.overhead.podFixed);
      }

      if (found?.scheduling) {
        mergeScheduling(attributes, spec, found.scheduling);
      }
    },
    validate(attributes) {
      if (!isNewPod(attributes) || !attributes.object?.spec) {
        return;
      }

      const { overhead } = attributes.object.spec;
      const found = runtimeClassOf(attributes, classes);
      if (found?.overhead) {
        if (equalJson(overhead, found.overhead.podFixed)) {
          return;
        }

        throw refusalError(
          attributes,
          "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead",
        );
      }

      if (overhead !== undefined) {
        throw refusalError(
          attributes,
          'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead',
        );
      }
    },
  };
}
