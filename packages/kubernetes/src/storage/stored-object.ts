/**
 * The fields by which lists and watches select objects, stored beside the bytes so that selecting
 * parses no object.
 */
export interface ObjectIndex {
  labels?: Record<string, string>;
  /** Selectable fields other than `metadata.name` and `metadata.namespace`. */
  fields?: Record<string, string>;
  /** UIDs of the owners, for garbage collection. */
  owners?: string[];
  /**
   * Generation of the schema under which the object was written; only for kinds whose schema may
   * change.
   */
  schema?: number;
}

/** An encoded object, as a writer passes it to a backend. */
export interface EncodedObject {
  /** UTF-8 JSON with the resourceVersion. */
  bytes: Buffer;
  index?: ObjectIndex;
}

const FIXED = 12;

/**
 * An object in the storage: its key, the revision of its last write, and its bytes. The record is
 * `revision (8 bytes) | length of index (4 bytes) | index as JSON | object`, integers big-endian.
 */
export class StoredObject {
  readonly key: string;
  readonly record: Buffer;
  #index: ObjectIndex | undefined;
  #parsed: unknown;

  constructor(key: string, record: Buffer) {
    this.key = key;
    this.record = record;
  }

  /** Revision of the write of this state. */
  get revision(): number {
    return Number(this.record.readBigUInt64BE(0));
  }

  /** The object's JSON; a view of the record that must not be written to. */
  get bytes(): Buffer {
    return this.record.subarray(FIXED + this.record.readUInt32BE(8));
  }

  get index(): ObjectIndex {
    if (this.#index === undefined) {
      const length = this.record.readUInt32BE(8);
      this.#index =
        length === 0
          ? {}
          : (JSON.parse(this.record.toString('utf8', FIXED, FIXED + length)) as ObjectIndex);
    }

    return this.#index;
  }

  /** The object, parsed once and shared: callers must not change it. */
  shared<T>(): T {
    this.#parsed ??= JSON.parse(this.bytes.toString('utf8'));
    return this.#parsed as T;
  }

  /** Parses the object; the caller owns the result. */
  parse<T>(): T {
    return JSON.parse(this.bytes.toString('utf8')) as T;
  }
}

/** The record of an object that is written at a revision. */
export function encodeRecord(key: string, revision: number, object: EncodedObject): StoredObject {
  const { index } = object;
  const text = index && Object.keys(index).length > 0 ? JSON.stringify(index) : '';
  const length = Buffer.byteLength(text);
  const record = Buffer.allocUnsafeSlow(FIXED + length + object.bytes.byteLength);

  record.writeBigUInt64BE(BigInt(revision), 0);
  record.writeUInt32BE(length, 8);
  record.write(text, FIXED, 'utf8');
  object.bytes.copy(record, FIXED + length);

  return new StoredObject(key, record);
}
