import { QUOTA_GROUP } from '@ks-apiserver/api/groups';
import { WORKSPACE_LABEL } from '@ks-apiserver/api/labels';
import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import { badRequest, forbidden } from '@ks-apiserver/apimachinery/meta/errors';
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
import type { WriteOptions } from '@ks-apiserver/client/kube/client';
import type { RequestInfo } from '@ks-apiserver/http/request/request-info';
import type { CallerWriter } from '../authorization/caller-writer.ts';
import { missing, nameMismatch } from '../iam/errors.ts';
import type { Catalog } from '../resources/catalog/catalog.ts';

/** The resource of workspaces' quotas. */
export const WORKSPACE_QUOTAS = {
  group: QUOTA_GROUP,
  version: 'v1alpha2',
  resource: 'resourcequotas',
};

/** How long a write counts that the cache does not show yet, in milliseconds. */
const RESERVED_MS = 10_000;
const READ_MS = 15_000;
const ZERO = parseQuantity('0');

/** A write that was permitted, until the cache shows it. */
interface Reservation {
  namespace: string;
  usage: Usage;
  until: number;
  shows: () => boolean;
}

type Limits = Record<string, Quantity>;

function limitsOf(quota: Entry): Limits {
  const hard: Record<string, string | number> = quota.object?.spec?.quota?.hard ?? {};
  return Object.fromEntries(
    Object.entries(hard).map(([name, value]) => [name, parseQuantity(String(value))]),
  );
}

function nanoOf(amounts: Usage, name: string): bigint {
  return amounts[name]?.nano ?? 0n;
}

function formatAmounts(amounts: Usage, names: readonly string[]): string {
  return names.map((name) => `${name}=${formatQuantity(amounts[name] ?? ZERO)}`).join(',');
}

/**
 * Quotas of workspaces (KubeSphere 3.1): limits for all their namespaces together, and what these
 * use.
 */
export class WorkspaceQuotas {
  readonly #catalog: Catalog;
  readonly #quotas: Informer;
  readonly #reserved = new Set<Reservation>();

  constructor(catalog: Catalog, quotas: Informer) {
    this.#catalog = catalog;
    this.#quotas = quotas;
  }

  #requireOwn(workspace: string, name: string): KubeObject {
    const found = this.#quotas.store.get(name);
    if (found?.labels[WORKSPACE_LABEL] !== workspace || !found.object) {
      throw missing('resourcequota', QUOTA_GROUP, name);
    }

    return found.object;
  }

  /**
   * Makes the object to store: label and selector are the workspace's. Throws BadRequest for a
   * limit of something that cannot be limited.
   */
  #toStore(workspace: string, given: KubeObject): KubeObject {
    const own = { [WORKSPACE_LABEL]: workspace };

    for (const [name, value] of Object.entries(given.spec?.quota?.hard ?? {})) {
      if (!resourceOfLimit(name)) {
        throw badRequest(`spec.quota.hard: ${name} is nothing that can be limited`);
      }

      try {
        parseQuantity(String(value));
      } catch (error) {
        throw badRequest(`spec.quota.hard.${name}: ${messageOf(error)}`);
      }
    }

    return {
      ...given,
      apiVersion: `${QUOTA_GROUP}/v1alpha2`,
      kind: 'ResourceQuota',
      metadata: { ...given.metadata, labels: { ...given.metadata.labels, ...own } },
      spec: { ...given.spec, selector: own },
    };
  }

  /** Returns a quota of a workspace. Throws NotFound. */
  get(workspace: string, name: string): KubeObject {
    return this.#requireOwn(workspace, name);
  }

  /** Creates a quota of a workspace. Throws BadRequest, AlreadyExists. */
  async create(
    workspace: string,
    given: KubeObject,
    caller: CallerWriter,
    options: WriteOptions,
  ): Promise<KubeObject> {
    return caller.create(WORKSPACE_QUOTAS, this.#toStore(workspace, given), options);
  }

  /** Replaces a quota of a workspace. Throws NotFound, BadRequest, Conflict. */
  async update(
    workspace: string,
    name: string,
    given: KubeObject,
    caller: CallerWriter,
    options: WriteOptions,
  ): Promise<KubeObject> {
    if (given.metadata.name !== name) {
      throw nameMismatch(given.metadata.name ?? '', name);
    }

    this.#requireOwn(workspace, name);
    return caller.update(WORKSPACE_QUOTAS, this.#toStore(workspace, given), options);
  }

  /** Deletes a quota of a workspace. Throws NotFound. */
  async delete(
    workspace: string,
    name: string,
    caller: CallerWriter,
    options: WriteOptions,
  ): Promise<void> {
    this.#requireOwn(workspace, name);
    await caller.delete({ resource: WORKSPACE_QUOTAS, name }, options);
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

      const store = await this.#catalog.synced(definition, AbortSignal.timeout(READ_MS));
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
    const refuse = (why: string) => forbidden({ group, resource, name }, why);
    const more = this.#additionalUsage(info, stored, proposed);

    const checks = await Promise.all(
      this.#quotasOf(namespace).map(async (quota) => {
        const limits = limitsOf(quota);
        const names = Object.keys(limits).filter((limit) => more[limit] !== undefined);
        const used: Usage = {};
        const namespaces = names.length === 0 ? [] : this.namespacesOf(quota);
        for (const one of namespaces) {
          addUsage(used, await this.usage(one, names));
        }

        return { quota, limits, names, used, namespaces: new Set(namespaces) };
      }),
    );

    // Nothing is awaited until the reservation is made.
    for (const { quota, limits, names, used, namespaces } of checks) {
      if (!stored && group === '' && resource === 'pods') {
        const left = unstated(proposed, Object.keys(limits));
        if (left.length > 0) {
          throw refuse(`failed quota: ${quota.name}: must specify ${left.join(',')}`);
        }
      }

      for (const reservation of this.#currentReservations()) {
        if (namespaces.has(reservation.namespace)) {
          for (const limit of names) {
            if (reservation.usage[limit]) {
              addUsage(used, { [limit]: reservation.usage[limit] });
            }
          }
        }
      }

      const over = names.filter(
        (limit) => nanoOf(used, limit) + nanoOf(more, limit) > nanoOf(limits, limit),
      );

      if (over.length > 0) {
        throw refuse(
          `exceeded quota: ${quota.name}, requested: ${formatAmounts(more, over)}, used: ${formatAmounts(used, over)}, limited: ${formatAmounts(limits, over)}`,
        );
      }
    }

    const shows = () => {
      const found = this.#catalog.store(resource)?.get(name, namespace);
      return found !== undefined && found.resourceVersion !== stored?.metadata.resourceVersion;
    };

    const reservation = { namespace, usage: more, until: Date.now() + RESERVED_MS, shows };
    this.#reserved.add(reservation);

    return () => void this.#reserved.delete(reservation);
  }

  /** Returns the reservations that still count. */
  #currentReservations(): Iterable<Reservation> {
    for (const reservation of this.#reserved) {
      if (reservation.until < Date.now() || reservation.shows()) {
        this.#reserved.delete(reservation);
      }
    }

    return this.#reserved;
  }
}

const EMPTY: KubeObject = { apiVersion: '', kind: '', metadata: {} };

function selects(quota: Entry, labels: Readonly<Record<string, string>>): boolean {
  const selector: Record<string, string> = quota.object?.spec?.selector ?? {};
  return Object.entries(selector).every(([key, value]) => labels[key] === value);
}
