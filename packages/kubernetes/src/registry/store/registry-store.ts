import { notFound, StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Backend } from '../../storage/backend.ts';
import type { StoredObject } from '../../storage/stored-object.ts';
import type { Admission } from '../admission/admission.ts';
import { type ResourceType, storageKey } from '../resources/resource-type.ts';
import type { Strategies } from '../resources/strategies/strategies.ts';
import type { Strategy, WriteContext, WriteOptions } from '../resources/strategy.ts';
import { generateName, subjectOf } from './metadata.ts';
import { CreateDraft } from './writes/create.ts';
import { DeleteDraft, type DeleteOptions, hasEnded } from './writes/delete.ts';
import { draftUpdate, draftUpdateInTurns, type UpdateRequest } from './writes/update.ts';
import type { Write, Written } from './writes/write.ts';
import { Writer } from './writes/writer.ts';

const MAX_NAME_ATTEMPTS = 8;

/** Kubernetes answers this with 500 and nothing but the text. */
function resourceVersionSet(): StatusError {
  return new StatusError(500, '', 'resourceVersion should not be set on objects to be created');
}

function isAlreadyExists(error: unknown): boolean {
  return error instanceof StatusError && error.reason === 'AlreadyExists';
}

/**
 * Creates, updates and deletes objects of any resource, with a strategy for what is special about
 * one (like kube-apiserver's generic registry store).
 */
export class RegistryStore {
  readonly backend: Backend;
  readonly #strategies: Strategies;
  readonly #writer: Writer;

  constructor(backend: Backend, strategies: Strategies, admission: Admission) {
    this.backend = backend;
    this.#strategies = strategies;
    this.#writer = new Writer(backend, strategies, admission);
  }

  strategyOf(type: ResourceType): Strategy {
    return this.#strategies.of(type);
  }

  /** The stored object; throws a StatusError 404. */
  get(type: ResourceType, namespace: string, name: string): StoredObject {
    const object = this.backend.get(storageKey(type, namespace, name));
    if (!object) {
      throw notFound(subjectOf(type, name));
    }

    return object;
  }

  /**
   * Creates an object that was decoded and belongs to the store from now on. Picks another name
   * where a generated one is taken.
   */
  async create(type: ResourceType, object: KubeObject, options: WriteOptions): Promise<Written> {
    const base = object.metadata.name ? undefined : object.metadata.generateName;

    if (!base) {
      const { unnamed } = this.strategyOf(type);
      if (unnamed) {
        object.metadata.name ||= unnamed();
      }

      return this.#createNamed(type, object, options);
    }

    for (let attempt = 1; attempt < MAX_NAME_ATTEMPTS; attempt++) {
      const draft = structuredClone(object);
      draft.metadata.name = generateName(base);

      try {
        return await this.#createNamed(type, draft, options);
      } catch (error) {
        if (!isAlreadyExists(error)) {
          throw error;
        }
      }
    }

    object.metadata.name = generateName(base);

    return this.#createNamed(type, object, options);
  }

  async #createNamed(
    type: ResourceType,
    object: KubeObject,
    options: WriteOptions,
  ): Promise<Written> {
    const { namespace = '', name = '', resourceVersion } = object.metadata;

    // Kubernetes ignores a resourceVersion that is no number.
    if (Number(resourceVersion) > 0 && !options.dryRun) {
      throw resourceVersionSet();
    }

    const strategy = this.strategyOf(type);

    return this.#writer.write({
      type,
      namespace,
      name,
      subresource: '',
      operation: 'CREATE',
      object,
      options,
      draft: (_current, context) =>
        new CreateDraft(context.mayRepeat ? structuredClone(object) : object, strategy, context),
    });
  }

  /** Changes an object, or creates it where the request allows that. */
  update(
    type: ResourceType,
    namespace: string,
    name: string,
    request: UpdateRequest,
  ): Promise<Written> {
    const { subresource, options } = request;
    const strategy = this.strategyOf(type);

    return this.#writer.write({
      type,
      namespace,
      name,
      subresource,
      operation: 'UPDATE',
      mayCreate: request.create !== undefined,
      options,
      draft: (current, context) => draftUpdate(current, name, request, strategy, context),
      draftInTurns: (current, context) =>
        draftUpdateInTurns(current, name, request, strategy, context),
    });
  }

  /** Deletes an object, or marks it for deletion while finalizers or a grace period hold it. */
  async delete(
    type: ResourceType,
    namespace: string,
    name: string,
    options: WriteOptions & DeleteOptions,
  ): Promise<Written> {
    const strategy = this.strategyOf(type);

    const write: Write = {
      type,
      namespace,
      name,
      subresource: '',
      operation: 'DELETE',
      options,
      draft(current: KubeObject | undefined, context: WriteContext) {
        if (!current) {
          throw notFound(subjectOf(type, name));
        }
        return new DeleteDraft(current, options, strategy, context);
      },
    };

    const marked = await this.#writer.write(write);
    if (marked.deleted || options.dryRun || !strategy.gracePeriod) {
      return marked;
    }

    const object = marked.object.shared<KubeObject>();
    if (!hasEnded(object)) {
      return marked;
    }

    const { uid } = object.metadata;

    // The grace period is over at once: the deletion follows its mark.
    const removed = await this.#writer.removeEnded(
      write,
      (current) => current.metadata.uid === uid && hasEnded(current),
    );

    return removed ?? { ...marked, deleted: true };
  }
}
