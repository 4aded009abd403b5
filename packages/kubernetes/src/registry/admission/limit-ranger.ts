import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import {
  formatQuantity,
  parseQuantity,
  type Quantity,
} from '@ks-apiserver/apimachinery/quantity/quantity';
import { podAmounts, type ResourceList } from '@ks-apiserver/apimachinery/quota/pod-amounts';
import { type Container, listOf } from '../resources/core-types.ts';
import {
  type AdmissionPlugin,
  type Attributes,
  aggregate,
  refusalError,
  requireObject,
} from './attributes.ts';
import type { KindCache } from './kind-cache.ts';

const ANNOTATION = 'kubernetes.io/limit-ranger';
const NANO_PER_MILLI = 1_000_000n;

interface Limit {
  type: string;
  min?: ResourceList;
  max?: ResourceList;
  default?: ResourceList;
  defaultRequest?: ResourceList;
  maxLimitRequestRatio?: ResourceList;
}

function setDefaults(
  container: Container,
  of: 'requests' | 'limits',
  defaults: ResourceList,
): string[] {
  const missing = Object.entries(defaults)
    .filter(([name]) => container.resources?.[of]?.[name] === undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));

  if (missing.length > 0) {
    container.resources ??= {};
    container.resources[of] = { ...container.resources[of], ...Object.fromEntries(missing) };
  }

  return missing.map(([name]) => name);
}

/**
 * Sets the default requests and limits of a LimitRange on a pod's containers, and records it in an
 * annotation.
 */
function mutatePod(range: KubeObject, pod: KubeObject): void {
  const requests: ResourceList = {};
  const limits: ResourceList = {};
  for (const limit of listOf<Limit>(range.spec?.limits)) {
    if (limit.type !== 'Container') {
      continue;
    }

    Object.assign(requests, limit.defaultRequest);
    Object.assign(limits, limit.default);
  }

  const notes: string[] = [];

  const each = (containers: Container[] | undefined, what: string) => {
    for (const container of containers ?? []) {
      const setLimits = setDefaults(container, 'limits', limits);
      const setRequests = setDefaults(container, 'requests', requests);
      if (setRequests.length > 0) {
        notes.push(`${setRequests.join(', ')} request for ${what} ${container.name}`);
      }
      if (setLimits.length > 0) {
        notes.push(`${setLimits.join(', ')} limit for ${what} ${container.name}`);
      }
    }
  };

  each(pod.spec?.containers, 'container');
  each(pod.spec?.initContainers, 'init container');

  if (notes.length === 0) {
    return;
  }

  pod.metadata.annotations = {
    ...pod.metadata.annotations,
    [ANNOTATION]: `LimitRanger plugin set: ${notes.join('; ')}`,
  };
}

type Quantities = Readonly<Record<string, Quantity>>;

const text = (quantity: Quantity) => formatQuantity(quantity);

/** Rounded up to thousandths, the precision that Kubernetes compares at. */
function milli({ nano }: Quantity): bigint {
  return nano <= 0n ? nano / NANO_PER_MILLI : (nano + NANO_PER_MILLI - 1n) / NANO_PER_MILLI;
}

function minimum(
  kind: string,
  name: string,
  least: Quantity,
  request?: Quantity,
  limit?: Quantity,
): string | undefined {
  const rule = `minimum ${name} usage per ${kind} is ${text(least)}`;

  if (!request) {
    return `${rule}.  No request is specified`;
  }
  if (milli(request) < milli(least)) {
    return `${rule}, but request is ${text(request)}`;
  }
  if (limit && milli(limit) < milli(least)) {
    return `${rule}, but limit is ${text(limit)}`;
  }

  return undefined;
}

function maximum(
  kind: string,
  name: string,
  most: Quantity,
  request?: Quantity,
  limit?: Quantity,
): string | undefined {
  const rule = `maximum ${name} usage per ${kind} is ${text(most)}`;

  if (!limit) {
    return `${rule}.  No limit is specified`;
  }
  if (milli(limit) > milli(most)) {
    return `${rule}, but limit is ${text(limit)}`;
  }
  if (request && milli(request) > milli(most)) {
    return `${rule}, but request is ${text(request)}`;
  }

  return undefined;
}

function maximumRequest(
  kind: string,
  name: string,
  most: Quantity,
  request?: Quantity,
): string | undefined {
  const rule = `maximum ${name} usage per ${kind} is ${text(most)}`;

  if (!request) {
    return `${rule}.  No request is specified`;
  }

  return milli(request) > milli(most) ? `${rule}, but request is ${text(request)}` : undefined;
}

function ratio(
  kind: string,
  name: string,
  most: Quantity,
  request?: Quantity,
  limit?: Quantity,
): string | undefined {
  const rule = `${name} max limit to request ratio per ${kind} is ${text(most)}`;

  if (!request || request.nano === 0n) {
    return `${rule}, but no request is specified or request is 0`;
  }
  if (!limit || limit.nano === 0n) {
    return `${rule}, but no limit is specified or limit is 0`;
  }

  const observed = Number(milli(limit)) / Number(milli(request));

  return observed > Number(milli(most)) / 1000
    ? `${rule}, but provided ratio is ${observed.toFixed(6)}`
    : undefined;
}

function quantities(list: ResourceList | undefined): Quantities {
  return Object.fromEntries(
    Object.entries(list ?? {}).map(([name, value]) => [name, parseQuantity(String(value))]),
  );
}

/** The messages for the rules of a limit that amounts break. */
function* findViolations(
  limit: Limit,
  requests: Quantities,
  limits: Quantities,
): Generator<string | undefined> {
  for (const [name, least] of Object.entries(quantities(limit.min))) {
    yield minimum(limit.type, name, least, requests[name], limits[name]);
  }

  for (const [name, most] of Object.entries(quantities(limit.max))) {
    yield maximum(limit.type, name, most, requests[name], limits[name]);
  }

  for (const [name, most] of Object.entries(quantities(limit.maxLimitRequestRatio))) {
    yield ratio(limit.type, name, most, requests[name], limits[name]);
  }
}

function* podViolations(range: KubeObject, pod: KubeObject): Generator<string | undefined> {
  for (const limit of listOf<Limit>(range.spec?.limits)) {
    if (limit.type === 'Container') {
      const containers: Container[] = [
        ...(pod.spec?.containers ?? []),
        ...(pod.spec?.initContainers ?? []),
      ];

      for (const { resources } of containers) {
        yield* findViolations(
          limit,
          quantities(resources?.requests),
          quantities(resources?.limits),
        );
      }
    } else if (limit.type === 'Pod') {
      yield* findViolations(limit, podAmounts(pod, 'requests'), podAmounts(pod, 'limits'));
    }
  }
}

function* claimViolations(range: KubeObject, claim: KubeObject): Generator<string | undefined> {
  const requests = quantities(claim.spec?.resources?.requests);

  for (const limit of listOf<Limit>(range.spec?.limits)) {
    if (limit.type !== 'PersistentVolumeClaim') {
      continue;
    }

    for (const [name, least] of Object.entries(quantities(limit.min))) {
      yield minimum(limit.type, name, least, requests[name]);
    }

    for (const [name, most] of Object.entries(quantities(limit.max))) {
      yield maximumRequest(limit.type, name, most, requests[name]);
    }
  }
}

function applies({ type, operation, subresource, old }: Attributes): boolean {
  if (old?.metadata.deletionTimestamp) {
    return false;
  }

  if (type.resource === 'pods') {
    return subresource === 'resize'
      ? operation === 'UPDATE'
      : subresource === '' && operation === 'CREATE';
  }

  return subresource === '' && (operation === 'CREATE' || operation === 'UPDATE');
}

/**
 * LimitRanger: defaults and bounds that LimitRanges set for pods and claims (Kubernetes "Limit
 * Ranges").
 */
export function limitRanger(ranges: KindCache): AdmissionPlugin {
  return {
    resources: ['pods', 'persistentvolumeclaims'],
    admit(attributes) {
      if (ranges.empty || attributes.type.resource !== 'pods' || !applies(attributes)) {
        return;
      }

      for (const range of ranges.in(attributes.namespace).values()) {
        mutatePod(range, requireObject(attributes));
      }
    },
    validate(attributes) {
      if (ranges.empty || !applies(attributes)) {
        return;
      }

      const violations = attributes.type.resource === 'pods' ? podViolations : claimViolations;

      for (const range of ranges.in(attributes.namespace).values()) {
        const messages = [...violations(range, requireObject(attributes))].filter(
          (message) => message !== undefined,
        );

        if (messages.length > 0) {
          throw refusalError(attributes, aggregate(messages));
        }
      }
    },
  };
}
