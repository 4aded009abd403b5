import { alreadyExists, notFound, StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Backend, Decision, Reader } from '../storage/backend.ts';
import { encodeRecord, type StoredObject } from '../storage/stored-object.ts';
import { convert } from './conversion.ts';
import { type DeleteOptions, decideDelete } from './delete.ts';
import { encodeObject } from './encode.ts';
import { completeObject, schemaOf, setDefaults, validateKind } from './kind-rules.ts';
import { trackFields } from './managed-fields.ts';
import { dedupOwners, generatedName, initMetadata, invalidObject, subjectOf } from './metadata.ts';
import { admitNamespace } from './namespace-lifecycle.ts';
import { presentObject } from './present.ts';
import { type ResourceType, storageKey } from './resource-type.ts';
import type { Strategies } from './strategies/strategies.ts';
import type { Strategy, WriteContext, WriteOptions } from './strategy.ts';
import { decideUpdate, type UpdateRequest } from './update.ts';

const MAX_NAME_ATTEMPTS = 8;

/** Kubernetes answers this with 500 and nothing but the text. */
function resourceVersionSet(): StatusError {
  return new StatusError(500, '', 'resourceVersion should not be set on objects to be created');
}

/** What a write answers with. */
export interface Written {
  object: StoredObject;
  created: boolean;
  /** True when the object is gone now. */
  deleted: boolean;
}

/** What a step of a write decided: the state to keep, or none to delete, or that nothing changes. */
export type Verdict = { put: KubeObject } | { remove: true } | { keep: true };

/** The one generic store: the life of an object of any resource, with a strategy for what is special about it. */
export class Store {
  readonly backend: Backend;
  readonly #strategies: Strategies;

  constructor(backend: Backend, strategies: Strategies) {
    this.backend = backend;
    this.#strategies = strategies;
  }

  strategyOf(type: ResourceType): Strategy {
    return this.#strategies.of(type);
  }

  /** The stored object; throws a StatusError 404. */
  get(type: ResourceType, namespace: string, name: string): StoredObject {
    const object = this.backend.get(storageKey(type, namespace, name));
    if (!object) throw notFound(subjectOf(type, name));
    return object;
  }

  /** Creates an object that was decoded and belongs to the store from now on. */
  async create(type: ResourceType, object: KubeObject, options: WriteOptions): Promise<Written> {
    const base = object.metadata.name ? undefined : object.metadata.generateName;
    for (let attempt = 1; ; attempt++) {
      const draft = attempt < MAX_NAME_ATTEMPTS && base ? structuredClone(object) : object;
      if (base) draft.metadata.name = generatedName(base);
      try {
        return await this.#create(type, draft, options);
      } catch (error) {
        const taken = error instanceof StatusError && error.reason === 'AlreadyExists';
        if (!taken || !base || attempt >= MAX_NAME_ATTEMPTS) throw error;
      }
    }
  }

  async #create(type: ResourceType, object: KubeObject, options: WriteOptions): Promise<Written> {
    const { namespace = '', name = '' } = object.metadata;
    // What is no number is ignored, as Kubernetes does.
    if (Number(object.metadata.resourceVersion) > 0) throw resourceVersionSet();
    return this.#write(type, namespace, name, '', options, (current, context) => {
      this.prepareCreate(type, object, context);
      if (current) throw alreadyExists(subjectOf(type, name));
      return { put: object };
    });
  }

  /** Everything that happens to an object before it is stored for the first time. */
  prepareCreate(type: ResourceType, object: KubeObject, context: WriteContext, tracksFields = false): void {
    const strategy = this.strategyOf(type);
    admitNamespace(type, object, context.reader);
    initMetadata(object, context.now);
    dedupOwners(object, context.warnings);
    if (!strategy.keepsStatus && type.subresources.some((subresource) => subresource.name === 'status')) {
      delete object.status;
    }
    setDefaults(type, object);
    if (strategy.generation) object.metadata.generation = 1;
    // What the server itself sets from here on belongs to no manager.
    if (!tracksFields) trackFields(schemaOf(type), undefined, object, context, strategy.untracked);
    strategy.prepareForCreate?.(object, context);
    const causes = [
      ...validateKind(type, object, undefined, ''),
      ...(strategy.validate?.(object, undefined, context) ?? []),
    ];
    const error = invalidObject(type, object.metadata.name || undefined, causes);
    if (error) throw error;
    context.warnings.push(...(strategy.warnings?.(object, undefined, context) ?? []));
    completeObject(type, object);
  }

  /** Changes an object, or creates it where the request allows that. */
  update(type: ResourceType, namespace: string, name: string, request: UpdateRequest): Promise<Written> {
    return this.#write(type, namespace, name, request.subresource, request.options, (current, context) =>
      decideUpdate(this, type, current, name, request, context),
    );
  }

  /** Deletes an object, or marks it for deletion while finalizers or a grace period hold it. */
  delete(type: ResourceType, namespace: string, name: string, options: WriteOptions & DeleteOptions): Promise<Written> {
    return this.#write(type, namespace, name, '', options, (current, context) => {
      if (!current) throw notFound(subjectOf(type, name));
      return decideDelete(this.strategyOf(type), type, current, options, context);
    });
  }

  async #write(
    type: ResourceType,
    namespace: string,
    name: string,
    subresource: string,
    options: WriteOptions,
    step: (current: KubeObject | undefined, context: WriteContext) => Verdict,
  ): Promise<Written> {
    const key = storageKey(type, namespace, name);
    const settled: WriteContext['settled'] = [];
    let outcome: Written | undefined;
    let written = false;
    let created = false;
    const decide = (current: StoredObject | undefined, reader: Reader): Decision => {
      const context: WriteContext = {
        user: options.user,
        dryRun: options.dryRun,
        manager: options.manager,
        now: options.now,
        warnings: options.warnings,
        type,
        reader,
        subresource,
        settled,
      };
      const verdict = step(current && presentObject(type, current), context);
      if ('keep' in verdict) {
        outcome = { object: current!, created: false, deleted: false };
        return { action: 'keep' };
      }
      if ('remove' in verdict) {
        outcome = { object: current!, created: false, deleted: true };
        return options.dryRun ? { action: 'keep' } : { action: 'delete' };
      }
      const fields = this.strategyOf(type).fields?.(verdict.put);
      const stored = convert(
        { ...verdict.put, apiVersion: verdict.put.apiVersion ?? '' },
        { group: type.storage.group, version: type.storage.version, kind: type.kind },
      );
      const encode = (revision: number | undefined) => encodeObject(type, stored, revision, fields);
      if (options.dryRun) {
        const object = encodeRecord(key, current?.revision ?? 0, encode(current?.revision));
        outcome = { object, created: !current, deleted: false };
        return { action: 'keep' };
      }
      written = true;
      created = current === undefined;
      return { action: 'put', encode };
    };
    try {
      const result = await this.backend.update(key, decide);
      if (outcome) return outcome;
      return { object: result.object!, created, deleted: false };
    } catch (error) {
      written = false;
      throw error;
    } finally {
      for (const tell of settled) tell(written);
    }
  }
}
