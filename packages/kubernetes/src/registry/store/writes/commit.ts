import { alreadyExists, internalError } from '@ks-apiserver/apimachinery/meta/errors';
import type { Backend, Decision, Reader, WriteResult } from '../../../storage/backend.ts';
import { encodeRecord, type StoredObject } from '../../../storage/stored-object.ts';
import type { Admission } from '../../admission/admission.ts';
import { type ResourceType, storageKey } from '../../resources/resource-type.ts';
import type { Strategies } from '../../resources/strategies/strategies.ts';
import type { WriteContext } from '../../resources/strategy.ts';
import { type Encoding, encodeObject } from '../encode.ts';
import { subjectOf } from '../metadata.ts';
import { lastState, storedForm } from '../stored-form.ts';
import type { Decided } from './decide.ts';
import type { Outcome, Write, Written } from './write.ts';

/** Decides what the commit does; undefined when the write has to be decided before the commit. */
export type Decide = (current: StoredObject | undefined, reader: Reader) => Decided | undefined;

/** What a commit does to the stored state, and what the response shows. */
interface Effect {
  decision: Decision;
  /** The object of the response; without it the one that was stored. */
  object?: StoredObject | undefined;
  created: boolean;
  deleted: boolean;
  /** True when a ResourceQuota counts the object. */
  isCharged?: boolean;
}

/** Releases what was reserved for a write that stores nothing. */
export function undo(rollbacks: WriteContext['rollbacks']): void {
  for (const rollback of rollbacks) {
    rollback();
  }
}

/**
 * The last step of every write: charges quotas, stores the outcome, and waits for the quota's
 * status and the strategy.
 */
export class Committer {
  readonly #backend: Backend;
  readonly #strategies: Strategies;
  readonly #admission: Admission;

  constructor(backend: Backend, strategies: Strategies, admission: Admission) {
    this.#backend = backend;
    this.#strategies = strategies;
    this.#admission = admission;
  }

  /** The bytes of an object that is to be stored; throws a StatusError 413. */
  encode(
    type: ResourceType,
    outcome: Outcome & { action: 'put' },
    current: StoredObject | undefined,
  ): Encoding {
    const fields = this.#strategies.of(type).fields?.(outcome.object);
    return encodeObject(type, storedForm(type, outcome), fields, current?.bytes.byteLength);
  }

  /**
   * Stores what `decide` returns for the current state; undefined when the write has to be decided
   * again. Runs the rollbacks of a write that stores nothing.
   */
  async commit(
    write: Write,
    decide: Decide,
    rollbacks: WriteContext['rollbacks'] = [],
  ): Promise<Written | undefined> {
    const { type, namespace, name, operation, subresource, options } = write;
    const key = storageKey(type, namespace, name);
    let effect: Effect | undefined;
    let isStored = false;
    let result: WriteResult;

    try {
      result = await this.#backend.update(key, (current, reader) => {
        const decided = decide(current, reader);
        effect = decided && this.#effectOf(write, decided, current);
        return effect && !options.dryRun ? effect.decision : { action: 'keep' };
      });

      isStored = effect?.decision.action === 'put' && !options.dryRun;
    } finally {
      if (!isStored) {
        undo(rollbacks);
      }
    }

    if (!effect) {
      return undefined;
    }
    if (effect.isCharged) {
      await this.#admission.charged(namespace);
    }
    if (isStored) {
      await this.#strategies.of(type).afterWrite?.(name, subresource);
    }

    const { object = result.object, created, deleted } = effect;
    if (!object) {
      throw internalError(`the storage has no object at ${key} after a write`);
    }

    const isDeletion = deleted && operation === 'DELETE' && !options.dryRun;

    return { object, created, deleted, ...(isDeletion && { revision: result.revision }) };
  }

  /** What a decided write does to the current state; throws a StatusError 403, 409 or 413. */
  #effectOf(
    { type, namespace, name, operation, options }: Write,
    { outcome, charge }: Decided,
    current: StoredObject | undefined,
  ): Effect {
    const key = storageKey(type, namespace, name);

    if (outcome.action === 'keep') {
      return { decision: outcome, object: current, created: false, deleted: false };
    }

    if (outcome.action === 'delete') {
      const object = outcome.last && current ? lastState(type, outcome.last, current) : current;
      return { decision: { action: 'delete' }, object, created: false, deleted: true };
    }

    const encode = outcome.encoding ?? this.encode(type, outcome, current);
    const isCharged = charge !== undefined && this.#admission.charge(charge);

    if (operation === 'CREATE' && current) {
      throw alreadyExists(subjectOf(type, name));
    }

    return {
      decision: { action: 'put', encode },
      created: current === undefined,
      deleted: false,
      isCharged,
      ...(options.dryRun && {
        object: encodeRecord(key, current?.revision ?? 0, encode(current?.revision)),
      }),
    };
  }
}
