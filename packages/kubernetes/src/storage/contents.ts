import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { DamagedFile, DataFile, name } from './data-file.ts';

const FILE = 'data.mdb';

/** A file that tells a directory whose data file is gone from one that never had any. */
const USED = 'in-use';

/**
 * A checksum of all objects that each commit brings up to date: the sum of the CRC-32s of key and
 * record, modulo 2^32.
 */
export class ContentSum {
  value: number;

  constructor(value: number) {
    this.value = value;
  }

  /** A copy, to which the changes of a commit are added. */
  next(): ContentSum {
    return new ContentSum(this.value);
  }

  add(key: string | Buffer, record: Buffer): void {
    this.value = (this.value + crc32(record, crc32(key))) >>> 0;
  }

  remove(key: string, record: Buffer): void {
    this.value = (this.value - crc32(record, crc32(key))) >>> 0;
  }
}

/** A summary of a data file. */
export interface Contents {
  revision: number;
  /** Number of objects. */
  objects: number;
  sum: ContentSum;
}

/** Marks a directory as holding data from now on. */
export function markUsed(path: string): void {
  const mark = join(path, USED);
  if (!existsSync(mark)) {
    writeFileSync(mark, '', { mode: 0o600 });
  }
}

function checkFile(file: string): Contents {
  const sum = new ContentSum(0);
  const meta = new Map<string, number>();
  let objects = 0;
  const data = new DataFile(file);

  try {
    data.walk((map, { key, value }) => {
      if (map === 'objects') {
        objects++;
        sum.add(name(key), value());
      } else if (map === 'meta') {
        meta.set(name(key), Number(JSON.parse(value().toString('utf8'))));
      }
    });
  } finally {
    data.close();
  }

  const written = meta.get('checksum');
  if (written !== undefined && written !== sum.value) {
    throw new DamagedFile('its objects are not those that were written');
  }

  return { revision: meta.get('revision') ?? 1, objects, sum };
}

/**
 * Checks the data file of a directory, page by page and object by object, before anything is served
 * from it; undefined where there is none yet. Throws an Error that says what to do where the file
 * is damaged or gone.
 */
export function checkContents(path: string): Contents | undefined {
  const file = join(path, FILE);

  try {
    if (!existsSync(file) || statSync(file).size === 0) {
      if (existsSync(join(path, USED))) {
        throw new DamagedFile('it is empty or gone');
      }
      return undefined;
    }

    return checkFile(file);
  } catch (error) {
    if (!(error instanceof DamagedFile)) {
      throw error;
    }

    throw new Error(
      `the data file ${file} is damaged: ${error.message}. Nothing is served from it: restore a backup with "ks-apiserver restore FILE --force", or move ${path} away to begin anew`,
      { cause: error },
    );
  }
}
