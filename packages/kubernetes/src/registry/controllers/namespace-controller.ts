import { WorkQueue } from '@ks-apiserver/apimachinery/concurrency/work-queue';
import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import { timestamp } from '@ks-apiserver/apimachinery/meta/time';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { StorageEvent } from '../../storage/backend.ts';
import { namespaceKey } from '../resources/namespace-lifecycle.ts';
import type { ResourceCatalog } from '../resources/resource-catalog.ts';
import { type ResourceType, storageKey, storagePrefix } from '../resources/resource-type.ts';
import { storedMetadata } from '../resources/stored-metadata.ts';
import type { WriteOptions } from '../resources/strategy.ts';
import type { RegistryStore } from '../store/registry-store.ts';
import { handleFailure } from './failures.ts';
import { type NamespaceContent, terminatingConditions } from './namespace-conditions.ts';

/** Namespaces that are processed at the same time. */
const WORKERS = 16;

const NAMESPACES_PREFIX = '/registry/core/namespaces/';
const ROOT_CA_CONFIG_MAP = 'kube-root-ca.crt';
const ROOT_CA_NOTE =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.';
const PARALLEL = 64;

/**
 * Gives each namespace its default ServiceAccount and CA bundle, and empties namespaces that are
 * being deleted.
 */
export class NamespaceController {
  readonly #catalog: ResourceCatalog;
  readonly #store: RegistryStore;
  readonly #options: () => WriteOptions;
  readonly #rootCa: string | undefined;
  readonly #queue = new WorkQueue((name) => this.#process(name), {
    workers: WORKERS,
    onFailure: handleFailure,
  });
  readonly #terminating = new Set<string>();
  #stop: (() => void) | undefined;

  /** `rootCa`: PEM that the ConfigMap kube-root-ca.crt holds; without it there is none. */
  constructor(
    catalog: ResourceCatalog,
    store: RegistryStore,
    options: () => WriteOptions,
    rootCa: string | undefined,
  ) {
    this.#catalog = catalog;
    this.#store = store;
    this.#options = options;
    this.#rootCa = rootCa;
  }

  start(): void {
    this.#stop = this.#store.backend.onCommit((events) => {
      for (const event of events) {
        this.#follow(event);
      }
    });

    for (const stored of this.#store.backend.range({ prefix: NAMESPACES_PREFIX })) {
      this.#queue.add(stored.key.slice(NAMESPACES_PREFIX.length));
    }
  }

  settled(): Promise<void> {
    return this.#queue.settled();
  }

  async close(): Promise<void> {
    this.#stop?.();
    await this.#queue.stop();
  }

  #follow({ key, type }: StorageEvent): void {
    if (key.startsWith(NAMESPACES_PREFIX)) {
      const name = key.slice(NAMESPACES_PREFIX.length);

      if (type === 'DELETED') {
        this.#terminating.delete(name);
      } else {
        this.#queue.add(name);
      }

      return;
    }

    if (type !== 'DELETED') {
      return;
    }

    // `/registry/<group>/<resource>/<namespace>/<name>`
    const [, , , , namespace = '', name] = key.split('/');
    const isOwn = name === 'default' || name === ROOT_CA_CONFIG_MAP;
    if (name !== undefined && (isOwn || this.#terminating.has(namespace))) {
      this.#queue.add(namespace);
    }
  }

  async #process(name: string): Promise<void> {
    const namespace = this.#store.backend.get(namespaceKey(name))?.shared<KubeObject>();
    if (!namespace) {
      return;
    }

    if (namespace.metadata.deletionTimestamp) {
      if (namespace.spec?.finalizers?.includes('kubernetes')) {
        await this.#empty(name);
      }
    } else {
      await this.#furnish(name);
    }
  }

  async #furnish(namespace: string): Promise<void> {
    const accounts = this.#catalog.require('', 'v1', 'serviceaccounts');

    // No container runs here that could use a token: only accounts that a user made for their pods
    // mount one.
    const automountServiceAccountToken = false;
    const metadata = { name: 'default', namespace };

    const object = {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata,
      automountServiceAccountToken,
    };

    await this.#ensure(accounts, object);

    if (this.#rootCa === undefined) {
      return;
    }

    const configMaps = this.#catalog.require('', 'v1', 'configmaps');
    await this.#ensure(configMaps, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {
        name: ROOT_CA_CONFIG_MAP,
        namespace,
        annotations: { 'kubernetes.io/description': ROOT_CA_NOTE },
      },
      data: { 'ca.crt': this.#rootCa },
    });
  }

  async #ensure(type: ResourceType, object: KubeObject): Promise<void> {
    const { namespace = '', name = '' } = object.metadata;
    if (this.#store.backend.get(storageKey(type, namespace, name))) {
      return;
    }

    try {
      await this.#store.create(type, object, this.#options());
    } catch (error) {
      if (!(error instanceof StatusError)) {
        throw error;
      }
    }
  }

  #contentOf(namespace: string): NamespaceContent {
    const resources = new Map<string, number>();
    const finalizers = new Map<string, number>();

    for (const type of this.#catalog.stored()) {
      if (!type.namespaced) {
        continue;
      }

      const resource = type.group === '' ? `${type.resource}.` : `${type.resource}.${type.group}`;

      for (const stored of this.#store.backend.range({ prefix: storagePrefix(type, namespace) })) {
        countOne(resources, resource);
        for (const finalizer of stored.shared<KubeObject>().metadata.finalizers ?? []) {
          countOne(finalizers, finalizer);
        }
      }
    }

    return { resources, finalizers };
  }

  /** Writes into the namespace's status which content still keeps it. */
  async #reportContent(name: string, content: NamespaceContent): Promise<void> {
    const options = this.#options();
    await this.#store
      .update(this.#catalog.require('', 'v1', 'namespaces'), '', name, {
        subresource: 'status',
        change: (object) => {
          const before = object.status?.conditions ?? [];
          const conditions = terminatingConditions(before, content, timestamp(options.now));
          object.status = { ...object.status, conditions };
          return object;
        },
        options,
      })
      .catch(ignoreRefusal);
  }

  async #empty(name: string): Promise<void> {
    this.#terminating.add(name);

    const { backend } = this.#store;

    for (const type of this.#catalog.stored()) {
      if (!type.namespaced) {
        continue;
      }

      let wave: Promise<unknown>[] = [];

      for (const stored of backend.range({ prefix: storagePrefix(type, name) })) {
        const metadata = storedMetadata(stored.shared<KubeObject>());
        if (metadata.deletionTimestamp) {
          continue;
        }

        // No kubelet ends pods here: with a grace period the namespace would stay forever.
        const options = {
          ...this.#options(),
          gracePeriodSeconds: 0,
          propagationPolicy: 'Background' as const,
        };

        wave.push(this.#store.delete(type, name, metadata.name, options).catch(ignoreRefusal));

        if (wave.length === PARALLEL) {
          await Promise.all(wave);
          wave = [];
        }
      }

      await Promise.all(wave);
    }

    const content = this.#contentOf(name);
    if (content.resources.size > 0) {
      await this.#reportContent(name, content);
      return;
    }

    await this.#store.update(this.#catalog.require('', 'v1', 'namespaces'), '', name, {
      subresource: 'finalize',
      change: (object) => {
        object.spec.finalizers = (object.spec.finalizers ?? []).filter(
          (item: string) => item !== 'kubernetes',
        );
        return object;
      },
      options: this.#options(),
    });
  }
}

function countOne(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

function ignoreRefusal(error: unknown): void {
  if (!(error instanceof StatusError)) {
    throw error;
  }
}
