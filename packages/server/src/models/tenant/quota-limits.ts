import { forbidden } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import {
  formatQuantity,
  parseQuantity,
  type Quantity,
  subtractQuantities,
} from '@ks-apiserver/apimachinery/quantity/quantity';
import {
  addUsage,
  countName,
  resourceOfLimit,
  type Usage,
  unstated,
  usageOf,
} from '@ks-apiserver/apimachinery/quota/usage';
import type { Entry } from '@ks-apiserver/client/informer/entry';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { RequestInfo } from '@ks-apiserver/http/request/request-info';
import type { Catalog } from '../resources/catalog/catalog.ts';
import { Reservations } from './reservations.ts';

const READ_MS = 15_000;
const ZERO = parseQuantity('0');

type Limits = Record<string, Quantity>;

function limitsOf(quota: Entry): Limits {
  const hard: Record<string, string | number> = quota.object?.spec?.quota?.hard ?? {};
  return Object.fromEntries(
    Object.entries(hard).map(([name, value]) => [name, parseQuantity(String(value))]),
  );
}

/** A quota, and what is used of the limits that matter for a write. */
interface MeasuredQuota {
  name: string;
  limits: Limits;
  /** Limits of what the write uses. */
  names: readonly string[];
  used: Usage;
  /** Namespaces that the quota counts. */
  namespaces: ReadonlySet<string>;
}

function nanoOf(amounts: Usage, name: string): bigint {
  return amounts[name]?.nano ?? 0n;
}

function formatAmounts(amounts: Usage, names: readonly string[]): string {
  return names.map((name) => `${name}=${formatQuantity(amounts[name] ?? ZERO)}`).join(',');
}

/** Computes what workspaces use of their quotas, and keeps writes within them. */
export class QuotaLimits {
  readonly #catalog: Catalog;
  readonly #quotas: Informer;
  readonly #reservations = new Reservations();

  constructor(catalog: Catalog, quotas: Informer) {
    this.#catalog = catalog;
    this.#quotas = quotas;
  }

  /** Returns the quotas that count a namespace. */
  #quotasOf(namespace: string): Entry[] {
    if (this.#quotas.store.size === 0) {
      return [];
    }

    const labels = this.#catalog.informerOf('namespaces').store.get(namespace)?.labels;
    if (!labels) {
      return [];
    }

    return [...this.#quotas.store.values()].filter((quota) => selects(quota, labels));
  }

  /** Whether a write of a resource is limited in its namespace. */
  concerns({ namespace, group, resource, subresource }: RequestInfo): boolean {
    if (namespace === '' || subresource !== '') {
      return false;
    }

    return this.#quotasOf(namespace).some((quota) =>
      Object.keys(limitsOf(quota)).some((name) => {
        const of = resourceOfLimit(name);
        return of?.group === group && of.resource === resource;
      }),
    );
  }

  /** Returns the namespaces that a quota counts. */
  namespacesOf(quota: Entry): string[] {
    return [...this.#catalog.informerOf('namespaces').store.values()]
      .filter(({ labels }) => selects(quota, labels))
      .map(({ name }) => name);
  }

  /**
   * Returns what a namespace uses of some limits, from the cached objects. Throws
   * ServiceUnavailable if these cannot be read in time.
   */
  async usage(namespace: string, names: readonly string[]): Promise<Usage> {
    const total: Usage = Object.fromEntries(names.map((name) => [name, ZERO]));

    const resources = new Map(
      names.flatMap((name) => {
        const of = resourceOfLimit(name);
        return of ? [[countName(of.group, of.resource), of] as const] : [];
      }),
    );

    for (const { group, resource } of resources.values()) {
      const definition =
        this.#catalog.find(group === '' ? resource : `${resource}.${group}`) ??
        this.#catalog.find(resource);

      if (!definition || definition.group !== group || !definition.namespaced) {
        continue;
      }

      const store = await this.#catalog.synced(definition, {
        signal: AbortSignal.timeout(READ_MS),
      });
      for (const entry of store.list('name', namespace)) {
        const used = (entry.fields.usage as Usage | undefined) ?? usageOf(group, resource, EMPTY);

        for (const name of names) {
          if (used[name]) {
            addUsage(total, { [name]: used[name] });
          }
        }
      }
    }

    return total;
  }

  /** Returns what a write would use in addition to the object that it replaces. */
  #additionalUsage(
    { group, resource }: RequestInfo,
    stored: KubeObject | undefined,
    proposed: KubeObject,
  ): Usage {
    const after = usageOf(group, resource, proposed);

    if (!stored) {
      return after;
    }

    const before = usageOf(group, resource, stored);
    const rest = Object.entries(after).map(
      ([name, value]) => [name, subtractQuantities(value, before[name] ?? ZERO)] as const,
    );

    return Object.fromEntries(rest.filter(([, value]) => value.nano > 0n));
  }

  /**
   * Checks a write against all quotas of its namespace and reserves what it uses, so that
   * concurrent writes count each other. Returns a function that releases the reservation if nothing
   * is stored. Throws Forbidden, in Kubernetes' words.
   */
  async reserve(
    info: RequestInfo,
    stored: KubeObject | undefined,
    proposed: KubeObject,
  ): Promise<() => void> {
    const { namespace, group, resource } = info;
    const name = proposed.metadata.name ?? info.name;
    const more = this.#additionalUsage(info, stored, proposed);
    const affected = await Promise.all(
      this.#quotasOf(namespace).map((quota) => this.#measure(quota, more)),
    );

    // Nothing is awaited until the reservation is made.
    for (const measured of affected) {
      const why =
        (stored ? undefined : whyUnstated(measured, info, proposed)) ??
        this.#whyExceeded(measured, more);

      if (why !== undefined) {
        throw forbidden({ group, resource, name }, why);
      }
    }

    const isShown = () => {
      const found = this.#catalog.store(resource)?.get(name, namespace);
      return found !== undefined && found.resourceVersion !== stored?.metadata.resourceVersion;
    };

    return this.#reservations.add({ namespace, usage: more, isShown });
  }

  /** Measures what is used of those limits of a quota that a write uses more of. */
  async #measure(quota: Entry, more: Usage): Promise<MeasuredQuota> {
    const limits = limitsOf(quota);
    const names = Object.keys(limits).filter((limit) => more[limit] !== undefined);
    const used: Usage = {};
    const namespaces = names.length === 0 ? [] : this.namespacesOf(quota);

    for (const namespace of namespaces) {
      addUsage(used, await this.usage(namespace, names));
    }

    return { name: quota.name, limits, names, used, namespaces: new Set(namespaces) };
  }

  /** Returns why a quota forbids a write that uses more; undefined if it permits it. */
  #whyExceeded(
    { name, limits, names, used: stored, namespaces }: MeasuredQuota,
    more: Usage,
  ): string | undefined {
    const used = { ...stored };
    this.#reservations.addTo(used, names, namespaces);

    const over = names.filter(
      (limit) => nanoOf(used, limit) + nanoOf(more, limit) > nanoOf(limits, limit),
    );

    if (over.length === 0) {
      return undefined;
    }

    const [requested, usedNow, limited] = [more, used, limits].map((amounts) =>
      formatAmounts(amounts, over),
    );
    return `exceeded quota: ${name}, requested: ${requested}, used: ${usedNow}, limited: ${limited}`;
  }
}

/** Returns why a quota forbids a new pod that does not say how much it may use. */
function whyUnstated(
  { name, limits }: MeasuredQuota,
  { group, resource }: RequestInfo,
  proposed: KubeObject,
): string | undefined {
  if (group !== '' || resource !== 'pods') {
    return undefined;
  }

  const left = unstated(proposed, Object.keys(limits));
  return left.length > 0 ? `failed quota: ${name}: must specify ${left.join(',')}` : undefined;
}

const EMPTY: KubeObject = { apiVersion: '', kind: '', metadata: {} };

function selects(quota: Entry, labels: Readonly<Record<string, string>>): boolean {
  const selector: Record<string, string> = quota.object?.spec?.selector ?? {};
  return Object.entries(selector).every(([key, value]) => labels[key] === value);
}
