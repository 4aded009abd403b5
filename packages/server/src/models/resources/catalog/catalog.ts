import { badRequest, serviceUnavailable } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { type GroupVersionResource, groupVersionPath } from '@ks-apiserver/apimachinery/meta/types';
import { Deadline } from '@ks-apiserver/apimachinery/transport/deadline';
import { Informer, type InformerOptions } from '@ks-apiserver/client/informer/informer';
import { steadyNow } from '@ks-apiserver/client/informer/steady-clock';
import type { Store } from '@ks-apiserver/client/informer/store';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import { secretFieldsOf, withoutSecrets } from '../../redaction/redaction.ts';
import { Columns } from '../computed/columns.ts';
import { JoinedBodies } from '../list/joined-bodies.ts';
import { Snapshots } from '../list/snapshots.ts';
import { CustomResources } from './custom-resources.ts';
import type { ResourceDefinition } from './definition.ts';
import { DefinitionVersions } from './definition-versions.ts';
import {
  compareGroups,
  Discovery,
  type DiscoveryPace,
  definitionOf,
  isFollowable,
} from './discovery.ts';
import type { ServedKind } from './discovery-documents.ts';

/** How long a first request waits for the first list of a resource, in milliseconds. */
const SYNC_TIMEOUT_MS = 15_000;

/** How long the copy of a kind that is in no definition is kept after its last use, in milliseconds. */
const IDLE_MS = 30 * 60_000;
const API_SERVICES = 'apiservices.apiregistration.k8s.io';

function pluralOf(name: string): string {
  const dot = name.indexOf('.');
  return dot < 0 ? name : name.slice(0, dot);
}

/** Whether a kind is of the group that `plural.group` names; of any where it names none. */
function inGroup(name: string): (kind: { group: string }) => boolean {
  const dot = name.indexOf('.');
  // The core group cannot be named: "secrets." would be another resource to whoever authorizes the
  // path.
  return ({ group }) => dot < 0 || (group !== '' && group === name.slice(dot + 1));
}

function gvrKey({ group, version, resource }: GroupVersionResource): string {
  return `${group}/${version}/${resource}`;
}

/** Why a copy is not up to date, or not there yet; undefined for one that is. */
export function staleReason({ error, synced, staleSince }: Informer): string | undefined {
  if (!synced) {
    return error?.message ?? 'first list is under way';
  }
  if (staleSince === undefined) {
    return undefined;
  }

  return error?.message ?? 'the Kubernetes API has not been heard of for long';
}

/** How a copy that is not up to date is told of. */
function staleOf(resource: string, informer: Informer | undefined): string | undefined {
  const since = informer?.staleSince;
  return since === undefined
    ? undefined
    : `${resource};seconds=${Math.max(0, Math.round((steadyNow() - since) / 1000))}`;
}

/** How a catalog goes about it; times in milliseconds. */
export interface CatalogOptions extends Partial<DiscoveryPace> {
  idleMs?: number;
  /** Hears of objects that the API sent and no copy is kept of. */
  report?: (problem: string) => void;
}

/**
 * All resources that the server knows: the definitions of the table and whatever else the API serves, with
 * a live copy of each that is in use.
 */
export class Catalog {
  /** Values that lists read out of objects. */
  readonly columns = new Columns();
  /** Lists that are being paged through. */
  readonly snapshots = new Snapshots();
  /** Bodies of lists that were put together. */
  readonly bodies = new JoinedBodies();
  readonly #client: KubeClient;
  readonly #discovery: Discovery;
  readonly #definitions = new Map<string, ResourceDefinition>();
  readonly #versions: DefinitionVersions;
  readonly #definitionKeys = new Set<string>();
  readonly #informers = new Map<string, Informer>();
  readonly #custom = new CustomResources();
  readonly #used = new Map<string, number>();
  readonly #idleMs: number;
  readonly #report: ((problem: string) => void) | undefined;
  #sweeper: NodeJS.Timeout | undefined;
  #apiServices = false;

  constructor(
    client: KubeClient,
    definitions: readonly ResourceDefinition[],
    { idleMs = IDLE_MS, report, ...pace }: CatalogOptions = {},
  ) {
    this.#client = client;
    this.#discovery = new Discovery(client, pace);
    this.#idleMs = idleMs;
    this.#report = report;
    this.#versions = new DefinitionVersions(definitions);

    for (const definition of definitions) {
      this.#definitions.set(definition.resource, definition);
      this.#definitionKeys.add(gvrKey(definition));
    }
  }

  /**
   * Starts what is to be followed from the start, and CRDs, each in a version that is served.
   * Rejects when the first lists do not arrive in time.
   */
  async start(signal: AbortSignal): Promise<void> {
    const eager = [...this.#definitions.values()].filter((definition) => definition.eager);
    const informers = eager.map((definition) => this.informer(definition));

    await Promise.all(informers.map((informer) => informer.ready(signal)));
    await this.#chooseVersions();
    this.#sweeper = setInterval(() => this.#sweep(), this.#idleMs / 4).unref();

    const crds = this.store('customresourcedefinitions');
    if (!crds) {
      return;
    }

    for (const entry of crds.values()) {
      this.#custom.change(undefined, entry);
    }

    crds.onChange(({ type, entry, previous }) => {
      this.#discovery.changed();

      const { gone, served } = this.#custom.change(
        previous,
        type === 'DELETED' ? undefined : entry,
      );

      if (gone && !this.#definitionKeys.has(gvrKey(gone))) {
        void this.#forget(gvrKey(gone));
      }

      // A copy that was started before the kind was served waits for its next try.
      if (served) {
        this.#informers.get(gvrKey(served))?.retry();
      }
      if (this.#versions.concerns(entry.fields.group)) {
        void this.#chooseVersions();
      }
    });
  }

  /**
   * Switches definitions to versions that the API serves. Where discovery fails, they stay as they are.
   */
  async #chooseVersions(): Promise<void> {
    try {
      await this.#discovery.refresh();

      for (const { before, now } of await this.#versions.choose((resource) =>
        this.#discovery.serves(resource),
      )) {
        this.#definitions.set(now.resource, now);
        this.#definitionKeys.delete(gvrKey(before));
        this.#definitionKeys.add(gvrKey(now));
        await this.#forget(gvrKey(before));
      }
    } catch (error) {
      this.#report?.(
        `cannot find out which versions of kinds to read, keeping those of before: ${(error as Error).message}`,
      );
    }
  }

  async #forget(key: string): Promise<void> {
    const informer = this.#informers.get(key);

    this.#informers.delete(key);
    this.#used.delete(key);
    await informer?.stop();

    // Who still follows the copy sees its objects go.
    informer?.store.replace([]);
  }

  /**
   * Stops copies of kinds that are in no definition and have not been asked for, nor followed, for long.
   */
  #sweep(): void {
    this.snapshots.expire();

    const before = performance.now() - this.#idleMs;

    for (const [key, used] of this.#used) {
      const informer = this.#informers.get(key);
      if (!informer) {
        this.#used.delete(key);
      } else if (used < before && !informer.store.watched) {
        void this.#forget(key);
      }
    }
  }

  /**
   * The definition of the table or the CRD's resource of a plural name, or of `plural.group`; undefined
   * for others.
   */
  find(name: string): ResourceDefinition | undefined {
    return this.#definitions.get(name) ?? this.#candidates(name).find(inGroup(name));
  }

  /** Rows and CRDs of the plural in `plural` or `plural.group`. */
  #candidates(name: string): readonly ResourceDefinition[] {
    const plural = pluralOf(name);
    const definition = this.#definitions.get(plural);
    const custom = this.#custom.of(plural);
    return definition
      ? [definition, ...custom.filter(({ group }) => group !== definition.group)]
      : custom;
  }

  /**
   * Whatever kind the Kubernetes API serves by its plural name or by `plural.group`: definitions of the
   * table first, then groups of KubeSphere, of Kubernetes, others. Undefined for unknown ones. What
   * is in no definition takes discovery, and rejects with BadRequest for kinds that cannot be followed.
   */
  resolve(name: string): ResourceDefinition | undefined | Promise<ResourceDefinition | undefined> {
    return this.#definitions.get(name) ?? this.#discovered(name);
  }

  async #discovered(name: string): Promise<ResourceDefinition | undefined> {
    const known = this.#candidates(name);
    const matches = inGroup(name);
    let served: readonly ServedKind[];

    try {
      served = await this.#discovery.kinds(pluralOf(name));
      if (!this.#apiServices) {
        await this.#followApiServices();
      }
    } catch (error) {
      const found = known.find(matches);
      if (found) {
        return found;
      }

      throw error;
    }

    // CRDs are followed; what discovery says of their groups may be old.
    const others = served.filter(
      (kind) =>
        !known.some(({ group }) => group === kind.group) &&
        !this.#custom.isGone(kind) &&
        matches(kind),
    );

    const followable = others.filter(isFollowable).map(definitionOf);
    const found = [...known.filter(matches), ...followable].sort(compareGroups)[0];
    if (found || !others[0]) {
      return found;
    }

    const { group, version, resource } = others[0];

    throw badRequest(
      `${resource} of ${group || 'the core group'} cannot be listed here: the Kubernetes API offers no list and watch of them; its own paths are under ${groupVersionPath({ group, version })}`,
    );
  }

  /**
   * Whether the Kubernetes API serves a resource in a version, as it has said lately. Throws
   * ServiceUnavailable.
   */
  serves(resource: GroupVersionResource): Promise<boolean> {
    return this.#discovery.serves(resource);
  }

  /** Aggregated APIs come and go with their APIServices. */
  async #followApiServices(): Promise<void> {
    this.#apiServices = true;

    const served = await this.#discovery.kinds(pluralOf(API_SERVICES));
    const kind = served.find(inGroup(API_SERVICES));
    if (kind && isFollowable(kind)) {
      this.informer(definitionOf(kind)).store.onChange(() => this.#discovery.changed());
    }
  }

  /** The informer of a definition, started now if it was not; `options` narrow it the first time. */
  informer(definition: ResourceDefinition, options: Partial<InformerOptions> = {}): Informer {
    const key = gvrKey(definition);
    if (!this.#definitionKeys.has(key)) {
      this.#used.set(key, performance.now());
    }

    let informer = this.#informers.get(key);
    if (!informer) {
      const { kind, fields, keepObjects, unread } = definition;
      const secrets = secretFieldsOf(definition);
      informer = new Informer(this.#client, {
        resource: {
          group: definition.group,
          version: definition.version,
          resource: definition.resource,
        },
        kind,
        ...(fields && { fields }),
        // Copies hold no secrets: whatever is made from them shows none.
        ...(secrets && { redact: (object: KubeObject) => withoutSecrets(object, secrets) }),
        ...(keepObjects && { keepObjects }),
        ...(unread && { unread }),
        ...(this.#report && { report: this.#report }),
        ...options,
      }).start();

      this.#informers.set(key, informer);
    }

    return informer;
  }

  /** Whether a live copy of a resource is kept now. */
  isFollowed(definition: ResourceDefinition): boolean {
    return this.#informers.has(gvrKey(definition));
  }

  /**
   * The informer of a definition of the table by its plural name. Throws a TypeError for a name that is in
   * no definition.
   */
  informerOf(name: string): Informer {
    const definition = this.#definitions.get(name);
    if (!definition) {
      throw new TypeError(`no resource ${name} in the table`);
    }

    return this.informer(definition);
  }

  /** What is cached of a resource; undefined before it is in use. */
  store(name: string): Store | undefined {
    const definition = this.find(name);
    return definition && this.#informers.get(gvrKey(definition))?.store;
  }

  /** What is cached of a definition; undefined before it is in use, and after its CRD has gone. */
  storeOf(definition: ResourceDefinition): Store | undefined {
    return this.#informers.get(gvrKey(definition))?.store;
  }

  /**
   * The store of a definition where it and what it uses are synced already; undefined where `synced` has
   * to be awaited.
   */
  ready(definition: ResourceDefinition): Store | undefined {
    for (const name of definition.uses ?? []) {
      const used = this.find(name);
      if (used && !this.informer(used).synced) {
        return undefined;
      }
    }

    const informer = this.informer(definition);

    return informer.synced ? informer.store : undefined;
  }

  /**
   * Which of the copies that answers of a definition are made from are not up to date: `pods;seconds=12`,
   * joined by commas.
   */
  staleness(definition: ResourceDefinition): string | undefined {
    let stale = staleOf(definition.resource, this.#informers.get(gvrKey(definition)));

    for (const name of definition.uses ?? []) {
      const other = this.find(name);
      const also = other && staleOf(name, this.#informers.get(gvrKey(other)));
      if (also) {
        stale = stale ? `${stale}, ${also}` : also;
      }
    }

    return stale;
  }

  /**
   * The synced store of a definition and of what it uses. Throws ServiceUnavailable when the Kubernetes
   * API has not answered its first lists in time.
   */
  async synced(definition: ResourceDefinition, signal: AbortSignal): Promise<Store> {
    const used = (definition.uses ?? [])
      .flatMap((name) => this.find(name) ?? [])
      .map((other) => this.informer(other));
    const informer = this.informer(definition);
    const waiting = [informer, ...used].filter(({ synced }) => !synced);
    if (waiting.length > 0) {
      const deadline = new Deadline(SYNC_TIMEOUT_MS, signal);

      try {
        await Promise.all(waiting.map((other) => other.ready(deadline.signal)));
      } catch (error) {
        throw serviceUnavailable(
          `${definition.resource} have not been read from the Kubernetes API yet: ${(error as Error).message}`,
          error,
        );
      } finally {
        deadline.end();
      }
    }

    return informer.store;
  }

  /** Resources whose copy is not up to date, with the reason: what readiness reports. */
  *stale(): Generator<{ resource: string; reason: string }> {
    for (const [key, informer] of this.#informers) {
      // An API that somebody added to the cluster and that fails is no reason to answer nobody.
      if (!this.#definitionKeys.has(key)) {
        continue;
      }

      const reason = staleReason(informer);
      if (reason !== undefined) {
        yield { resource: informer.options.resource.resource, reason };
      }
    }
  }

  async stop(): Promise<void> {
    clearInterval(this.#sweeper);
    await Promise.all([...this.#informers.values()].map((informer) => informer.stop()));
  }
}
