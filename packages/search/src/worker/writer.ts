import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import { listDayFiles } from '../sqlite/files/day-files.ts';
import { type BulkItem, BulkSyntaxError, bulkItems } from '../sqlite/ingest/bulk.ts';
import { DayWriters, DocumentsByDay } from '../sqlite/ingest/day-writers.ts';
import {
  DocumentError,
  DocumentSorter,
  type NewDocument,
} from '../sqlite/ingest/document-sorter.ts';
import { kindOfIndex } from '../sqlite/ingest/index-kinds.ts';
import { applyRetention } from '../sqlite/ingest/retention.ts';
import { bulkAnswer, type ItemResult } from './bulk-answer.ts';
import type {
  WorkerAnswer,
  WorkerCall,
  WorkerNotice,
  WorkerOptions,
  WorkerTask,
} from './protocol.ts';

/** How often files that are over are deleted, in milliseconds. */
const RETENTION_MS = 60_000;

/** Bytes of documents that are stored in one transaction. */
const MAX_BATCH_BYTES = 8 * 1024 * 1024;

type StoringTask = Extract<WorkerTask, { type: 'bulk' | 'append' }>;

function bytesOf(task: StoringTask): number {
  return task.type === 'bulk'
    ? task.body.byteLength
    : task.documents.reduce((sum, { json }) => sum + json.length, 0);
}

/**
 * Stores documents. What came while a transaction was written is stored together in the next one,
 * and is acknowledged after it.
 */
export class StoreWriter {
  readonly #options: WorkerOptions;
  readonly #post: (message: WorkerAnswer | WorkerNotice) => void;
  readonly #writers: DayWriters;
  readonly #sorter: DocumentSorter;
  readonly #timer: NodeJS.Timeout;
  readonly #waiting: { id: number; task: StoringTask }[] = [];
  #isScheduled = false;
  #isFull = false;
  #dropped = 0;

  constructor(options: WorkerOptions, post: (message: WorkerAnswer | WorkerNotice) => void) {
    this.#options = options;
    this.#post = post;
    this.#sorter = new DocumentSorter(options.retentionDays);

    this.#writers = new DayWriters(options.folder, (path, reason) =>
      this.#warn(`a damaged file was set aside as ${path}: ${reason}`),
    );

    this.#keep();
    this.#timer = setInterval(() => this.#keep(), RETENTION_MS);
  }

  #warn(message: string): void {
    this.#post({ type: 'warning', message });
  }

  /** Takes a call; it is answered when its documents are kept. */
  take({ id, task }: WorkerCall): void {
    if (task.type === 'set-aside') {
      this.#setAside(task.path, task.reason);
      this.#post({ type: 'result', id, result: undefined });
    } else if (task.type === 'bulk' || task.type === 'append') {
      this.#waiting.push({ id, task });
      this.#schedule();
    }
  }

  #schedule(): void {
    if (!this.#isScheduled) {
      this.#isScheduled = true;
      setImmediate(() => this.#storeBatch());
    }
  }

  #nextBatch(): { id: number; task: StoringTask }[] {
    let bytes = 0;
    let count = 0;

    for (const { task } of this.#waiting) {
      bytes += bytesOf(task);
      count += 1;
      if (bytes >= MAX_BATCH_BYTES) {
        break;
      }
    }

    return this.#waiting.splice(0, count);
  }

  #storeBatch(): void {
    this.#isScheduled = false;

    const batch = this.#nextBatch();
    const days = new DocumentsByDay();
    const answers: WorkerAnswer[] = [];

    for (const { id, task } of batch) {
      try {
        answers.push({ type: 'result', id, result: this.#sort(task, days) });
      } catch (error) {
        const failure = error instanceof BulkSyntaxError ? 'syntax' : 'refused';
        answers.push({ type: 'failure', id, failure, message: messageOf(error) });
      }
    }

    try {
      if (this.#isFull) {
        throw new Error('the room for documents is used up: see search.maxBytes');
      }

      for (const day of days.values()) {
        this.#writers.append(day);
      }

      answers.forEach(this.#post);
    } catch (error) {
      const message = messageOf(error);
      const failure = this.#isFull ? 'busy' : 'unavailable';

      this.#warn(`documents cannot be stored: ${message}`);
      for (const { id } of batch) {
        this.#post({ type: 'failure', id, failure, message });
      }
    }

    if (this.#waiting.length > 0) {
      this.#schedule();
    }
  }

  /** Sorts the documents of a task by days; returns its result. */
  #sort(task: StoringTask, days: DocumentsByDay): unknown {
    if (task.type === 'append') {
      for (const { id, json } of task.documents) {
        this.#add({ kind: task.kind, id, json }, days);
      }
      return undefined;
    }

    const results: ItemResult[] = [];

    for (const item of bulkItems(
      Buffer.from(task.body.buffer, task.body.byteOffset, task.body.byteLength),
      task.index,
    )) {
      results.push(this.#sortItem(item, days));
    }

    return bulkAnswer(results);
  }

  #sortItem({ action, json, problem }: BulkItem, days: DocumentsByDay): ItemResult {
    if (problem !== undefined) {
      return { action, problem };
    }

    const kind = kindOfIndex(action.index, this.#options.prefixes);

    try {
      this.#add({ kind, json, id: action.id }, days);
      return { action, problem: undefined };
    } catch (error) {
      if (error instanceof DocumentError) {
        return { action, problem: error.message };
      }
      throw error;
    }
  }

  #add(document: NewDocument, days: DocumentsByDay): void {
    if (!this.#sorter.sort(document, days)) {
      this.#dropped += 1;
    }
  }

  /** Deletes what is over, and says how many documents came too late. */
  #keep(): void {
    try {
      const result = applyRetention(this.#options.folder, this.#options, (path) =>
        this.#writers.closeFile(path),
      );

      if (result.isFull && !this.#isFull) {
        this.#warn('the room for documents is used up, further ones are refused');
      }
      this.#isFull = result.isFull;
    } catch (error) {
      this.#warn(`files of days that are over cannot be deleted: ${messageOf(error)}`);
    }

    if (this.#dropped > 0) {
      this.#warn(`${this.#dropped} documents of days that are over were not stored`);
      this.#dropped = 0;
    }
  }

  #setAside(path: string, reason: string): void {
    const file = listDayFiles(this.#options.folder).find((one) => one.path === path);
    if (file) {
      this.#writers.setAside(file, reason);
    }
  }

  /** Stores what waits, and closes all files. */
  close(): void {
    clearInterval(this.#timer);
    while (this.#waiting.length > 0) {
      this.#storeBatch();
    }
    this.#writers.close();
  }
}
