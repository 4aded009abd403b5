import type { Decision, Reader, StorageEvent, WriteResult } from './backend.ts';
import { encodeLogEntry } from './change-log.ts';
import { encodeRecord, type StoredObject } from './stored-object.ts';

/** Longest time that deciding the writes of one commit may hold the event loop, in milliseconds. */
const DECIDE_BUDGET_MS = 12;
const MAX_COMMIT_WRITES = 512;

/** A write that waits for its commit. */
export interface PendingWrite {
  key: string;
  decide: (current: StoredObject | undefined, reader: Reader) => Decision;
  resolve: (result: WriteResult) => void;
  reject: (error: unknown) => void;
}

/** Writes that were decided one after the other, to be committed together. */
export class WriteBatch {
  readonly events: StorageEvent[] = [];
  readonly log: { revision: number; bytes: Buffer }[] = [];
  /** Newest revision after the commit. */
  revision: number;
  /** Number of decided writes, including those that change nothing. */
  taken = 0;
  readonly #objects = new Map<string, StoredObject | null>();

  /** Refusals wait for the commit too: they may depend on a write that is not durable yet. */
  readonly #answers: (() => void)[] = [];
  readonly #reader: Reader;

  /** `durable` reads what is committed, at `revision`. */
  constructor(durable: Reader, revision: number) {
    this.revision = revision;
    this.#reader = {
      get: (key) => {
        const decided = this.#objects.get(key);
        return decided === undefined ? durable.get(key) : (decided ?? undefined);
      },
    };
  }

  /** Decides as many writes of a queue as fit into one commit. */
  decide(queue: readonly PendingWrite[]): void {
    const began = performance.now();

    for (const write of queue) {
      const isOverBudget = this.taken > 0 && performance.now() - began > DECIDE_BUDGET_MS;
      if (this.taken >= MAX_COMMIT_WRITES || isOverBudget) {
        return;
      }

      this.taken++;

      try {
        const result = this.#decideOne(write);
        this.#answers.push(() => write.resolve(result));
      } catch (error) {
        this.#answers.push(() => write.reject(error));
      }
    }
  }

  /** Answers every writer, once the batch is committed. */
  answer(): void {
    for (const answer of this.#answers) {
      answer();
    }
  }

  /** Records before and after the batch by key; null where there is none. */
  records(): Map<string, { before: Buffer | null; after: Buffer | null }> {
    const records = new Map<string, { before: Buffer | null; after: Buffer | null }>();

    for (const { key, type, object, previous } of this.events) {
      const after = type === 'DELETED' ? null : object.record;
      const earlier = records.get(key);
      if (earlier) {
        earlier.after = after;
      } else {
        records.set(key, { before: previous?.record ?? null, after });
      }
    }

    return records;
  }

  #decideOne({ key, decide }: PendingWrite): WriteResult {
    const current = this.#reader.get(key);
    const decision = decide(current, this.#reader);
    const revision = this.revision + 1;

    if (decision.action === 'put') {
      const object = encodeRecord(key, revision, decision.encode(revision));
      this.#add(
        current
          ? { revision, key, type: 'MODIFIED', object, previous: current }
          : { revision, key, type: 'ADDED', object },
      );

      return { revision, object };
    }

    if (decision.action === 'delete' && current) {
      this.#add({ revision, key, type: 'DELETED', object: current, previous: current });
      return { revision, object: current };
    }

    return { revision: current?.revision ?? this.revision, object: current };
  }

  #add(event: StorageEvent): void {
    const { revision, key, type, object, previous } = event;
    const entry = { type, key, ...(previous && { previous: previous.record }) };

    this.revision = revision;
    this.events.push(event);
    this.#objects.set(key, type === 'DELETED' ? null : object);
    this.log.push({ revision, bytes: encodeLogEntry(entry, revision) });
  }
}
