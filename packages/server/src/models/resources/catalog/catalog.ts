import type { Cancellable } from '@ks-apiserver/apimachinery/concurrency/cancellable';
import type { Awaitable } from '@ks-apiserver/apimachinery/concurrency/when-ready';
import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import { badRequest, serviceUnavailable } from '@ks-apiserver/apimachinery/meta/errors';
import { type GroupVersionResource, groupVersionPath } from '@ks-apiserver/apimachinery/meta/types';
import { Deadline } from '@ks-apiserver/apimachinery/transport/deadline';
import type { Entry } from '@ks-apiserver/client/informer/entry';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { InformerOptions } from '@ks-apiserver/client/informer/informer-options';
import type { CacheBudget, InformerStore } from '@ks-apiserver/client/informer/informer-store';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import { Columns } from '../computed/columns.ts';
import { JoinedBodies } from '../list/joined-bodies.ts';
import { Snapshots } from '../list/snapshots.ts';
import type { ResourceDefinition, ResourceStores } from '../query/resource-definition.ts';
import { CustomResources } from './custom-resources.ts';
import { DefinitionVersions } from './definition-versions.ts';
import {
  compareGroups,
  Discovery,
  type DiscoveryPace,
  definitionOf,
  isFollowable,
} from './discovery.ts';
import type { ServedKind } from './discovery-documents.ts';
import { gvrKey, ResourceInformers } from './resource-informers.ts';
import { inGroup, pluralOf } from './resource-names.ts';
import { staleNote, staleReason } from './staleness.ts';

/** How long a first request waits for the first list of a resource, in milliseconds. */
const SYNC_TIMEOUT_MS = 15_000;

/** How long a resource that is not in the table is followed after its last use, in milliseconds. */
const IDLE_MS = 30 * 60_000;
const API_SERVICES = 'apiservices.apiregistration.k8s.io';

/** Options of a catalog; times in milliseconds. */
export interface CatalogOptions extends Partial<DiscoveryPace> {
  idleMs?: number;
  /** Reports objects that the API sent and that are not cached. */
  report?: (problem: string) => void;
  shared?: SharedResources;
  /** `held`: the table's resources, too, are followed only while they are in use. */
  keeps?: 'table' | 'held';
  /** How much may be cached of all resources. */
  budget?: CacheBudget;
}

/** Groups whose resources are those of another catalog: its informers are used. */
export interface SharedResources {
  catalog: Catalog;
  groups: ReadonlySet<string>;
}

/**
 * All resources that the server knows: the definitions of the table and whatever else the API
 * serves, each with an informer while it is in use.
 */
export class Catalog implements ResourceStores {
  /** Values that lists read out of objects. */
  readonly columns = new Columns();
  /** Lists that clients read page by page. */
  readonly snapshots = new Snapshots();
  /** Bodies of lists that were put together. */
  readonly bodies = new JoinedBodies();
  readonly #discovery: Discovery;
  /** Definitions of the table, each in the version that is read, by plural name. */
  readonly #definitions = new Map<string, ResourceDefinition>();
  readonly #versions: DefinitionVersions;
  readonly #definitionKeys = new Set<string>();
  readonly #informers: ResourceInformers;
  readonly #custom = new CustomResources();
  readonly #idleMs: number;
  readonly #report: ((problem: string) => void) | undefined;
  readonly #shared: SharedResources | undefined;
  #sweeper: NodeJS.Timeout | undefined;
  #followsApiServices = false;

  constructor(
    client: KubeClient,
    definitions: readonly ResourceDefinition[],
    { idleMs = IDLE_MS, report, shared, keeps, budget, ...pace }: CatalogOptions = {},
  ) {
    this.#discovery = new Discovery(client, pace);
    this.#idleMs = idleMs;
    this.#report = report;
    this.#shared = shared;
    this.#versions = new DefinitionVersions(
      definitions.filter((definition) => !this.#sharing(definition)),
    );

    this.#informers = new ResourceInformers(client, {
      idleMs,
      report,
      budget,
      isPermanent: (key) => keeps !== 'held' && this.#definitionKeys.has(key),
    });

    for (const definition of definitions) {
      this.#definitions.set(definition.resource, definition);
      this.#definitionKeys.add(gvrKey(definition));
    }
  }

  /**
   * Starts following CRDs and the other resources that are followed from the start, each in a
   * version that is served. Rejects when the first lists do not arrive in time.
   */
  async start(signal: AbortSignal): Promise<void> {
    const eager = [...this.#definitions.values()].filter((definition) => definition.eager);
    const informers = eager.map(({ resource }) => this.informerOf(resource));

    await Promise.all(informers.map((informer) => informer.ready(signal)));
    await this.#chooseVersions();

    this.#sweeper = setInterval(() => {
      this.snapshots.expire();
      this.#informers.dropIdle();
    }, this.#idleMs / 4).unref();

    const crds = this.store('customresourcedefinitions');
    if (!crds) {
      return;
    }

    for (const entry of crds.values()) {
      this.#custom.change(undefined, entry);
    }

    crds.onChange(({ type, entry, previous }) => {
      this.#changeCustomResource(previous, type === 'DELETED' ? undefined : entry);

      if (this.#versions.concerns(entry.fields.group)) {
        void this.#chooseVersions();
      }
    });
  }

  #changeCustomResource(previous: Entry | undefined, next: Entry | undefined): void {
    this.#discovery.changed();

    const { gone, served } = this.#custom.change(previous, next);

    if (gone && !this.#definitionKeys.has(gvrKey(gone))) {
      void this.#informers.drop(gone);
    }

    // An informer that was started before the kind was served waits for its next attempt.
    if (served) {
      this.#informers.find(served)?.retry();
    }
  }

  /** Switches definitions to versions that the API serves; if discovery fails, they stay. */
  async #chooseVersions(): Promise<void> {
    try {
      await this.#discovery.refresh();

      const changes = await this.#versions.choose((resource) => this.#discovery.serves(resource));

      for (const { before, now } of changes) {
        this.#definitions.set(now.resource, now);
        this.#definitionKeys.delete(gvrKey(before));
        this.#definitionKeys.add(gvrKey(now));
        await this.#informers.drop(before);
      }
    } catch (error) {
      this.#report?.(
        `cannot find the served versions of kinds, keeping the former ones: ${messageOf(error)}`,
      );
    }
  }

  /**
   * Returns the definition of a plural name, or of `plural.group`, from the table or a CRD;
   * undefined for others.
   */
  find(name: string): ResourceDefinition | undefined {
    return this.#definitions.get(name) ?? this.#candidates(name).find(inGroup(name));
  }

  /**
   * Returns the definition of a resource that must be known. Throws an Error for any other: asking
   * for it is a mistake in the code.
   */
  definition(name: string): ResourceDefinition {
    const definition = this.find(name);
    if (!definition) {
      throw new Error(`the table of resources has no ${name}`);
    }

    return definition;
  }

  /** Returns the table's and the CRDs' definitions of the plural in `plural` or `plural.group`. */
  #candidates(name: string): readonly ResourceDefinition[] {
    const plural = pluralOf(name);
    const known = this.#definitions.get(plural);
    const custom = this.#custom.of(plural);
    return known ? [known, ...custom.filter(({ group }) => group !== known.group)] : custom;
  }

  /**
   * Returns the definition of any kind that the Kubernetes API serves, by its plural name or by
   * `plural.group`: of the table first, then of groups of KubeSphere, of Kubernetes, of others.
   * Undefined for unknown kinds. Kinds outside the table are looked up by discovery; BadRequest for
   * those that cannot be followed.
   */
  resolve(name: string): Awaitable<ResourceDefinition | undefined> {
    return this.#definitions.get(name) ?? this.#discover(name);
  }

  async #discover(name: string): Promise<ResourceDefinition | undefined> {
    const known = this.#candidates(name);
    const matches = inGroup(name);
    let served: readonly ServedKind[];

    try {
      served = await this.#discovery.kinds(pluralOf(name));
      if (!this.#followsApiServices) {
        await this.#followApiServices();
      }
    } catch (error) {
      const found = known.find(matches);
      if (found) {
        return found;
      }

      throw error;
    }

    // CRDs are followed, so what discovery says of their groups may be older.
    const others = served.filter(
      (kind) =>
        !known.some(({ group }) => group === kind.group) &&
        !this.#custom.isGone(kind) &&
        matches(kind),
    );

    const followable = others.filter(isFollowable).map(definitionOf);
    const [found] = [...known.filter(matches), ...followable].sort(compareGroups);
    const [other] = others;
    if (found || !other) {
      return found;
    }

    const { group, version, resource } = other;

    throw badRequest(
      `${resource} of ${group || 'the core group'} cannot be listed here: the Kubernetes API offers no list and watch of them; its own paths are under ${groupVersionPath({ group, version })}`,
    );
  }

  /**
   * Whether the Kubernetes API serves a resource in a version, by its latest discovery. Throws
   * ServiceUnavailable.
   */
  serves(resource: GroupVersionResource): Promise<boolean> {
    return this.#sharing(resource)?.serves(resource) ?? this.#discovery.serves(resource);
  }

  /** Follows APIServices, with which aggregated APIs come and go. */
  async #followApiServices(): Promise<void> {
    this.#followsApiServices = true;

    const served = await this.#discovery.kinds(pluralOf(API_SERVICES));
    const kind = served.find(inGroup(API_SERVICES));
    if (kind && isFollowable(kind)) {
      this.informer(definitionOf(kind)).store.onChange(() => this.#discovery.changed());
    }
  }

  /** Returns the catalog that follows a resource for this one; undefined for most. */
  #sharing({ group }: GroupVersionResource): Catalog | undefined {
    return this.#shared?.groups.has(group) ? this.#shared.catalog : undefined;
  }

  /** Returns the informer of a definition, started if necessary; `options` count only then. */
  informer(definition: ResourceDefinition, options?: Partial<InformerOptions>): Informer {
    const sharing = this.#sharing(definition);
    return sharing
      ? sharing.informerOf(definition.resource)
      : this.#informers.start(definition, options);
  }

  /** Returns the informer of a definition; undefined before its first use. */
  #started(definition: ResourceDefinition): Informer | undefined {
    const sharing = this.#sharing(definition);
    return sharing
      ? sharing.#started(sharing.definition(definition.resource))
      : this.#informers.find(definition);
  }

  /** Returns the informer of a resource of the table, which is kept. Throws a TypeError for other names. */
  informerOf(name: string): Informer {
    const definition = this.#definitions.get(name);
    if (!definition) {
      throw new TypeError(`no resource ${name} in the table`);
    }
    this.#informers.hold(definition);
    return this.informer(definition);
  }

  store(name: string): InformerStore | undefined {
    const definition = this.find(name);
    return definition && this.storeOf(definition);
  }

  /**
   * Returns the store of a definition; undefined before its first use, and once its CRD is gone.
   */
  storeOf(definition: ResourceDefinition): InformerStore | undefined {
    return this.#started(definition)?.store;
  }

  /**
   * Returns the store of a definition if it and the resources that it uses are synced already;
   * undefined if `synced` has to be awaited.
   */
  ready(definition: ResourceDefinition): InformerStore | undefined {
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
   * Returns which of the stores that answers of a definition are made from are out of date, and for
   * how long: `pods;seconds=12`, joined by commas; undefined for none.
   */
  staleness(definition: ResourceDefinition): string | undefined {
    let stale = staleNote(definition.resource, this.#started(definition));

    for (const name of definition.uses ?? []) {
      const used = this.find(name);
      const also = used && staleNote(name, this.#started(used));
      if (also) {
        stale = stale ? `${stale}, ${also}` : also;
      }
    }

    return stale;
  }

  /**
   * Returns the store of a definition once it and the resources that it uses are synced. Throws
   * ServiceUnavailable if the Kubernetes API does not answer their first lists in time.
   */
  async synced(definition: ResourceDefinition, call: Cancellable): Promise<InformerStore> {
    const ready = this.ready(definition);
    if (ready) {
      return ready;
    }

    const used = (definition.uses ?? []).flatMap((name) => this.find(name) ?? []);
    const informers = [definition, ...used].map((each) => this.informer(each));
    const deadline = new Deadline(SYNC_TIMEOUT_MS, call.signal);

    try {
      await Promise.all(informers.map((informer) => informer.ready(deadline.signal)));
    } catch (error) {
      throw serviceUnavailable(
        `${definition.resource} have not been read from the Kubernetes API yet: ${messageOf(error)}`,
        error,
      );
    } finally {
      deadline.end();
    }

    return this.informer(definition).store;
  }

  /** Yields the table's resources whose store is out of date, with the reason, for readiness. */
  *stale(): Generator<{ resource: string; reason: string }> {
    for (const informer of this.#informers.all()) {
      const { resource } = informer.options;

      // An API that was added to the cluster and fails must not make this server unready.
      if (!this.#definitionKeys.has(gvrKey(resource))) {
        continue;
      }

      const reason = staleReason(informer);
      if (reason !== undefined) {
        yield { resource: resource.resource, reason };
      }
    }
  }

  async stop(): Promise<void> {
    clearInterval(this.#sweeper);
    await this.#informers.stop();
  }
}
