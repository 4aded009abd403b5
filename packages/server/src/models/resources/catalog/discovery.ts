import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import { serviceUnavailable } from '@ks-apiserver/apimachinery/meta/errors';
import { type GroupVersionResource, groupVersionPath } from '@ks-apiserver/apimachinery/meta/types';
import { Deadline } from '@ks-apiserver/apimachinery/transport/deadline';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import pMap from 'p-map';
import type { ResourceDefinition } from '../query/resource-definition.ts';
import {
  type GroupVersion,
  readAggregated,
  readGroups,
  readResources,
  type ServedKind,
} from './discovery-documents.ts';

/**
 * Aggregated discovery, which answers all groups at once (Kubernetes "Discovery API"); older
 * servers ignore the first two.
 */
const AGGREGATED = [
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
  'application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList',
  'application/json',
].join(',');

/** How long one reading of discovery may take, in milliseconds. */
const TIMEOUT_MS = 10_000;

/** Calls at the same time if each group has to be asked. */
const PARALLEL = 8;

/** How often discovery may be read, in milliseconds. */
export interface DiscoveryPace {
  /** After this time it is read again in the background of the next call. */
  maxAgeMs: number;
  /**
   * Least time between two readings because of unknown names, so that invented names cannot cause
   * load.
   */
  missMs: number;
  /** The same if a CRD or APIService has changed since the last reading. */
  changedMs: number;
}

const PACE: DiscoveryPace = { maxAgeMs: 300_000, missMs: 10_000, changedMs: 1000 };

/** All kinds that the Kubernetes API serves, by plural name; read when first asked for. */
export class Discovery {
  readonly #client: KubeClient;
  readonly #pace: DiscoveryPace;
  #kinds: ReadonlyMap<string, readonly ServedKind[]> = new Map();
  #byVersion = new Map<string, readonly ServedKind[]>();
  #loaded = false;
  #changed = false;
  #begun = Number.NEGATIVE_INFINITY;
  #running: Promise<void> | undefined;

  constructor(client: KubeClient, pace: Partial<DiscoveryPace> = {}) {
    this.#client = client;
    this.#pace = { ...PACE, ...pace };
  }

  /** To be called when a CRD or an APIService has changed. */
  changed(): void {
    this.#changed = true;
  }

  /**
   * Returns the kinds of a plural name, none for an unknown one. Throws ServiceUnavailable until
   * discovery has succeeded once.
   */
  async kinds(plural: string): Promise<readonly ServedKind[]> {
    const age = performance.now() - this.#begun;

    await this.#ensureRead();

    const found = this.#kinds.get(plural);
    if (found) {
      return found;
    }

    const due = age > (this.#changed ? this.#pace.changedMs : this.#pace.missMs);
    if (due || this.#running) {
      await this.#read().catch(() => {});
    }

    return this.#kinds.get(plural) ?? [];
  }

  /**
   * Whether the API serves a resource in a version, by the latest reading. Throws
   * ServiceUnavailable until discovery has succeeded once.
   */
  async serves({ group, version, resource }: GroupVersionResource): Promise<boolean> {
    await this.#ensureRead();
    const kinds = this.#byVersion.get(`${group}/${version}`) ?? [];
    return kinds.some((kind) => kind.resource === resource);
  }

  /** Reads discovery again. Throws ServiceUnavailable. */
  refresh(): Promise<void> {
    return this.#read();
  }

  /** Waits for the first reading; starts later ones, when they are due, without waiting. */
  async #ensureRead(): Promise<void> {
    const age = performance.now() - this.#begun;

    if (!this.#loaded) {
      await this.#read();
    } else if (age > this.#pace.maxAgeMs || (this.#changed && age > this.#pace.changedMs)) {
      void this.#read().catch(() => {});
    }
  }

  /** Reads discovery once for all concurrent callers. */
  #read(): Promise<void> {
    this.#running ??= this.#readNow().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #readNow(): Promise<void> {
    this.#begun = performance.now();
    this.#changed = false;

    const deadline = new Deadline(TIMEOUT_MS);
    const { signal } = deadline;

    try {
      const roots = await Promise.all([
        this.#readRoot('/api', signal),
        this.#readRoot('/apis', signal),
      ]);

      const versions = roots.flat();
      const served = new Map<string, readonly ServedKind[]>();

      for (const { group, version, kinds } of versions) {
        const key = `${group}/${version}`;
        // A group whose own server does not answer keeps its kinds.
        served.set(key, kinds ?? this.#byVersion.get(key) ?? []);
      }

      this.#byVersion = served;
      this.#kinds = preferredKinds(served.values());
      this.#loaded = true;
    } catch (error) {
      this.#changed = true;

      throw serviceUnavailable(
        `the Kubernetes API did not answer discovery: ${messageOf(error)}`,
        error,
      );
    } finally {
      deadline.end();
    }
  }

  async #readRoot(path: '/api' | '/apis', signal: AbortSignal): Promise<GroupVersion[]> {
    const document = await this.#json(path, signal);
    const aggregated = readAggregated(document);
    if (aggregated) {
      return aggregated;
    }

    const versions = readGroups(document);

    const readKinds = async (version: GroupVersion) => {
      try {
        const found = await this.#json(groupVersionPath(version), signal);
        version.kinds = readResources(version, found);
      } catch (error) {
        if (signal.aborted) {
          throw error;
        }
      }
    };

    await pMap(versions, readKinds, { concurrency: PARALLEL });

    return versions;
  }

  async #json(path: string, signal: AbortSignal): Promise<unknown> {
    const { status, bytes } = await this.#client.call('GET', path, { accept: AGGREGATED, signal });
    if (status !== 200) {
      throw new Error(`GET ${path} was answered with ${status}`);
    }

    return JSON.parse(bytes.toString());
  }
}

/**
 * Returns the kinds by plural name, each in its first version that can be listed and watched, else
 * in its first.
 */
function preferredKinds(versions: Iterable<readonly ServedKind[]>): Map<string, ServedKind[]> {
  const byKind = new Map<string, ServedKind>();

  for (const kind of [...versions].flat()) {
    const key = `${kind.group}/${kind.resource}`;
    const known = byKind.get(key);
    if (!known || (!isFollowable(known) && isFollowable(kind))) {
      byKind.set(key, kind);
    }
  }

  const byName = new Map<string, ServedKind[]>();

  for (const kind of byKind.values()) {
    byName.set(kind.resource, [...(byName.get(kind.resource) ?? []), kind]);
  }

  return byName;
}

/** Whether a kind can be followed. */
export function isFollowable({ verbs }: { verbs: readonly string[] }): boolean {
  return verbs.includes('list') && verbs.includes('watch');
}

/**
 * Orders kinds of the same plural name: KubeSphere's groups first, then those of Kubernetes, then
 * others, by name.
 */
export function compareGroups(a: { group: string }, b: { group: string }): number {
  const order = rankOf(a.group) - rankOf(b.group);
  if (order !== 0 || a.group === b.group) {
    return order;
  }

  return a.group < b.group ? -1 : 1;
}

function rankOf(group: string): number {
  if (/(^|\.)kubesphere\.io$/.test(group)) {
    return 0;
  }
  return !group.includes('.') || group.endsWith('.k8s.io') ? 1 : 2;
}

/**
 * Returns the definition of a kind that is not in the table: it needs the caller's right to the
 * kind itself, whatever it holds.
 */
export function definitionOf({
  group,
  version,
  resource,
  kind,
  namespaced,
}: ServedKind): ResourceDefinition {
  return { group, version, resource, kind, namespaced, needsOwnRight: true };
}
