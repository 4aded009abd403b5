import { forEachInSlices } from '@ks-apiserver/apimachinery/concurrency/slices';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Entry } from '@ks-apiserver/client/informer/entry';

/** The value of a column for one object. */
export type Value = string | number | undefined;

/** Reads a column's value from an object. */
export type ReadValue = (object: KubeObject, entry: Entry) => Value;

/**
 * Characters that all columns may hold together; the search texts of 100,000 pods are about 40
 * million.
 */
const MAX_CHARACTERS = 64 * 1024 * 1024;

/** Cost of a value beyond its text, in characters. */
const OVERHEAD = 32;

/**
 * A value of each cached object that is not a field of its entry: read when first needed, and
 * dropped with its entry.
 */
export class Column {
  readonly #values = new WeakMap<Entry, { value: Value }>();
  readonly #read: ReadValue;
  /** Characters of all values that were read, including those of dropped entries. */
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
      // An object that does not have the structure of its kind has no value, and must not break the
      // list.
      return undefined;
    }
  }

  /** Returns the value of an entry, read now if necessary. */
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
  return entry.object ?? JSON.parse(entry.bytes.toString());
}

/** Reads the values that columns lack of an entry; its object is parsed once for all of them. */
function fillMissing(entry: Entry, columns: readonly Column[]): void {
  let object: KubeObject | undefined;

  for (const column of columns) {
    if (column.has(entry)) {
      continue;
    }

    object ??= objectOf(entry);
    column.fill(entry, object);
  }
}

/** The columns in use; the least recently used are dropped if all together hold too much. */
export class Columns {
  readonly #columns = new Map<string, Column>();

  /** Returns the column of a key, which must be unique to what `read` reads. */
  get(key: string, read: ReadValue): Column {
    const column = this.#columns.get(key) ?? new Column(read);
    this.#columns.delete(key);
    this.#columns.set(key, column);
    return column;
  }

  /** Reads the values that columns lack, parsing each object once. */
  async fill(entries: readonly Entry[], columns: readonly Column[]): Promise<void> {
    if (columns.length === 0) {
      return;
    }

    await forEachInSlices(entries, (entry) => fillMissing(entry, columns));
    this.#trim();
  }

  /** Returns the entries that pass a test of the values in `columns`. */
  async filter(
    entries: readonly Entry[],
    columns: readonly Column[],
    passes: (entry: Entry) => boolean,
  ): Promise<Entry[]> {
    const passed: Entry[] = [];
    await forEachInSlices(entries, (entry) => {
      fillMissing(entry, columns);
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
