import type { StatusCause } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import type { Reader } from '../../storage/backend.ts';
import type { ResourceType } from './resource-type.ts';

/** What admission is shown instead of the object that a write changes. */
export interface AdmissionView {
  operation?: 'CREATE';
  subresource?: string;
  /** Name that the request does not name: '' for one of many. */
  name?: string;
  /**
   * What the request carries, such as a Scale, in place of the object; undefined for the object
   * itself.
   */
  of?(object: KubeObject): KubeObject;
  /** True where nothing is shown of the object as it was. */
  withoutOld?: boolean;
  /** True where only what `of` gives is shown, also of a deletion. */
  carries?: KubeObject;
  /** Puts back what admission may have changed in what was shown. */
  put?(object: KubeObject, shown: KubeObject): void;
}

/** Metadata that a write of the status may change where its kind does not keep it. */
export const STATUS_METADATA = ['labels', 'annotations', 'finalizers', 'ownerReferences'] as const;

/** Circumstances of one write. */
export interface WriteOptions {
  user: UserInfo;
  dryRun: boolean;
  /** Manager of the fields that the write sets. */
  manager: string;
  now: Date;
  /** Texts of Warning headers; strategies may add some. */
  warnings: string[];
  /**
   * What the request said about the write (meta/v1 CreateOptions, UpdateOptions, PatchOptions or
   * DeleteOptions), as webhooks are told.
   */
  requestOptions?: Readonly<Record<string, unknown>>;
  /** What admission is shown where the request carries something else than the object. */
  shown?: AdmissionView;
  /** True for what takes long to decide, which is done step by step. */
  isLarge?: boolean;
}

/**
 * What a strategy may look at while a write is decided; reads include what is not committed yet.
 */
export interface WriteContext extends WriteOptions {
  type: ResourceType;
  reader: Reader;
  /** '' for the object itself. */
  subresource: string;
  /** Give back what was reserved for the write; called when it stores nothing. */
  rollbacks: (() => void)[];
  /**
   * True for a write that is decided before its commit, and may be decided again: the objects of
   * the request must not be changed.
   */
  mayRepeat?: boolean;
}

/**
 * What differs between resources; everything may throw a StatusError to refuse the write, and must
 * be synchronous.
 */
export interface Strategy {
  /**
   * What decoding does to an object of the kind beyond its defaults; what it sets counts as set by
   * the client.
   */
  decode?(object: KubeObject, old: KubeObject | undefined, context: WriteContext): void;
  /** The name of an object that is created without one; without it that is refused. */
  unnamed?(): string;
  prepareForCreate?(object: KubeObject, context: WriteContext): void;
  prepareForUpdate?(object: KubeObject, old: KubeObject, context: WriteContext): void;
  validate?(object: KubeObject, old: KubeObject | undefined, context: WriteContext): StatusCause[];
  /** Texts of Warning headers about a valid write. */
  warnings?(object: KubeObject, old: KubeObject | undefined, context: WriteContext): string[];
  /** Called before an object is deleted or begins to be. */
  beforeDelete?(object: KubeObject, context: WriteContext): void;
  /** Seconds that a deletion leaves the object for its own end; 0 deletes at once. */
  gracePeriod?(object: KubeObject, requested: number | undefined): number;
  /** What becomes of dependents where a deletion does not say so; without it they go too. */
  propagationPolicy?: 'Orphan';
  /** Selectable fields other than name and namespace. */
  fields?(object: KubeObject): Record<string, string>;
  /** Awaited after a write is stored and before it is answered. */
  afterWrite?(name: string, subresource: string): Promise<void>;
  /** True when `PUT` may create. */
  createOnUpdate?: boolean;
  /** False when an update must name the resourceVersion it is based on. */
  unconditionalUpdate?: boolean;
  /** True when a deletion answers with the deleted object instead of a Status. */
  returnsDeleted?: boolean;
  /**
   * True when marking an object for deletion leaves its generation and says nothing of a grace
   * period.
   */
  marksPlainly?: boolean;
  /** True when metadata.generation counts the changes of the desired state. */
  generation?: boolean;
  /**
   * Top-level fields that managedFields do not speak of; without it the status, or in a write of it
   * the spec.
   */
  untracked?: readonly string[];
  /** True when creation keeps the status that was sent. */
  keepsStatus?: boolean;
  /**
   * Metadata that a write of the status leaves as it is; without it none, and of custom resources
   * all.
   */
  statusKeeps?: readonly string[];
}
