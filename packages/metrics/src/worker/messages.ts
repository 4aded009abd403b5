import type { FetchedPage } from '../collect/collector.ts';
import type { CollectorOptions, ObjectChange } from '../collect/collector-options.ts';
import type { ObjectKind } from '../scrape/objects/object-kinds.ts';
import type { StoreFigures } from '../store/metric-store.ts';
import type { StoreOptions } from '../store/store-options.ts';
import type { PackedAnswer, QueryCall } from './query-calls.ts';

/** What a worker is started with. */
export interface WorkerOptions {
  readonly store: Omit<StoreOptions, 'log' | 'now'>;
  readonly collector: CollectorOptions;
}

/** What the main thread asks of the worker; each call gets one answer. */
export type Call =
  | { readonly kind: 'objects'; readonly of: ObjectKind; readonly changes: readonly ObjectChange[] }
  | { readonly kind: 'begin'; readonly time: number }
  | { readonly kind: 'page'; readonly page: FetchedPage }
  | { readonly kind: 'end'; readonly time: number }
  | { readonly kind: 'query'; readonly query: QueryCall }
  | { readonly kind: 'stop' };

/** A call with its number, or that the answer to one is not wanted any more. */
export type ToWorker = { readonly id: number; readonly call: Call } | { readonly cancel: number };

/** The answer to the end of a round. */
export interface RoundEnd {
  readonly kind: 'round';
  readonly figures: StoreFigures;
  /** Bytes of the worker's heap. */
  readonly heapBytes: number;
}

/** The answer to a call. */
export type Answer = PackedAnswer | RoundEnd | { readonly kind: 'done' };

/** Why a call failed, for whoever made it. */
export interface Failure {
  readonly type: string;
  readonly message: string;
}

/** What the worker sends. */
export type FromWorker =
  | { readonly kind: 'ready' }
  | { readonly kind: 'answer'; readonly id: number; readonly answer: Answer }
  | { readonly kind: 'failure'; readonly id: number; readonly failure: Failure }
  | { readonly kind: 'log'; readonly level: 'info' | 'warn'; readonly message: string };
