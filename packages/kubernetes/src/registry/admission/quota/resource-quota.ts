import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import {
  addQuantities,
  formatQuantity,
  parseQuantity,
  type Quantity,
  subtractQuantities,
} from '@ks-apiserver/apimachinery/quantity/quantity';
import type { Usage } from '@ks-apiserver/apimachinery/quota/usage';
import type { Container } from '../../resources/core-types.ts';
import { storageKey } from '../../resources/resource-type.ts';
import { storedMetadata } from '../../resources/stored-metadata.ts';
import { type Attributes, refusalError } from '../attributes.ts';
import type { Account } from './account.ts';
import type { QuotaLedger } from './ledger.ts';
import { isTerminating } from './scopes.ts';

const ZERO = parseQuantity('0');

/** Compute limits that require every container to have a request or limit. */
const MUST_STATE = [
  'cpu',
  'limits.cpu',
  'limits.memory',
  'memory',
  'requests.cpu',
  'requests.memory',
];

function handles({ type, operation, subresource, object, old }: Attributes): boolean {
  if (type.storage.group !== '') {
    return operation === 'CREATE' && subresource === '';
  }

  switch (type.resource) {
    case 'pods':
      if (subresource === 'resize') {
        return operation === 'UPDATE';
      }
      if (subresource !== '') {
        return false;
      }

      return (
        operation === 'CREATE' ||
        (object !== undefined &&
          old !== undefined &&
          operation === 'UPDATE' &&
          isTerminating(object) !== isTerminating(old))
      );
    case 'services':
      return subresource === '' && operation !== 'DELETE';
    case 'persistentvolumeclaims':
      return (subresource === '' || subresource === 'status') && operation !== 'DELETE';
    default:
      return operation === 'CREATE' && subresource === '';
  }
}

/**
 * The requests and limits that a quota requires and containers lack: `cpu for: a,b; memory for: a`.
 */
function findUnstatedLimits(pod: KubeObject, limits: readonly string[]): string | undefined {
  const { spec } = pod;
  if (spec?.resources?.requests || spec?.resources?.limits) {
    return undefined;
  }

  const containers: Container[] = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])];

  const parts = MUST_STATE.filter((name) => limits.includes(name)).flatMap((limit) => {
    const of = limit.startsWith('limits.') ? 'limits' : 'requests';
    const name = limit.replace(/^(requests|limits)\./, '');
    const silent = containers.filter(({ resources }) => resources?.[of]?.[name] === undefined);
    const names = [...new Set(silent.map((container) => container.name))].sort();

    return names.length === 0 ? [] : [`${limit} for: ${names.join(',')}`];
  });

  return parts.length === 0 ? undefined : `must specify ${parts.join('; ')}`;
}

function formatAmounts(names: readonly string[], amount: (name: string) => Quantity): string {
  return [...names]
    .sort()
    .map((name) => `${name}=${formatQuantity(amount(name))}`)
    .join(',');
}

/** The amounts that a write adds to the use. */
function computeAddedUsage(account: Account, attributes: Attributes, usage: Usage): Usage {
  const { type, operation, old } = attributes;
  if (operation !== 'UPDATE' || !old || !account.covers(type.storage.group, type.resource, old)) {
    return usage;
  }

  const before = account.usageOf(type.storage.group, type.resource, old);
  const more: Usage = {};

  for (const [name, quantity] of Object.entries(usage)) {
    const delta = before[name] ? subtractQuantities(quantity, before[name]) : quantity;
    if (delta.nano > 0n) {
      more[name] = delta;
    }
  }

  return more;
}

function checkAccount(account: Account, attributes: Attributes, usage: Usage): void {
  const more = computeAddedUsage(account, attributes, usage);

  if (attributes.subresource === 'status') {
    return;
  }

  const moreOf = (name: string) => more[name] ?? ZERO;
  const hardOf = (name: string) => account.hard.get(name) ?? ZERO;

  const exceeded = Object.keys(more).filter(
    (name) => addQuantities(account.used(name), moreOf(name)).nano > hardOf(name).nano,
  );

  if (exceeded.length === 0) {
    return;
  }

  const requested = formatAmounts(exceeded, moreOf);
  const used = formatAmounts(exceeded, (name) => account.used(name));
  const limited = formatAmounts(exceeded, hardOf);

  throw refusalError(
    attributes,
    `exceeded quota: ${account.name}, requested: ${requested}, used: ${used}, limited: ${limited}`,
  );
}

/**
 * ResourceQuota: refuses a write that exceeds a quota of the namespace, and counts any other before
 * it is stored, so that concurrent writes see each other. Runs in the commit; returns whether a
 * quota counts the object.
 */
export function chargeQuota(ledger: QuotaLedger, attributes: Attributes): boolean {
  const { type, namespace, object, context } = attributes;
  if (namespace === '' || !ledger.has(namespace) || !object || !handles(attributes)) {
    return false;
  }

  const { group } = type.storage;
  const covering: [Account, Usage][] = [];

  for (const { account, counted } of ledger.accounts(namespace)) {
    if (!account.covers(group, type.resource, object)) {
      continue;
    }

    const limits = account.limitsOf(group, type.resource);
    const open =
      type.resource === 'pods' && group === '' ? findUnstatedLimits(object, limits) : undefined;
    if (open) {
      throw refusalError(attributes, `failed quota: ${account.name}: ${open}`);
    }

    if (!counted) {
      throw refusalError(
        attributes,
        `status unknown for quota: ${account.name}, resources: ${[...limits].sort().join(',')}`,
      );
    }

    covering.push([account, account.usageOf(group, type.resource, object)]);
  }

  for (const [account, usage] of covering) {
    checkAccount(account, attributes, usage);
  }

  if (covering.length === 0 || context.dryRun) {
    return false;
  }

  const key = storageKey(type, type.namespaced ? namespace : '', storedMetadata(object).name);

  for (const [account, usage] of covering) {
    account.hold(key, usage);
  }

  context.rollbacks.push(() => ledger.recount(key));

  return true;
}
