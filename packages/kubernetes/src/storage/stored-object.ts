/**
 * What lists and watches choose objects by, kept beside the bytes so that choosing parses no
 * object.
 */
export interface ObjectIndex {
  labels?: Record<string, string>;
  /** Selectable fields other than `metadata.name` and `metadata.namespace`. */
  fields?: Record<string, string>;
  /** UIDs of the owners, for garbage collection. */
  owners?: string[];
  /**
   * Generation of the schema that the object was written under; only kinds whose schema may change
   * have one.
   */
  schema?: number;
}

/** An object's wire form, as a writer hands it to a backend. */
export interface EncodedObject {
  /** UTF-8 JSON that holds its own resourceVersion. */
  bytes: Buffer;
  index?: ObjectIndex;
}

const FIXED = 12;

/**
 * An object as a backend keeps it: its key, the revision of its last write, and its bytes. The
 * record is `revision (8 bytes) | length of index (4 bytes) | index as JSON | object`, integers
 * big-endian.
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

  /** Revision of the write that made this state. */
  get revision(): number {
    return Number(this.record.readBigUInt64BE(0));
  }

  /** The object's JSON; a view of the record that nobody may write to. */
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

  /** The parsed object, made once and shared: callers must not change it. */
  shared<T>(): T {
    this.#parsed ??= JSON.parse(this.bytes.toString('utf8'));
    return this.#parsed as T;
  }

  /** A parsed object that belongs to the caller. */
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
