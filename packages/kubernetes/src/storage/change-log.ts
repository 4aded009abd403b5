import { crc32 } from 'node:zlib';
import { internalError } from '@ks-apiserver/apimachinery/meta/errors';
import { StoredObject } from './stored-object.ts';

/** A write in the log, with what is needed to undo it. */
export interface LogEntry {
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  key: string;
  /** Record of the object before the write; absent for ADDED. */
  previous?: Buffer;
}

const TYPES = ['ADDED', 'MODIFIED', 'DELETED'] as const;

/** The CRC-32 of an entry's other bytes and its revision. */
function checksum(bytes: Buffer, revision: number): number {
  return crc32(bytes.subarray(4), revision % 2 ** 32);
}

/** Bytes of a log entry: `CRC-32 (4) | type (1) | length of key (2) | key | previous record`. */
export function encodeLogEntry(entry: LogEntry, revision: number): Buffer {
  const keyLength = Buffer.byteLength(entry.key);
  const bytes = Buffer.allocUnsafeSlow(7 + keyLength + (entry.previous?.byteLength ?? 0));

  bytes.writeUInt8(TYPES.indexOf(entry.type), 4);
  bytes.writeUInt16BE(keyLength, 5);
  bytes.write(entry.key, 7, 'utf8');
  entry.previous?.copy(bytes, 7 + keyLength);
  bytes.writeUInt32BE(checksum(bytes, revision), 0);

  return bytes;
}

/**
 * Decodes a log entry; the previous record is a view of `bytes`. Throws a StatusError 500 for a
 * damaged entry.
 */
export function decodeLogEntry(bytes: Buffer, revision: number): LogEntry {
  const isWhole = bytes.byteLength >= 7 && bytes.readUInt32BE(0) === checksum(bytes, revision);
  const type = isWhole ? TYPES[bytes.readUInt8(4)] : undefined;
  if (!type) {
    throw internalError(
      `the change of revision ${revision} is damaged in the log: restore a backup`,
    );
  }

  const end = 7 + bytes.readUInt16BE(5);
  const key = bytes.toString('utf8', 7, end);

  return type === 'ADDED' ? { type, key } : { type, key, previous: bytes.subarray(end) };
}

/** The state of an object before a logged write. */
export function previousOf(entry: LogEntry): StoredObject | undefined {
  return entry.previous && new StoredObject(entry.key, entry.previous);
}

/** How much history is kept. */
export interface CompactionPolicy {
  /** Entries younger than this are kept, within the maxima; in milliseconds. */
  windowMs: number;
  minRevisions: number;
  maxRevisions: number;
  maxBytes: number;
}

/** Five minutes, as kube-apiserver compacts etcd. */
export const DEFAULT_COMPACTION: CompactionPolicy = {
  windowMs: 5 * 60_000,
  minRevisions: 1_000,
  maxRevisions: 20_000,
  maxBytes: 256 * 1024 * 1024,
};

/** Decides how much of the log is compacted, from marks that are set about once a second. */
export class CompactionClock {
  readonly #policy: CompactionPolicy;
  #marks: { revision: number; time: number; bytes: number }[] = [];
  #bytes = 0;

  constructor(policy: CompactionPolicy) {
    this.#policy = policy;
  }

  /** Records a commit that ended at `revision` and added `bytes` to the log. */
  note(revision: number, bytes: number, now: number): void {
    this.#bytes += bytes;

    const last = this.#marks.at(-1);
    if (last && now - last.time < 1000 && bytes < this.#policy.maxBytes / 64) {
      last.revision = revision;
      last.bytes += bytes;
    } else {
      this.#marks.push({ revision, time: now, bytes });
    }
  }

  /** The revision up to which the log can be compacted. */
  target(revision: number, now: number): number {
    const { windowMs, minRevisions, maxRevisions, maxBytes } = this.#policy;
    const newest = revision - minRevisions;
    let target = revision - maxRevisions;
    let first = this.#marks[0];
    while (
      first &&
      first.revision <= newest &&
      (now - first.time > windowMs || this.#bytes > maxBytes)
    ) {
      target = Math.max(target, first.revision);
      this.#bytes -= first.bytes;
      this.#marks.shift();
      first = this.#marks[0];
    }

    this.#reached = Math.max(this.#reached, target);

    return this.#reached;
  }

  #reached = 0;
}
