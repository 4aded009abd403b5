import { randomBytes } from 'node:crypto';
import { expired } from '@ks-apiserver/apimachinery/meta/errors';
import type { Entry } from '@ks-apiserver/client/informer/entry';
import type { InformerStore } from '@ks-apiserver/client/informer/informer-store';
import { badParameter } from '../query/selectors.ts';

/** Limits of what is kept for clients that may never continue. */
export interface SnapshotLimits {
  /** Number of snapshots of all callers, and of one caller. */
  count: number;
  perCaller: number;
  /** Number of entries in all snapshots, and in those of one caller. */
  entries: number;
  entriesPerCaller: number;
  /** Bytes of objects that have changed since and are kept only for snapshots. */
  retained: number;
  /** How long a snapshot is kept after its last page was read, and at most, in milliseconds. */
  idleMs: number;
  ageMs: number;
}

const LIMITS: SnapshotLimits = {
  count: 256,
  perCaller: 8,
  entries: 2_000_000,
  entriesPerCaller: 500_000,
  retained: 64 * 1024 * 1024,
  idleMs: 120_000,
  ageMs: 600_000,
};

interface Snapshot<E> {
  id: string;
  caller: string;
  scope: string;
  entries: readonly E[];
  /** The stores that the entries are from, and the bytes that each had replaced in total before. */
  replacedBefore: ReadonlyMap<InformerStore, number>;
  begun: number;
  used: number;
}

/** A list of which a snapshot is kept. */
export interface KeptList<E> {
  caller: string;
  /** The query and the caller: a token is valid for both alone. */
  scope: string;
  /** The stores that the entries are from. */
  stores: readonly InformerStore[];
  entries: readonly E[];
}

interface Followed {
  replaced: number;
  snapshots: number;
  stop(): void;
}

const TOKEN = /^([A-Za-z0-9_-]{22})\.(\d{1,9})$/;

/** Lists as they were when their first page was read. They hold the cache's own entries. */
export class Snapshots<E = Entry> {
  readonly #limits: SnapshotLimits;
  readonly #now: () => number;
  /** Oldest first. */
  readonly #snapshots = new Map<string, Snapshot<E>>();
  readonly #stores = new Map<InformerStore, Followed>();
  #entries = 0;

  constructor(limits: Partial<SnapshotLimits> = {}, now: () => number = Date.now) {
    this.#limits = { ...LIMITS, ...limits };
    this.#now = now;
  }

  get size(): number {
    return this.#snapshots.size;
  }

  /** Keeps a list for a caller and request; returns the token of the page at `offset`. */
  begin({ caller, scope, stores, entries }: KeptList<E>, offset: number): string {
    const now = this.#now();

    this.#makeRoom(caller, entries.length);

    const id = randomBytes(16).toString('base64url');
    const replacedBefore = new Map(stores.map((store) => [store, this.#follow(store).replaced]));
    this.#snapshots.set(id, {
      id,
      caller,
      scope,
      entries,
      begun: now,
      used: now,
      replacedBefore,
    });

    this.#entries += entries.length;
    this.#trim();

    return this.tokenOf(id, offset);
  }

  /**
   * Drops a caller's snapshots, the least recently read first, until another one is within their
   * limits.
   */
  #makeRoom(caller: string, more: number): void {
    const own = [...this.#snapshots.values()].filter((snapshot) => snapshot.caller === caller);
    own.sort((a, b) => a.used - b.used);

    let places = own.reduce((sum, { entries }) => sum + entries.length, more);
    const { perCaller, entriesPerCaller } = this.#limits;
    let left = own.length;

    for (const snapshot of own) {
      if (left < perCaller && places <= entriesPerCaller) {
        return;
      }

      left -= 1;
      places -= snapshot.entries.length;
      this.#drop(snapshot);
    }
  }

  /** Returns the token of an offset in a snapshot. */
  tokenOf(id: string, offset: number): string {
    return Buffer.from(`${id}.${offset}`).toString('base64url');
  }

  /**
   * Returns the snapshot and the offset of a token. Throws BadRequest for an invalid token and for
   * that of another query or caller, Expired for a snapshot that was dropped.
   */
  read(token: string, scope: string): { id: string; entries: readonly E[]; offset: number } {
    const [, id = '', offset = ''] =
      TOKEN.exec(Buffer.from(token.slice(0, 64), 'base64url').toString('latin1')) ?? [];
    if (id === '') {
      throw badParameter('continue', token, 'it is not a token from an answer');
    }

    this.expire();

    const snapshot = this.#snapshots.get(id);
    if (!snapshot) {
      throw expired('the list of "continue" is no longer kept: begin again with an empty continue');
    }

    if (snapshot.scope !== scope || Number(offset) > snapshot.entries.length) {
      throw badParameter(
        'continue',
        token,
        'it belongs to another query; all parameters but limit must stay the same',
      );
    }

    snapshot.used = this.#now();

    return { id, entries: snapshot.entries, offset: Number(offset) };
  }

  #follow(store: InformerStore): Followed {
    let followed = this.#stores.get(store);
    if (!followed) {
      const stop = store.onChange(({ previous }) => {
        if (!previous || !followed) {
          return;
        }

        followed.replaced += previous.bytes.length;
        this.#trim();
      });

      followed = { replaced: 0, snapshots: 0, stop };
      this.#stores.set(store, followed);
    }

    followed.snapshots += 1;

    return followed;
  }

  #drop(snapshot: Snapshot<E>): void {
    if (!this.#snapshots.delete(snapshot.id)) {
      return;
    }

    this.#entries -= snapshot.entries.length;

    for (const store of snapshot.replacedBefore.keys()) {
      this.#unfollow(store);
    }
  }

  #unfollow(store: InformerStore): void {
    const followed = this.#stores.get(store);
    if (!followed) {
      return;
    }

    followed.snapshots -= 1;
    if (followed.snapshots > 0) {
      return;
    }

    followed.stop();
    this.#stores.delete(store);
  }

  /** Drops snapshots that are old or were not read for long. */
  expire(): void {
    const now = this.#now();
    const { idleMs, ageMs } = this.#limits;

    for (const snapshot of [...this.#snapshots.values()]) {
      if (now - snapshot.used > idleMs || now - snapshot.begun > ageMs) {
        this.#drop(snapshot);
      }
    }
  }

  /**
   * Returns the bytes that snapshots may keep in memory: what each store has replaced since its
   * oldest snapshot.
   */
  #retainedBytes(): number {
    let total = 0;
    const seen = new Set<InformerStore>();

    for (const { replacedBefore } of this.#snapshots.values()) {
      for (const [store, before] of replacedBefore) {
        if (seen.has(store)) {
          continue;
        }

        seen.add(store);
        total += (this.#stores.get(store)?.replaced ?? before) - before;
      }
    }

    return total;
  }

  #trim(): void {
    if (this.#snapshots.size === 0) {
      return;
    }

    this.expire();

    const { count, entries, retained } = this.#limits;

    for (const snapshot of [...this.#snapshots.values()]) {
      if (
        this.#snapshots.size <= count &&
        this.#entries <= entries &&
        this.#retainedBytes() <= retained
      ) {
        return;
      }

      this.#drop(snapshot);
    }
  }
}
