import { WorkQueue } from '@ks-apiserver/apimachinery/concurrency/work-queue';
import { equalJson } from '@ks-apiserver/apimachinery/json/json';
import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import { timestamp } from '@ks-apiserver/apimachinery/meta/time';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { StorageEvent } from '../../../storage/backend.ts';
import { handleFailure } from '../../controllers/failures.ts';
import type { ResourceCatalog } from '../../resources/resource-catalog.ts';
import { type ResourceType, storagePrefix } from '../../resources/resource-type.ts';
import { storedMetadata } from '../../resources/stored-metadata.ts';
import type { WriteOptions } from '../../resources/strategy.ts';
import type { RegistryStore } from '../../store/registry-store.ts';
import type { WatchHub } from '../../store/watch-hub.ts';
import { WebhookClient } from '../../webhook-client/client.ts';
import { approvalOf } from './approval.ts';
import { acceptedStatus, withCondition } from './conditions.ts';
import {
  CLEANUP_FINALIZER,
  DEFINITIONS_PREFIX,
  type Definition,
  hasCondition,
} from './definition.ts';
import { servedTypes } from './served-types.ts';
import { WebhookConversion } from './webhook-conversion.ts';

const PARALLEL = 64;

/**
 * Keeps the catalog up to date with the stored CustomResourceDefinitions, accepts their names, and
 * deletes the objects of those being deleted.
 */
export class DefinitionRegistrar {
  readonly #catalog: ResourceCatalog;
  readonly #store: RegistryStore;
  readonly #hub: WatchHub;
  readonly #options: () => WriteOptions;
  readonly #waiting = new Set<() => void>();
  /** One at a time: otherwise two definitions could be accepted with the same names. */
  readonly #names = new WorkQueue((name) => this.#accept(name), {
    workers: 1,
    onFailure: handleFailure,
  });
  #stop: (() => void) | undefined;
  readonly #client = new WebhookClient();
  #closed = false;
  readonly #emptying = new Map<string, Promise<void>>();

  constructor(
    catalog: ResourceCatalog,
    store: RegistryStore,
    hub: WatchHub,
    options: () => WriteOptions,
  ) {
    this.#catalog = catalog;
    this.#store = store;
    this.#hub = hub;
    this.#options = options;
  }

  /** Serves the stored definitions, and follows their events. */
  start(): void {
    for (const stored of this.#store.backend.range({ prefix: DEFINITIONS_PREFIX })) {
      const definition = stored.parse<Definition>();
      this.#serve(definition);

      if (!hasCondition(definition, 'NamesAccepted')) {
        this.#names.add(storedMetadata(definition).name);
      }
    }

    this.#stop = this.#store.backend.onCommit((events) => {
      for (const event of events) {
        if (event.key.startsWith(DEFINITIONS_PREFIX)) {
          this.#follow(event);
        }
      }
    });
  }

  /** Resolves once the names of all definitions written so far are accepted or refused. */
  settled(): Promise<void> {
    return this.#closed ? Promise.resolve() : this.#names.settled();
  }

  /** Stops; deletion of a definition's objects goes on after the next start. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#stop?.();

    for (const wake of this.#waiting) {
      wake();
    }

    await this.#names.stop();
    await Promise.allSettled(this.#emptying.values());
    this.#client.close();
  }

  #follow(event: StorageEvent): void {
    const definition = event.object.parse<Definition>();
    const name = storedMetadata(definition).name;

    if (event.type === 'DELETED') {
      const gone = this.#catalog.custom(name);

      this.#catalog.setCustom(name, []);

      for (const type of gone) {
        this.#hub.endWatchesOf(type);
      }

      this.#acceptOthers(definition.spec.group);

      return;
    }

    const before = event.previous?.shared<Definition>();
    const isNew = !before || before.metadata.generation !== definition.metadata.generation;
    if (isNew || approvalOf(before)?.message !== approvalOf(definition)?.message) {
      this.#names.add(name);
    }
    if (!before || servingChanged(before, definition)) {
      this.#serve(definition);
    }
  }

  /** Other definitions may get the names that are free now. */
  #acceptOthers(group: string): void {
    for (const stored of this.#store.backend.range({ prefix: DEFINITIONS_PREFIX })) {
      const other = stored.shared<Definition>();
      if (other.spec.group === group && !hasCondition(other, 'NamesAccepted')) {
        this.#names.add(storedMetadata(other).name);
      }
    }
  }

  async #accept(name: string): Promise<void> {
    await this.#updateStatus(name, (definition) =>
      acceptedStatus(this.#catalog, definition, timestamp(new Date())),
    );
  }

  async #updateStatus(
    name: string,
    change: (definition: Definition) => Definition['status'],
  ): Promise<void> {
    const definitions = this.#catalog.require(
      'apiextensions.k8s.io',
      'v1',
      'customresourcedefinitions',
    );

    await this.#store.update(definitions, '', name, {
      subresource: 'status',
      change: (object) => {
        const definition = object as Definition;
        const status = change(definition);
        if (status) {
          definition.status = status;
        }

        return definition;
      },
      options: this.#options(),
    });
  }

  #serve(definition: Definition): void {
    const name = storedMetadata(definition).name;
    const before = this.#catalog.custom(name);

    const types = hasCondition(definition, 'Established')
      ? servedTypes(
          definition,
          new WebhookConversion(this.#client, this.#store.backend, definition),
        )
      : [];

    this.#catalog.setCustom(name, types);

    for (const type of before) {
      this.#hub.endWatchesOf(type);
    }

    if (definition.metadata.deletionTimestamp) {
      this.#empty(name);
    }
  }

  #empty(name: string): void {
    if (this.#emptying.has(name)) {
      return;
    }

    const work = this.#remove(name)
      .catch((error) => {
        if (!(error instanceof StatusError)) {
          throw error;
        }
      })
      .finally(() => this.#emptying.delete(name));

    this.#emptying.set(name, work);
  }

  async #remove(name: string): Promise<void> {
    const type = this.#catalog.custom(name)[0];

    const setTerminating = (value: 'True' | 'False', reason: string, message: string) =>
      this.#updateStatus(name, (definition) =>
        withCondition(definition, 'Terminating', value, reason, message, timestamp(new Date())),
      );

    await setTerminating(
      'True',
      'InstanceDeletionInProgress',
      'CustomResource deletion is in progress',
    );

    if (type) {
      await this.#removeObjects(type);
    }
    if (this.#closed) {
      return;
    }

    await setTerminating('False', 'InstanceDeletionCompleted', 'removed all instances');

    const definitions = this.#catalog.require(
      'apiextensions.k8s.io',
      'v1',
      'customresourcedefinitions',
    );

    await this.#store.update(definitions, '', name, {
      subresource: '',
      change: (object) => {
        object.metadata.finalizers = (object.metadata.finalizers ?? []).filter(
          (item) => item !== CLEANUP_FINALIZER,
        );
        return object;
      },
      options: this.#options(),
    });
  }

  /** Deletes all objects, and waits for the finalizers of those that have some. */
  async #removeObjects(type: ResourceType): Promise<void> {
    const prefix = storagePrefix(type);
    const { backend } = this.#store;
    let wave: Promise<unknown>[] = [];

    for (const stored of backend.range({ prefix })) {
      const { name = '', namespace = '' } = stored.shared<KubeObject>().metadata;
      wave.push(this.#store.delete(type, namespace, name, this.#options()).catch(() => undefined));

      if (wave.length === PARALLEL) {
        await Promise.all(wave);
        wave = [];
      }
    }

    await Promise.all(wave);

    if (backend.count(prefix) === 0) {
      return;
    }

    await new Promise<void>((resolve) => {
      const done = () => {
        stop();
        this.#waiting.delete(done);
        resolve();
      };

      const stop = backend.onCommit(() => {
        if (backend.count(prefix) === 0) {
          done();
        }
      });

      this.#waiting.add(done);
    });
  }
}

/** Whether a definition's change affects the resources that it serves. */
function servingChanged(before: Definition, after: Definition): boolean {
  return (
    !equalJson(before.spec, after.spec) ||
    hasCondition(before, 'Established') !== hasCondition(after, 'Established') ||
    !equalJson(before.status?.acceptedNames, after.status?.acceptedNames) ||
    before.metadata.deletionTimestamp !== after.metadata.deletionTimestamp
  );
}
