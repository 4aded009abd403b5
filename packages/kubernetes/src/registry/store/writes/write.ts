import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { StoredObject } from '../../../storage/stored-object.ts';
import type { Operation } from '../../admission/attributes.ts';
import type { ResourceType } from '../../resources/resource-type.ts';
import type { WriteContext, WriteOptions } from '../../resources/strategy.ts';
import type { Encoding } from '../encode.ts';

/** One write, as the registry store was asked for it. */
export interface Write {
  type: ResourceType;
  /** '' for cluster-scoped objects. */
  namespace: string;
  name: string;
  /** '' for the object itself. */
  subresource: string;
  operation: Operation;
  /** True for an update that creates the object where there is none. */
  mayCreate?: boolean;
  /** The object of a creation; undefined where it is made from the current one. */
  object?: KubeObject;
  options: WriteOptions;
  /**
   * Makes the object that is wanted from the current one, which it owns; throws a StatusError to
   * refuse the write.
   */
  draft(current: KubeObject | undefined, context: WriteContext): Draft;
  /** The same for large objects, letting other requests run between the steps. */
  draftInTurns?(current: KubeObject | undefined, context: WriteContext): Promise<Draft>;
}

/** A part of preparing a write: synchronous, and throws a StatusError to refuse the write. */
export type Step = () => void;

/** An object on its way from the request to the storage. */
export interface Draft {
  readonly operation: Operation;
  readonly context: WriteContext;
  /** The object as it is stored now; undefined for a creation. */
  readonly old: KubeObject | undefined;
  /** The object as it is to be stored; undefined for a deletion. */
  object: KubeObject | undefined;
  /** Computes the object that admission sees: metadata, defaults, field managers. */
  readonly prepare: readonly Step[];
  /** Applies the strategy and the rules of the kind to what mutating admission left. */
  readonly validate: readonly Step[];
  /** What the commit has to do. */
  outcome(): Outcome;
}

/** What the commit of a write has to do. */
export type Outcome =
  | {
      action: 'put';
      object: KubeObject;
      /** The object in the version that is stored, where a webhook converted it. */
      stored?: KubeObject | undefined;
      /** Its bytes, where they were made before the commit. */
      encoding?: Encoding;
    }
  /** `last` is the state that the response and watchers see, where it is not the stored one. */
  | { action: 'delete'; last?: KubeObject }
  | { action: 'keep' };

/** The result of a write. */
export interface Written {
  object: StoredObject;
  created: boolean;
  /** True when the object is gone now. */
  deleted: boolean;
  /** Revision of the deletion, where this write deleted the object. */
  revision?: number;
}
