import { alreadyExists, conflict } from '@ks-apiserver/apimachinery/meta/errors';
import { apiVersionOf, type KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Backend, Reader } from '../../../storage/backend.ts';
import type { StoredObject } from '../../../storage/stored-object.ts';
import type { Admission } from '../../admission/admission.ts';
import { admissionNamespace } from '../../admission/attributes.ts';
import { admitNamespace } from '../../resources/namespace-lifecycle.ts';
import { type ResourceType, storageKey } from '../../resources/resource-type.ts';
import type { Strategies } from '../../resources/strategies/strategies.ts';
import type { WriteContext } from '../../resources/strategy.ts';
import { LARGE_BYTES, yieldBetweenLargeSteps } from '../large-work.ts';
import { subjectOf } from '../metadata.ts';
import { isConverted, prepareObjects, presentObject } from '../present.ts';
import { Committer, type Decide, undo } from './commit.ts';
import { type Decided, decide, decideInTurns } from './decide.ts';
import type { Outcome, Write, Written } from './write.ts';

/** Times that a write is decided again because its object changed in the meantime. */
const MAX_RACES = 10;

/** A write that was decided before its commit. */
interface DecidedAhead extends Decided {
  /** The state that it was decided on. */
  base: StoredObject | undefined;
  /** The object's name, which admission may have changed. */
  name: string;
  rollbacks: WriteContext['rollbacks'];
}

/**
 * Runs writes: a draft is prepared from the current object, admitted and validated, and committed.
 * A write that waits for nothing does all of this in the commit, where no other write can come
 * between. Any other is decided first; the commit then checks that the object did not change, and
 * otherwise everything is done again (like `GuaranteedUpdate` of kube-apiserver).
 */
export class Writer {
  readonly #backend: Backend;
  readonly #admission: Admission;
  readonly #committer: Committer;

  constructor(backend: Backend, strategies: Strategies, admission: Admission) {
    this.#backend = backend;
    this.#admission = admission;
    this.#committer = new Committer(backend, strategies, admission);
  }

  /** Runs one write; throws the StatusError of whatever refuses it. */
  async write(write: Write): Promise<Written> {
    for (let attempt = 1; attempt <= MAX_RACES; attempt++) {
      const written = this.#mustWait(write, this.#currentOf(write))
        ? await this.#writeAhead(write)
        : await this.#writeAtOnce(write);

      if (written) {
        return written;
      }
    }

    throw conflict(
      subjectOf(write.type, write.name),
      'the object has been modified; please apply your changes to the latest version and try again',
    );
  }

  /**
   * Deletes the object of a write, without admission, if `isEnded` holds for its current state;
   * undefined when it is gone already.
   */
  removeEnded(
    write: Write,
    isEnded: (current: KubeObject) => boolean,
  ): Promise<Written | undefined> {
    return this.#committer.commit(
      write,
      (current) =>
        current && {
          outcome: { action: isEnded(presentObject(write.type, current)) ? 'delete' : 'keep' },
        },
    );
  }

  /** The current state of an object that is to be updated, whose size matters. */
  #currentOf({ type, namespace, name, operation }: Write): StoredObject | undefined {
    return operation === 'UPDATE'
      ? this.#backend.get(storageKey(type, namespace, name))
      : undefined;
  }

  /**
   * Whether a write has to wait for webhooks and the like or is large, so that it is decided before
   * its commit.
   */
  #mustWait(write: Write, current: StoredObject | undefined): boolean {
    const { type, namespace, name, subresource, operation, object, options } = write;
    if (isConverted(type) || options.isLarge) {
      return true;
    }
    if (operation === 'UPDATE' && current && current.bytes.byteLength > LARGE_BYTES) {
      return true;
    }

    const { admissionView } = options;

    const attributes = {
      type,
      subresource: admissionView?.subresource ?? subresource,
      name,
      namespace: admissionNamespace(type, namespace, name),
      object,
    };

    return (
      this.#admission.mustWait({
        ...attributes,
        operation: admissionView?.operation ?? operation,
      }) ||
      (write.mayCreate === true && this.#admission.mustWait({ ...attributes, operation: 'CREATE' }))
    );
  }

  #contextOf(write: Write, reader: Reader, rollbacks: WriteContext['rollbacks']): WriteContext {
    return {
      ...write.options,
      type: write.type,
      reader,
      subresource: write.subresource,
      rollbacks,
    };
  }

  /** Decides a write in its commit; undefined when it has to wait after all. */
  #writeAtOnce(write: Write): Promise<Written | undefined> {
    const rollbacks: WriteContext['rollbacks'] = [];

    const decideAtOnce: Decide = (current, reader) => {
      if (this.#mustWait(write, current)) {
        return undefined;
      }

      const context = this.#contextOf(write, reader, rollbacks);
      const draft = write.draft(current && presentObject(write.type, current), context);

      return decide(draft, this.#admission);
    };

    return this.#committer.commit(write, decideAtOnce, rollbacks);
  }

  /** Decides a write, then commits it; undefined when its object changed in the meantime. */
  async #writeAhead(write: Write): Promise<Written | undefined> {
    const ahead = await this.#decideAhead(write);
    const { type } = write;

    const recheck: Decide = (current, reader) => {
      if (ahead.name === write.name) {
        if (current?.revision !== ahead.base?.revision) {
          return undefined;
        }
      } else if (current) {
        throw alreadyExists(subjectOf(type, ahead.name));
      }

      if (!ahead.base && ahead.outcome.action === 'put') {
        admitNamespace(type, ahead.outcome.object, reader);
      }

      return ahead;
    };

    return this.#committer.commit({ ...write, name: ahead.name }, recheck, ahead.rollbacks);
  }

  async #decideAhead(write: Write): Promise<DecidedAhead> {
    const { type, namespace, options } = write;
    const base = this.#backend.get(storageKey(type, namespace, write.name));
    const isLarge = options.isLarge === true || (base?.bytes.byteLength ?? 0) > LARGE_BYTES;
    const rollbacks: WriteContext['rollbacks'] = [];

    const context = {
      ...this.#contextOf(write, this.#backend, rollbacks),
      isLarge,
      mayRepeat: true,
    };

    try {
      if (base) {
        await prepareObjects(type, [base]);
      }

      const current = base && presentObject(type, base);
      const draft =
        isLarge && write.draftInTurns
          ? await write.draftInTurns(current, context)
          : write.draft(current, context);

      const decided = await decideInTurns(draft, this.#admission);
      await this.#convertAhead(type, decided.outcome);

      if (isLarge && decided.outcome.action === 'put') {
        await yieldBetweenLargeSteps();
        decided.outcome.encoding = this.#committer.encode(type, decided.outcome, base);
      }

      return { ...decided, base, name: nameOf(write, decided.outcome), rollbacks };
    } catch (error) {
      undo(rollbacks);
      throw error;
    }
  }

  /** Lets the conversion webhook of a custom resource convert what is to be stored. */
  async #convertAhead(type: ResourceType, outcome: Outcome): Promise<void> {
    const converter = type.custom?.converter;
    if (converter && outcome.action === 'put') {
      const version = apiVersionOf({ ...type, ...type.storage });
      [outcome.stored] = await converter.convert([outcome.object], version);
    }
  }
}

/** Admission may give a new object another name. */
function nameOf({ operation, name }: Write, outcome: Outcome): string {
  return operation === 'CREATE' && outcome.action === 'put'
    ? (outcome.object.metadata.name ?? name)
    : name;
}
