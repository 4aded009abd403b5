import type { StatusCause } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import type { Reader } from '../../storage/backend.ts';
import type { ResourceType } from './resource-type.ts';

/** How admission sees a write whose request carries something other than the object. */
export interface AdmissionView {
  operation?: 'CREATE';
  subresource?: string;
  /** The name that admission sees: '' for a deletion of a collection. */
  name?: string;
  /**
   * The body of the request that stands for an object, such as its Scale; without it the object
   * itself.
   */
  of?(object: KubeObject): KubeObject;
  /** True where admission sees no old object. */
  withoutOld?: boolean;
  /** The object that admission sees in place of the written one, also for a deletion. */
  carries?: KubeObject;
  /** Copies the changes of admission from the body that it saw to the object. */
  put?(object: KubeObject, shown: KubeObject): void;
}

/** Metadata that a write of the status changes unless the kind keeps it. */
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
   * The options of the request (meta/v1 CreateOptions, UpdateOptions, PatchOptions or
   * DeleteOptions), as webhooks get them.
   */
  requestOptions?: Readonly<Record<string, unknown>>;
  /** How admission sees the write where the request carries something other than the object. */
  admissionView?: AdmissionView;
  /** True for a write that takes long to decide: other requests run between its steps. */
  isLarge?: boolean;
}

/** The context in which a write is decided; reads include writes of the same commit. */
export interface WriteContext extends WriteOptions {
  type: ResourceType;
  reader: Reader;
  /** '' for the object itself. */
  subresource: string;
  /** Release what was reserved for the write; run when it stores nothing. */
  rollbacks: (() => void)[];
  /**
   * True for a write that is decided before its commit, and may be decided again: the objects of
   * the request must not be changed.
   */
  mayRepeat?: boolean;
}

/**
 * What is special about a resource. All functions are synchronous, and may throw a StatusError to
 * refuse the write.
 */
export interface Strategy {
  /**
   * Changes a decoded object beyond its defaults; fields that it sets belong to the client's
   * manager.
   */
  decode?(object: KubeObject, old: KubeObject | undefined, context: WriteContext): void;
  /** The name of an object that is created without one; without this function that is refused. */
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
  /** The default propagation policy of deletions; without it Background. */
  propagationPolicy?: 'Orphan';
  /** Selectable fields other than name and namespace. */
  fields?(object: KubeObject): Record<string, string>;
  /** Runs after a write is stored; the response waits for it. */
  afterWrite?(name: string, subresource: string): Promise<void>;
  /** True when `PUT` may create. */
  createOnUpdate?: boolean;
  /** False when an update must name the resourceVersion it is based on. */
  unconditionalUpdate?: boolean;
  /** True when a deletion answers with the deleted object instead of a Status. */
  returnsDeleted?: boolean;
  /**
   * True when marking an object for deletion changes neither its generation nor its grace period.
   */
  marksPlainly?: boolean;
  /** True when metadata.generation counts the changes of the desired state. */
  generation?: boolean;
  /**
   * Top-level fields that managedFields leave out; by default the status, and in a write of the
   * status the spec.
   */
  untracked?: readonly string[];
  /** True when creation keeps the status that was sent. */
  keepsStatus?: boolean;
  /**
   * Metadata that a write of the status does not change; by default none, for custom resources all
   * of it.
   */
  statusKeeps?: readonly string[];
}
