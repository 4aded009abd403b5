import { forEachInSlices } from '@ks-apiserver/apimachinery/concurrency/slices';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Entry } from '@ks-apiserver/client/informer/entry';

/** What a column holds of one object. */
export type Value = string | number | undefined;

/** Reads a column's value out of an object. */
export type ReadValue = (object: KubeObject, entry: Entry) => Value;

/** Characters that all columns hold together; 100,000 pods' search texts are about 40 million. */
const MAX_CHARACTERS = 64 * 1024 * 1024;

/** What a value costs beyond its text, in the same unit. */
const OVERHEAD = 32;

/**
 * One value of each cached object that is not among what every entry has: read when first asked
 * for, gone with its entry.
 */
export class Column {
  readonly #values = new WeakMap<Entry, { value: Value }>();
  readonly #read: ReadValue;
  /** Characters of all values that were ever read, also of entries that are gone since. */
  size = 0;

  constructor(read: ReadValue) {
    this.#read = read;
  }

  has(entry: Entry): boolean {
    return this.#values.has(entry);
  }

  /** Keeps the value of an entry's object. */
  fill(entry: Entry, object: KubeObject): void {
    const value = this.#readFrom(object, entry);
    this.#values.set(entry, { value });
    this.size += OVERHEAD + (typeof value === 'string' ? value.length : 0);
  }

  #readFrom(object: KubeObject, entry: Entry): Value {
    try {
      return this.#read(object, entry);
    } catch {
      // An object that is built otherwise than its kind has no such value, and hides no other.
      return undefined;
    }
  }

  /** The value of an entry, read now if it was not. */
  of(entry: Entry): Value {
    let found = this.#values.get(entry);
    if (!found) {
      this.fill(entry, objectOf(entry));
      found = this.#values.get(entry);
    }

    return found?.value;
  }
}

function objectOf(entry: Entry): KubeObject {
  return entry.object ?? (JSON.parse(entry.bytes.toString()) as KubeObject);
}

/** Reads what columns lack of an entry; its object is parsed once for all of them. */
function fillIn(entry: Entry, columns: readonly Column[]): void {
  let object: KubeObject | undefined;

  for (const column of columns) {
    if (column.has(entry)) {
      continue;
    }

    object ??= objectOf(entry);
    column.fill(entry, object);
  }
}

/** The columns in use, the least recently used of which go when all together hold too much. */
export class Columns {
  readonly #columns = new Map<string, Column>();

  /** The column of a key, which must stand for what `read` reads. */
  get(key: string, read: ReadValue): Column {
    const column = this.#columns.get(key) ?? new Column(read);
    this.#columns.delete(key);
    this.#columns.set(key, column);
    return column;
  }

  /** Reads what columns lack of entries, each object once. */
  async fill(entries: readonly Entry[], columns: readonly Column[]): Promise<void> {
    if (columns.length === 0) {
      return;
    }

    await forEachInSlices(entries, (entry) => fillIn(entry, columns));
    this.#trim();
  }

  /** Entries that pass a test of what `columns` hold. */
  async filter(
    entries: readonly Entry[],
    columns: readonly Column[],
    passes: (entry: Entry) => boolean,
  ): Promise<Entry[]> {
    const passed: Entry[] = [];
    await forEachInSlices(entries, (entry) => {
      fillIn(entry, columns);
      if (passes(entry)) {
        passed.push(entry);
      }
    });

    this.#trim();

    return passed;
  }

  #trim(): void {
    let size = 0;

    for (const column of this.#columns.values()) {
      size += column.size;
    }

    for (const [key, column] of this.#columns) {
      if (size <= MAX_CHARACTERS) {
        return;
      }

      this.#columns.delete(key);
      size -= column.size;
    }
  }
}
