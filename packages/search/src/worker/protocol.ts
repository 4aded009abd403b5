import type { DocumentKind } from '../query/documents.ts';
import type { PageOptions, Search } from '../query/search.ts';
import type { FoundPage, Histogram, SearchFailure, Statistics } from '../query/search-backend.ts';
import type { IndexPrefixes } from '../sqlite/ingest/index-kinds.ts';
import type { Cursor, ExportBatch } from '../sqlite/search/file-searches.ts';

/** What a thread of the store is started with. */
export interface WorkerOptions {
  readonly role: 'writer' | 'reader';
  readonly folder: string;
  readonly retentionDays: number;
  readonly maxBytes: number;
  readonly prefixes: IndexPrefixes;
  /** Shared with the main thread: the number of the call that is to end, for a reader. */
  readonly ended: Int32Array;
}

/** What a thread is asked. */
export type WorkerTask =
  | {
      readonly type: 'query';
      readonly kind: DocumentKind;
      readonly search: Search;
      readonly page: PageOptions;
    }
  | { readonly type: 'statistics'; readonly kind: DocumentKind; readonly search: Search }
  | {
      readonly type: 'histogram';
      readonly kind: DocumentKind;
      readonly search: Search;
      readonly interval: string;
    }
  | { readonly type: 'export'; readonly search: Search; readonly cursor: Cursor | undefined }
  | { readonly type: 'bulk'; readonly index: string; readonly body: Uint8Array }
  | {
      readonly type: 'append';
      readonly kind: DocumentKind;
      readonly documents: readonly { readonly id: string | undefined; readonly json: string }[];
    }
  | { readonly type: 'set-aside'; readonly path: string; readonly reason: string }
  | { readonly type: 'close' };

/** What each task results in. */
interface WorkerResults {
  readonly query: FoundPage;
  readonly statistics: Statistics;
  readonly histogram: Histogram;
  readonly export: ExportBatch;
  /** Bytes of the answer. */
  readonly bulk: Uint8Array;
  readonly append: undefined;
  readonly 'set-aside': undefined;
  readonly close: undefined;
}

/** What a task results in. */
export type ResultOf<T extends WorkerTask> = WorkerResults[T['type']];

/** A task with the number by which its answer is recognised. */
export interface WorkerCall {
  readonly id: number;
  readonly task: WorkerTask;
  /** When the task has to be done, in milliseconds since 1970. */
  readonly deadline: number;
}

/** The answer to a call. */
export type WorkerAnswer =
  | { readonly type: 'result'; readonly id: number; readonly result: unknown }
  | {
      readonly type: 'failure';
      readonly id: number;
      readonly failure: SearchFailure | 'syntax';
      readonly message: string;
    };

/** What a thread says by itself. */
export type WorkerNotice =
  | { readonly type: 'damaged'; readonly path: string; readonly reason: string }
  | { readonly type: 'warning'; readonly message: string };

/** Everything that a thread says. */
export type WorkerMessage = WorkerAnswer | WorkerNotice;
