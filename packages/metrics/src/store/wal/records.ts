import { closeSync, fstatSync, openSync } from 'node:fs';
import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib';
import { readAll } from '../files/durable-files.ts';

/** First bytes of a file of records. */
export const FILE_HEADER = Buffer.from('KSMWAL1\n');

/** Length of the compressed content and its CRC-32. */
const RECORD_HEADER = 8;

/** Largest content of a record, compressed or not, in bytes. */
export const MAX_RECORD = 64 * 1024 * 1024;

/** Returns a record: its header and its compressed content. */
export function makeRecord(content: Buffer): Buffer {
  // Most values are the same as in the record before or as their neighbours.
  const body = deflateRawSync(content, { level: 1 });
  const header = Buffer.alloc(RECORD_HEADER);

  header.writeUInt32LE(body.length, 0);
  header.writeUInt32LE(crc32(body), 4);

  return Buffer.concat([header, body]);
}

/** What was found out about a file of records while it was read. */
export interface RecordFileState {
  /** Bytes from the beginning that hold whole records. */
  goodBytes: number;
  /** Bytes behind them: a record that was being written when the process ended. */
  tornBytes: number;
  /** Records that are whole and damaged. */
  damagedRecords: number;
}

function contentOf(body: Buffer, checksum: number): Buffer | undefined {
  if (crc32(body) !== checksum) {
    return undefined;
  }

  try {
    return inflateRawSync(body, { maxOutputLength: MAX_RECORD });
  } catch {
    return undefined;
  }
}

/**
 * Reads the records of a file and calls back with the content of each. A damaged record costs only
 * itself; what does not look like a record ends the file.
 */
export function readRecords(path: string, each: (content: Buffer) => void): RecordFileState {
  const fd = openSync(path, 'r');

  try {
    const { size } = fstatSync(fd);
    const head = Buffer.alloc(FILE_HEADER.length);
    const hasHeader = readAll(fd, head, 0) && head.equals(FILE_HEADER);
    const state = { goodBytes: 0, tornBytes: size, damagedRecords: 0 };

    if (hasHeader) {
      readBodies(fd, size, { state, each });
    }

    return state;
  } finally {
    closeSync(fd);
  }
}

function readBodies(
  fd: number,
  size: number,
  { state, each }: { state: RecordFileState; each: (content: Buffer) => void },
): void {
  const header = Buffer.alloc(RECORD_HEADER);
  let at = FILE_HEADER.length;

  for (let isLast = false; !isLast; ) {
    state.goodBytes = at;
    state.tornBytes = size - at;

    if (at + RECORD_HEADER > size || !readAll(fd, header, at)) {
      return;
    }

    const length = header.readUInt32LE(0);
    const end = at + RECORD_HEADER + length;
    if (length > MAX_RECORD || end > size) {
      return;
    }

    const body = Buffer.alloc(length);
    readAll(fd, body, at + RECORD_HEADER);

    const content = contentOf(body, header.readUInt32LE(4));
    isLast = content === undefined && end === size;

    if (content) {
      each(content);
    } else if (!isLast) {
      state.damagedRecords += 1;
    }

    at = end;
  }
}

/** Describes what is wrong with a file of records; undefined if nothing is. */
export function describeDamage({ tornBytes, damagedRecords }: RecordFileState): string | undefined {
  const parts = [
    ...(damagedRecords > 0 ? [`${damagedRecords} damaged records were left out`] : []),
    ...(tornBytes > 0 ? [`${tornBytes} bytes at its end were cut off`] : []),
  ];

  return parts.length > 0 ? parts.join(', ') : undefined;
}
