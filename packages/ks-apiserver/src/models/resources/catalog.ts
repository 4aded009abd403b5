import { serviceUnavailable } from '@ks-apiserver/apimachinery/meta/errors';
import type { GroupVersionResource } from '@ks-apiserver/apimachinery/meta/types';
import type { Entry } from '@ks-apiserver/client/informer/entry';
import { Informer, type InformerOptions } from '@ks-apiserver/client/informer/informer';
import type { Store } from '@ks-apiserver/client/informer/store';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import type { ResourceDefinition } from './definition.ts';

/** How long a first request waits for the first list of a resource, in milliseconds. */
const SYNC_TIMEOUT_MS = 15_000;
/** Where names of resources clash, the groups of KubeSphere and Kubernetes come first. */
const OWN_GROUP = /(^|\.)kubesphere\.io$/;

function gvrKey({ group, version, resource }: GroupVersionResource): string {
  return `${group}/${version}/${resource}`;
}

/** Why a copy is not up to date, or not there yet; undefined for one that is. */
export function staleReason({ error, synced, staleSince }: Informer): string | undefined {
  if (!synced) return error?.message ?? 'first list is under way';
  if (staleSince === undefined) return undefined;
  return error?.message ?? 'the Kubernetes API has not been heard of for long';
}

/** How a copy that is not up to date is told of. */
function staleOf(resource: string, informer: Informer | undefined): string | undefined {
  const since = informer?.staleSince;
  return since === undefined
    ? undefined
    : `${resource};seconds=${Math.max(0, Math.round((Date.now() - since) / 1000))}`;
}

/** All resources that the server knows: the rows of the table and every CRD, with a live copy of each that is in use. */
export class Catalog {
  readonly #client: KubeClient;
  readonly #rows = new Map<string, ResourceDefinition>();
  readonly #informers = new Map<string, Informer>();
  readonly #custom = new Map<string, ResourceDefinition[]>();

  constructor(client: KubeClient, rows: readonly ResourceDefinition[]) {
    this.#client = client;
    for (const row of rows) this.#rows.set(row.resource, row);
  }

  /** Starts what is to be followed from the start, and CRDs. Rejects when the first lists do not arrive in time. */
  async start(signal: AbortSignal): Promise<void> {
    const eager = [...this.#rows.values()].filter((row) => row.eager);
    const informers = eager.map((row) => this.informer(row));
    await Promise.all(informers.map((informer) => informer.ready(signal)));
    const crds = this.store('customresourcedefinitions');
    if (!crds) return;
    for (const entry of crds.values()) this.#learn(entry);
    crds.onChange(({ type, entry, previous }) => {
      if (previous) void this.#unlearn(previous, type === 'DELETED' ? undefined : entry);
      if (type !== 'DELETED') this.#learn(entry);
    });
  }

  #definitionOf(crd: Entry): ResourceDefinition | undefined {
    const { group, version, resource, kind, namespaced } = crd.fields as Record<string, string | undefined> & {
      namespaced: boolean;
    };
    return group && version && resource && kind ? { group, version, resource, kind, namespaced } : undefined;
  }

  #learn(crd: Entry): void {
    const definition = this.#definitionOf(crd);
    if (!definition) return;
    const others = (this.#custom.get(definition.resource) ?? []).filter(({ group }) => group !== definition.group);
    const all = [...others, definition].sort(
      (a, b) => Number(OWN_GROUP.test(b.group)) - Number(OWN_GROUP.test(a.group)) || (a.group < b.group ? -1 : 1),
    );
    this.#custom.set(definition.resource, all);
  }

  /** Forgets a CRD's resource; its informer goes unless the CRD still serves the same version. */
  async #unlearn(previous: Entry, next: Entry | undefined): Promise<void> {
    const before = this.#definitionOf(previous);
    if (!before) return;
    const after = next && this.#definitionOf(next);
    const rest = (this.#custom.get(before.resource) ?? []).filter(({ group }) => group !== before.group);
    if (rest.length > 0) this.#custom.set(before.resource, rest);
    else this.#custom.delete(before.resource);
    const key = gvrKey(before);
    if ((after && gvrKey(after) === key) || this.#rows.has(before.resource)) return;
    const informer = this.#informers.get(key);
    this.#informers.delete(key);
    await informer?.stop();
  }

  /** The row of a resource's plural name, or of `plural.group` where names clash; undefined for unknown ones. */
  find(name: string): ResourceDefinition | undefined {
    const row = this.#rows.get(name);
    if (row) return row;
    const custom = this.#custom.get(name)?.[0];
    if (custom) return custom;
    const dot = name.indexOf('.');
    return dot < 0
      ? undefined
      : this.#custom.get(name.slice(0, dot))?.find(({ group }) => group === name.slice(dot + 1));
  }

  /** Like `find`, for what has lists and gets of its own. */
  listed(name: string): ResourceDefinition | undefined {
    const row = this.find(name);
    return row?.internal ? undefined : row;
  }

  /** The informer of a row, started now if it was not; `options` narrow it the first time. */
  informer(row: ResourceDefinition, options: Partial<InformerOptions> = {}): Informer {
    const key = gvrKey(row);
    let informer = this.#informers.get(key);
    if (!informer) {
      const { kind, fields, redact, keepObjects } = row;
      informer = new Informer(this.#client, {
        resource: { group: row.group, version: row.version, resource: row.resource },
        kind,
        ...(fields && { fields }),
        ...(redact && { redact }),
        ...(keepObjects && { keepObjects }),
        ...options,
      }).start();
      this.#informers.set(key, informer);
    }
    return informer;
  }

  /** The informer of a row of the table by its plural name. Throws a TypeError for a name that is in no row. */
  row(name: string): Informer {
    const row = this.#rows.get(name);
    if (!row) throw new TypeError(`no resource ${name} in the table`);
    return this.informer(row);
  }

  /** What is cached of a resource; undefined before it is in use. */
  store(name: string): Store | undefined {
    const row = this.find(name);
    return row && this.#informers.get(gvrKey(row))?.store;
  }

  /** The store of a row where it and what it uses are synced already; undefined where `synced` has to be awaited. */
  ready(row: ResourceDefinition): Store | undefined {
    for (const name of row.uses ?? []) {
      const used = this.find(name);
      if (used && !this.informer(used).synced) return undefined;
    }
    const informer = this.informer(row);
    return informer.synced ? informer.store : undefined;
  }

  /** What is cached of a row; undefined before it is in use, and after its CRD has gone. */
  storeOf(row: ResourceDefinition): Store | undefined {
    return this.#informers.get(gvrKey(row))?.store;
  }

  /** Which of the copies that answers of a row are made from are not up to date: `pods;seconds=12`, joined by commas. */
  staleness(row: ResourceDefinition): string | undefined {
    let stale = staleOf(row.resource, this.#informers.get(gvrKey(row)));
    for (const name of row.uses ?? []) {
      const other = this.find(name);
      const also = other && staleOf(name, this.#informers.get(gvrKey(other)));
      if (also) stale = stale ? `${stale}, ${also}` : also;
    }
    return stale;
  }

  /** The synced store of a row and of what it uses. Throws ServiceUnavailable when the Kubernetes API has not answered its first lists in time. */
  async synced(row: ResourceDefinition, signal: AbortSignal): Promise<Store> {
    const used = (row.uses ?? []).flatMap((name) => this.find(name) ?? []).map((other) => this.informer(other));
    const informer = this.informer(row);
    const waiting = [informer, ...used].filter(({ synced }) => !synced);
    if (waiting.length > 0) {
      const inTime = AbortSignal.any([signal, AbortSignal.timeout(SYNC_TIMEOUT_MS)]);
      try {
        await Promise.all(waiting.map((other) => other.ready(inTime)));
      } catch (error) {
        throw serviceUnavailable(
          `${row.resource} have not been read from the Kubernetes API yet: ${(error as Error).message}`,
          error,
        );
      }
    }
    return informer.store;
  }

  /** Resources whose copy is not up to date, with the reason: what readiness reports. */
  *stale(): Generator<{ resource: string; reason: string }> {
    for (const informer of this.#informers.values()) {
      const reason = staleReason(informer);
      if (reason !== undefined) yield { resource: informer.options.resource.resource, reason };
    }
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#informers.values()].map((informer) => informer.stop()));
  }
}
