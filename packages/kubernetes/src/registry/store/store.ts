import {
  alreadyExists,
  conflict,
  notFound,
  StatusError,
} from '@ks-apiserver/apimachinery/meta/errors';
import { apiVersionOf, type KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { applyDefaults } from '@ks-apiserver/apimachinery/schema/defaults';
import { pruneUnknown } from '@ks-apiserver/apimachinery/schema/prune';
import type { Backend, Decision, Reader } from '../../storage/backend.ts';
import { encodeRecord, type StoredObject } from '../../storage/stored-object.ts';
import { type Admission, admissionNamespace } from '../admission/admission.ts';
import type { Attributes, Operation } from '../admission/attributes.ts';
import { completeObject, schemaOf, setDefaults, validateKind } from '../resources/kind-rules.ts';
import { admitNamespace } from '../resources/namespace-lifecycle.ts';
import { type ResourceType, storageKey } from '../resources/resource-type.ts';
import type { Strategies } from '../resources/strategies/strategies.ts';
import type { Strategy, WriteContext, WriteOptions } from '../resources/strategy.ts';
import { convert } from './conversion.ts';
import { type DeleteOptions, decideDelete } from './delete.ts';
import { type Encoding, encodeObject } from './encode.ts';
import { LARGE_BYTES, yieldBetweenLargeSteps } from './large-work.ts';
import { trackFields } from './managed-fields.ts';
import {
  dedupOwners,
  generatedName,
  initMetadata,
  invalidObject,
  matchUrl,
  subjectOf,
} from './metadata.ts';
import { isConverted, prepareObjects, presentObject } from './present.ts';
import { decideLater, decideNow, pause, type Steps } from './steps.ts';
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
  /** Revision of the deletion, where the object is gone by one. */
  revision?: number;
}

/**
 * What a write was decided to be: the state to keep, or none to delete, or that nothing changes.
 * `charge` is done inside the commit and may still refuse; it says whether a quota counts the
 * object.
 */
export type Verdict =
  | {
      put: KubeObject;
      charge?: () => boolean;
      /** The object as it is stored, where a webhook converted it. */
      stored?: KubeObject | undefined;
      /** The same as it is written, where that was made before the commit. */
      encoding?: Encoding;
    }
  /** `last`: what the writer saw at last, where that is not what was stored. */
  | { remove: true; last?: KubeObject }
  | { keep: true };

/** Whether an object was marked for deletion, and neither finalizers nor a grace period hold it. */
function hasEnded({
  deletionTimestamp,
  deletionGracePeriodSeconds,
  finalizers,
}: KubeObject['metadata']): boolean {
  return deletionTimestamp !== undefined && deletionGracePeriodSeconds === 0 && !finalizers?.length;
}

/** One write that is to be decided. */
interface Write {
  type: ResourceType;
  namespace: string;
  name: string;
  subresource: string;
  operation: Operation;
  /** What is known of the object before it is decided; undefined for a deletion. */
  object: KubeObject | undefined;
  options: WriteOptions;
  steps: (current: KubeObject | undefined, context: WriteContext) => Steps<Verdict>;
}

/**
 * Times that a write which waited for somebody is decided anew because its object changed
 * meanwhile.
 */
const MAX_RACES = 10;

/**
 * The one generic store: the life of an object of any resource, with a strategy for what is special
 * about it.
 */
export class Store {
  readonly backend: Backend;
  readonly admission: Admission;
  readonly #strategies: Strategies;

  constructor(backend: Backend, strategies: Strategies, admission: Admission) {
    this.backend = backend;
    this.#strategies = strategies;
    this.admission = admission;
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

  /** Creates an object that was decoded and belongs to the store from now on. */
  async create(type: ResourceType, object: KubeObject, options: WriteOptions): Promise<Written> {
    const base = object.metadata.name ? undefined : object.metadata.generateName;
    const { unnamed } = this.strategyOf(type);
    if (unnamed && !base) {
      object.metadata.name ||= unnamed();
    }

    for (let attempt = 1; ; attempt++) {
      const draft = attempt < MAX_NAME_ATTEMPTS && base ? structuredClone(object) : object;

      if (base) {
        draft.metadata.name = generatedName(base);
      }

      try {
        return await this.#create(type, draft, options);
      } catch (error) {
        const taken = error instanceof StatusError && error.reason === 'AlreadyExists';
        if (!taken || !base || attempt >= MAX_NAME_ATTEMPTS) {
          throw error;
        }
      }
    }
  }

  async #create(type: ResourceType, object: KubeObject, options: WriteOptions): Promise<Written> {
    const { namespace = '', name = '' } = object.metadata;

    // What is no number is ignored, as Kubernetes does.
    if (Number(object.metadata.resourceVersion) > 0 && !options.dryRun) {
      throw resourceVersionSet();
    }

    const operation = 'CREATE' as const;
    const write = { type, namespace, name, subresource: '', operation, object, options };
    const waits = this.#waits(write);
    const store = this;

    return this.#write(
      {
        ...write,
        *steps(current, context) {
          const own = waits ? structuredClone(object) : object;

          yield* pause(context);

          const verdict = yield* store.prepareCreate(type, own, context);

          if (!current) {
            return verdict;
          }

          const charge = () => {
            verdict.charge?.();
            throw alreadyExists(subjectOf(type, name));
          };

          return { put: verdict.put, charge };
        },
      },
      waits,
    );
  }

  /** Everything that happens to an object before it is stored for the first time. */
  *prepareCreate(
    type: ResourceType,
    object: KubeObject,
    context: WriteContext,
    tracksFields = false,
  ): Steps<{ put: KubeObject; charge: () => boolean }> {
    const strategy = this.strategyOf(type);

    admitNamespace(type, object, context.reader);
    initMetadata(object, context.now);
    dedupOwners(object, context.warnings);

    if (
      !strategy.keepsStatus &&
      type.subresources.some((subresource) => subresource.name === 'status')
    ) {
      delete object.status;
    }

    setDefaults(type, object);
    strategy.decode?.(object, undefined, context);
    yield* pause(context);

    // What the server itself sets from here on belongs to no manager.
    if (!tracksFields) {
      trackFields(schemaOf(type), undefined, object, context, strategy.untracked);
    }

    const told = context.requestOptions?.kind === 'UpdateOptions' && {
      requestOptions: { ...context.requestOptions, kind: 'CreateOptions' },
    };

    const attributes = this.attributesOf(
      'CREATE',
      object,
      undefined,
      told ? { ...context, ...told } : context,
    );

    yield* pause(context);
    yield* this.admission.admit(attributes);

    const admitted = attributes.object!;
    matchUrl(type, admitted, attributes.namespace);

    if (strategy.generation) {
      admitted.metadata.generation = 1;
    }

    strategy.prepareForCreate?.(admitted, context);
    yield* pause(context);

    const causes = validateKind(type, admitted, undefined, '', context.warnings);

    yield* pause(context);

    const more = strategy.validate?.(admitted, undefined, context) ?? [];
    const error = invalidObject(type, admitted.metadata.name || undefined, [...causes, ...more]);
    if (error) {
      throw error;
    }

    context.warnings.push(...(strategy.warnings?.(admitted, undefined, context) ?? []));
    completeObject(type, admitted);
    yield* this.admission.validate(attributes);

    return { put: admitted, charge: () => this.admission.charge(attributes) };
  }

  /** A write in the words of admission. */
  attributesOf(
    operation: Operation,
    object: KubeObject | undefined,
    old: KubeObject | undefined,
    context: WriteContext,
  ): Attributes {
    const { type, subresource } = context;
    const { name = '', namespace = '' } = (object ?? old)!.metadata;
    const { shown } = context;
    const view = (given: KubeObject | undefined) => (given && shown?.of ? shown.of(given) : given);

    return {
      type,
      operation: shown?.operation ?? operation,
      subresource: shown?.subresource ?? subresource,
      name: shown?.name ?? name,
      namespace: admissionNamespace(type, namespace, name),
      object: shown?.carries ?? view(object),
      old: shown?.withoutOld ? undefined : view(old),
      context,
    };
  }

  /** Changes an object, or creates it where the request allows that. */
  update(
    type: ResourceType,
    namespace: string,
    name: string,
    request: UpdateRequest,
  ): Promise<Written> {
    const { subresource, options } = request;
    const operation = 'UPDATE' as const;
    const write = { type, namespace, name, subresource, operation, object: undefined, options };

    const waits =
      this.#waits(write) ||
      this.#isLarge(storageKey(type, namespace, name)) ||
      (request.create !== undefined && this.#waits({ ...write, operation: 'CREATE' }));

    return this.#write(
      {
        ...write,
        steps: (current, context) => decideUpdate(this, type, current, name, request, context),
      },
      waits,
    );
  }

  /** Deletes an object, or marks it for deletion while finalizers or a grace period hold it. */
  async delete(
    type: ResourceType,
    namespace: string,
    name: string,
    options: WriteOptions & DeleteOptions,
  ): Promise<Written> {
    const write = {
      type,
      namespace,
      name,
      subresource: '',
      operation: 'DELETE' as const,
      object: undefined,
      options,
    };

    const store = this;

    const marked = await this.#write(
      {
        ...write,
        *steps(current, context) {
          if (!current) {
            throw notFound(subjectOf(type, name));
          }
          return yield* decideDelete(store, type, current, options, context);
        },
      },
      this.#waits(write),
    );

    if (marked.deleted || options.dryRun || !this.strategyOf(type).gracePeriod) {
      return marked;
    }

    // Nothing is left to wait for: what was marked goes.
    const { metadata } = marked.object.shared<KubeObject>();
    if (!hasEnded(metadata)) {
      return marked;
    }

    const gone = await this.#write(
      {
        ...write,
        // biome-ignore lint/correctness/useYield: it has nobody to wait for.
        *steps(current): Steps<Verdict> {
          return current?.metadata.uid === metadata.uid && hasEnded(current!.metadata)
            ? { remove: true }
            : { keep: true };
        },
      },
      false,
    );

    return gone.object ? gone : { ...marked, deleted: true };
  }

  #waits({
    type,
    namespace,
    name,
    subresource,
    operation,
    object,
    options,
  }: Omit<Write, 'steps'>): boolean {
    const inside = admissionNamespace(type, namespace, name);
    const { shown } = options;

    if (isConverted(type) || options.isLarge) {
      return true;
    }

    return this.admission.waits({
      type,
      operation: shown?.operation ?? operation,
      subresource: shown?.subresource ?? subresource,
      name,
      namespace: inside,
      object,
    });
  }

  #isLarge(key: string): boolean {
    return (this.backend.get(key)?.bytes.byteLength ?? 0) > LARGE_BYTES;
  }

  /**
   * Decides a write inside the commit that stores it; where it waits for somebody, before it, and
   * again when that was in vain.
   */
  async #write(write: Write, waits: boolean): Promise<Written> {
    if (!waits) {
      return (await this.#commit(write, (current, context) =>
        decideNow(write.steps(current(), context)),
      ))!;
    }

    const key = storageKey(write.type, write.namespace, write.name);
    for (let attempt = 1; ; attempt++) {
      const base = this.backend.get(key);
      const settled: WriteContext['settled'] = [];
      let verdict: Verdict;

      try {
        const isLarge =
          write.options.isLarge === true || (base?.bytes.byteLength ?? 0) > LARGE_BYTES;

        const context = {
          ...this.#contextOf(write, this.backend, settled),
          isLarge,
          mayRepeat: true,
        };

        if (base) {
          await prepareObjects(write.type, [base]);
        }

        verdict = await decideLater(write.steps(base && presentObject(write.type, base), context));

        const converter = write.type.custom?.converter;
        if (converter && 'put' in verdict) {
          [verdict.stored] = await converter.convert(
            [verdict.put],
            apiVersionOf({ ...write.type, ...write.type.storage }),
          );
        }

        if (isLarge && 'put' in verdict) {
          await yieldBetweenLargeSteps();
          verdict.encoding = this.#encodingOf(write.type, verdict, base);
        }
      } catch (error) {
        for (const tell of settled) {
          tell(false);
        }
        throw error;
      }

      // Admission may have given the object another name.
      const name =
        write.operation === 'CREATE' && 'put' in verdict ? verdict.put.metadata.name! : write.name;

      const decide = (
        _: () => KubeObject | undefined,
        context: WriteContext,
        current: StoredObject | undefined,
      ) => {
        if (name !== write.name && current) {
          throw alreadyExists(subjectOf(write.type, name));
        }
        if (name === write.name && current?.revision !== base?.revision) {
          return undefined;
        }
        if (!base && 'put' in verdict) {
          admitNamespace(write.type, verdict.put, context.reader);
        }

        return verdict;
      };

      const written = await this.#commit({ ...write, name }, decide, settled);
      if (written) {
        return written;
      }

      if (attempt >= MAX_RACES) {
        throw conflict(
          subjectOf(write.type, write.name),
          'the object has been modified; please apply your changes to the latest version and try again',
        );
      }
    }
  }

  /** What is decided to be kept, in the version that is stored. */
  #storedForm(
    type: ResourceType,
    verdict: { put: KubeObject; stored?: KubeObject | undefined },
  ): KubeObject {
    const { group, version } = type.storage;
    const object = { ...verdict.put, apiVersion: verdict.put.apiVersion ?? '' };
    const stored = verdict.stored ?? convert(object, { group, version, kind: type.kind });

    if (!type.custom || type.version === version) {
      return stored;
    }

    const owned = structuredClone(stored);
    pruneUnknown(owned, type.custom.storedSchema);
    applyDefaults(owned, type.custom.storedSchema);

    return owned;
  }

  #encodingOf(
    type: ResourceType,
    verdict: Verdict & { put: KubeObject },
    current: StoredObject | undefined,
  ): Encoding {
    const fields = this.strategyOf(type).fields?.(verdict.put);
    return encodeObject(type, this.#storedForm(type, verdict), fields, current?.bytes.byteLength);
  }

  #contextOf(write: Write, reader: Reader, settled: WriteContext['settled']): WriteContext {
    return { ...write.options, type: write.type, reader, subresource: write.subresource, settled };
  }

  /**
   * Stores what `decide` finds once it sees the current state; undefined when it finds that it has
   * to begin anew.
   */
  async #commit(
    write: Write,
    decide: (
      current: () => KubeObject | undefined,
      context: WriteContext,
      stored: StoredObject | undefined,
    ) => Verdict | undefined,
    settled: WriteContext['settled'] = [],
  ): Promise<Written | undefined> {
    const { type, options } = write;
    const key = storageKey(type, write.namespace, write.name);
    let outcome: Written | undefined;
    let written = false;
    let created = false;
    let again = false;
    let charged = false;

    const decision = (current: StoredObject | undefined, reader: Reader): Decision => {
      const context = this.#contextOf(write, reader, settled);
      const verdict = decide(() => current && presentObject(type, current), context, current);
      if (!verdict) {
        again = true;
        return { action: 'keep' };
      }

      if ('keep' in verdict) {
        outcome = { object: current!, created: false, deleted: false };
        return { action: 'keep' };
      }

      if ('remove' in verdict) {
        const last = verdict.last && this.#storedForm(type, { put: verdict.last });

        const object = last
          ? encodeRecord(
              key,
              current!.revision,
              encodeObject(type, last, undefined, Infinity)(current!.revision),
            )
          : current!;

        outcome = { object, created: false, deleted: true };

        return options.dryRun ? { action: 'keep' } : { action: 'delete' };
      }

      const encode = verdict.encoding ?? this.#encodingOf(type, verdict, current);

      charged = verdict.charge?.() ?? false;

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
      const result = await this.backend.update(key, decision);

      if (again) {
        written = false;
        return undefined;
      }

      if (outcome?.deleted && write.operation === 'DELETE' && !options.dryRun) {
        outcome.revision = result.revision;
      }

      outcome ??= { object: result.object!, created, deleted: false };
    } catch (error) {
      written = false;
      throw error;
    } finally {
      for (const tell of settled) {
        tell(written);
      }
    }

    if (charged) {
      await this.admission.charged(write.namespace);
    }
    if (written && !options.dryRun) {
      await this.strategyOf(type).afterWrite?.(write.name, write.subresource);
    }

    return outcome;
  }
}
