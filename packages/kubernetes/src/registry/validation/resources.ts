import {
  addQuantities,
  compareQuantities,
  formatQuantity,
  parseQuantity,
  type Quantity,
} from '@ks-apiserver/apimachinery/quantity/quantity';
import { qualifiedNameErrors } from '@ks-apiserver/apimachinery/validation/names';
import { listOf } from '../resources/core-types.ts';
import type { Fields } from '../resources/defaults/types.ts';
import { type Causes, compareAmounts, each } from './causes.ts';

const computed = ['cpu', 'memory', 'ephemeral-storage'];

const counted = [
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'services.nodeports',
  'services.loadbalancers',
];

const quotaNames = new Set([
  ...computed,
  ...computed.flatMap((name) => [`requests.${name}`, `limits.${name}`]),
  'requests.storage',
  ...counted,
]);

const standard = new Set([...quotaNames, 'storage']);
const supportedForPods = ['cpu', 'hugepages-', 'memory'];

const isHugePages = (name: string) => name.startsWith('hugepages-');
const isQuotaHugePages = (name: string) =>
  isHugePages(name) || name.startsWith('requests.hugepages-');
const isNative = (name: string) => !name.includes('/') || name.includes('kubernetes.io/');

function isExtended(name: string): boolean {
  if (isNative(name) || name.startsWith('requests.')) {
    return false;
  }
  return qualifiedNameErrors(`requests.${name}`).length === 0;
}

/** Whether requests of a resource may be below its limit. */
export const isOvercommittable = (name: string) => isNative(name) && !isHugePages(name);

/** True for resources that are counted in whole numbers. */
export function isWhole(name: string): boolean {
  return counted.includes(name) || isExtended(name);
}

/** Validates the name of a resource; returns whether it is valid. */
export function validateResourceName(name: string, at: string, out: Causes): boolean {
  const errors = qualifiedNameErrors(name);
  out.each(at, name, errors);

  if (errors.length > 0) {
    return false;
  }
  if (name.includes('/') || standard.has(name) || isQuotaHugePages(name)) {
    return true;
  }

  out.invalid(at, name, 'must be a standard resource type or fully qualified');

  return false;
}

/** The name of a resource in a container or a LimitRange. */
export function validateContainerResourceName(name: string, at: string, out: Causes): void {
  validateResourceName(name, at, out);

  if (!name.includes('/')) {
    if (!computed.includes(name) && !isHugePages(name)) {
      out.invalid(at, name, 'must be a standard resource for containers');
    }
  } else if (!isNative(name) && !isExtended(name)) {
    out.invalid(at, name, "doesn't follow extended resource name standard");
  }
}

/** A resource's name in a ResourceQuota. */
export function validateQuotaResourceName(name: string, at: string, out: Causes): void {
  validateResourceName(name, at, out);
  if (!name.includes('/') && !quotaNames.has(name) && !isQuotaHugePages(name)) {
    out.invalid(at, name, 'must be a standard resource for quota');
  }
}

function validatePodResourceName(name: string, at: string, out: Causes): void {
  if (!validateResourceName(name, at, out)) {
    return;
  }
  if (!['cpu', 'memory'].includes(name) && !isHugePages(name)) {
    out.unsupported(at, name, supportedForPods);
  }
}

/** Whether an amount is an integer. */
export function isWholeNumber(amount: unknown): boolean {
  return parseQuantity(String(amount)).nano % 1_000_000_000n === 0n;
}

/** The amount of a resource: not negative, and an integer for resources that are counted. */
export function validateAmount(name: string, amount: unknown, at: string, out: Causes): void {
  if (compareAmounts(amount, 0) < 0) {
    out.invalid(at, String(amount), 'must be greater than or equal to 0');
  }
  if (isWhole(name) && !isWholeNumber(amount)) {
    out.invalid(at, amount, 'must be an integer');
  }
}

function validateHugePages(name: string, amount: unknown, at: string, out: Causes): void {
  if (!isHugePages(name)) {
    return;
  }

  let size = 0n;

  try {
    size = parseQuantity(name.slice('hugepages-'.length)).nano;
  } catch {
    // Without a valid size in the name there is nothing to divide by.
  }

  const { nano } = parseQuantity(String(amount));
  if (size > 0n && nano % size === 0n) {
    return;
  }

  out.invalid(at, String(amount), `${amount} is not positive integer multiple of ${name}`);
}

function validateClaims(
  list: readonly Fields[] | undefined,
  known: ReadonlySet<string>,
  at: string,
  out: Causes,
): void {
  const seen = new Set<string>();
  const requested = new Set<string>();
  each(list, at, ({ name = '', request = '' }, path) => {
    if (name === '') {
      out.required(path);
      return;
    }

    const key = request === '' ? name : `${name}/${request}`;

    if (seen.has(name)) {
      out.duplicate(path, name);
    } else {
      if (request !== '') {
        out.dnsLabel(`${path}.request`, request);
      }

      if (seen.has(key)) {
        out.duplicate(path, key);
      } else if (request === '' && requested.has(name)) {
        out.duplicate(path, name);
      }

      seen.add(key);

      if (request !== '') {
        requested.add(name);
      }
    }

    if (known.has(name)) {
      return;
    }

    const names = known.size === 0 ? ' which is empty' : `: ${[...known].sort().join(', ')}`;
    const message = `Not found: ${JSON.stringify(name)}: must be one of the names in pod.spec.resourceClaims${names}`;

    out.add({ reason: 'FieldValueNotFound', message, field: path });
  });
}

type NameRule = (name: string, at: string, out: Causes) => void;

function validateRequirements(
  value: Fields,
  nameRule: NameRule,
  known: ReadonlySet<string>,
  at: string,
  out: Causes,
): void {
  const { limits = {}, requests = {} } = value;
  const names = [...Object.keys(limits), ...Object.keys(requests)];

  for (const [name, amount] of Object.entries(limits)) {
    const path = `${at}.limits[${name}]`;
    nameRule(name, path, out);
    validateAmount(name, amount, path, out);
    validateHugePages(name, amount, path, out);
  }

  for (const [name, amount] of Object.entries(requests)) {
    const path = `${at}.requests[${name}]`;
    nameRule(name, path, out);
    validateAmount(name, amount, path, out);

    const limit = Object.hasOwn(limits, name) ? limits[name] : undefined;
    if (limit !== undefined) {
      const compared = compareAmounts(amount, limit);
      if (compared !== 0 && !isOvercommittable(name)) {
        out.invalid(`${at}.requests`, String(amount), `must be equal to ${name} limit of ${limit}`);
      } else if (compared > 0) {
        out.invalid(
          `${at}.requests`,
          String(amount),
          `must be less than or equal to ${name} limit of ${limit}`,
        );
      }
    } else if (!isOvercommittable(name)) {
      out.required(`${at}.limits`, 'Limit must be set for non overcommitable resources');
    }

    validateHugePages(name, amount, path, out);
  }

  if (names.some(isHugePages) && !names.includes('cpu') && !names.includes('memory')) {
    out.forbidden(at, 'HugePages require cpu or memory');
  }

  validateClaims(value.claims, known, `${at}.claims`, out);
}

/** Requests and limits of a container. `claims` are the names of the pod's resource claims. */
export function validateContainerResources(
  value: Fields | undefined,
  known: ReadonlySet<string>,
  at: string,
  out: Causes,
): void {
  if (value !== undefined) {
    validateRequirements(value, validateContainerResourceName, known, at, out);
  }
}

/** Requests and limits of a pod, which must be at least those of its containers. */
export function validatePodResources(spec: Fields, at: string, out: Causes): void {
  const { resources: value, containers = [] } = spec;
  if (value === undefined) {
    return;
  }

  if (spec.os?.name === 'windows') {
    out.forbidden(at, 'may not be set for a windows pod');
    return;
  }

  if (value.claims !== undefined) {
    out.forbidden(`${at}.claims`, 'claims may not be set for Resources at pod-level');
  }

  validateRequirements(value, validatePodResourceName, new Set(), at, out);

  const sums = new Map<string, Quantity>();

  for (const { resources } of listOf<Fields>(containers)) {
    for (const [name, amount] of Object.entries(resources?.requests ?? {})) {
      sums.set(
        name,
        addQuantities(sums.get(name) ?? parseQuantity('0'), parseQuantity(String(amount))),
      );
    }
  }

  for (const [name, amount] of Object.entries(value.requests ?? {})) {
    const sum = sums.get(name) ?? parseQuantity('0');
    if (compareQuantities(sum, parseQuantity(String(amount))) > 0) {
      const why = `must be greater than or equal to aggregate container requests of ${formatQuantity(sum)}`;
      out.invalid(`${at}.requests[${name}]`, String(amount), why);
    }
  }

  each<Fields>(containers, `${at}.containers`, ({ resources }, path) => {
    for (const [name, limit] of Object.entries(resources?.limits ?? {})) {
      const bound = value.limits?.[name];
      if (bound !== undefined && compareAmounts(limit, bound) > 0) {
        out.invalid(
          `${path}[${name}].limits`,
          String(limit),
          `must be less than or equal to pod limits of ${bound}`,
        );
      }
    }
  });
}
