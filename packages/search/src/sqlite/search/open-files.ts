import { statSync } from 'node:fs';
import { damageOf, openForReading } from '../files/database.ts';
import { type DayFile, listDayFiles } from '../files/day-files.ts';
import type { DayReader } from '../files/day-reader.ts';
import { LogReader } from '../logs/log-reader.ts';
import { LOG_SCHEMA } from '../logs/log-schema.ts';
import { recordSchema } from '../records/record-columns.ts';
import { RecordReader } from '../records/record-reader.ts';

/** Files that stay open; the one that was opened first is closed first. */
const MAX_OPEN = 24;

/** Memory for pages of a file, in kilobytes. */
const CACHE_KB = 16_384;

interface OpenFile {
  readonly reader: DayReader;
  /** A file of the same name that replaces a damaged one is another one. */
  readonly inode: number;
}

/** Says which file is damaged. */
export type ReportDamage = (file: DayFile, reason: string) => void;

function openReader({ kind, day, path }: DayFile): DayReader | undefined {
  const schema = kind === 'logs' ? LOG_SCHEMA : recordSchema(kind);
  const connection = openForReading(path, schema, CACHE_KB);
  if (!connection) {
    return undefined;
  }

  return kind === 'logs' ? new LogReader(connection, day) : new RecordReader(connection, kind, day);
}

/** The files of a folder as far as they are being read. */
export class OpenFiles {
  readonly #folder: string;
  readonly #onDamage: ReportDamage;
  readonly #open = new Map<string, OpenFile>();

  constructor(folder: string, onDamage: ReportDamage) {
    this.#folder = folder;
    this.#onDamage = onDamage;
  }

  /** Returns all files, newest first, and closes those that do not exist any more. */
  list(): DayFile[] {
    const files = listDayFiles(this.#folder);
    const paths = new Set(files.map(({ path }) => path));

    for (const path of [...this.#open.keys()]) {
      if (!paths.has(path)) {
        this.#close(path);
      }
    }

    return files;
  }

  /**
   * Reads something of a file; undefined if there is nothing to read, or the file is damaged, which
   * is reported.
   */
  read<T>(file: DayFile, read: (reader: DayReader) => T): T | undefined {
    try {
      const reader = this.#reader(file);
      return reader && read(reader);
    } catch (error) {
      const damage = damageOf(error);
      if (!damage) {
        throw error;
      }

      this.#close(file.path);
      this.#onDamage(file, damage.message);

      return undefined;
    }
  }

  #reader(file: DayFile): DayReader | undefined {
    const inode = statSync(file.path, { throwIfNoEntry: false })?.ino;
    const known = this.#open.get(file.path);

    if (known?.inode === inode) {
      return known?.reader;
    }

    this.#close(file.path);

    const reader = inode === undefined ? undefined : openReader(file);
    if (reader && inode !== undefined) {
      this.#open.set(file.path, { reader, inode });
      this.#closeOldest();
    }

    return reader;
  }

  #closeOldest(): void {
    const [oldest = ''] = this.#open.keys();
    if (this.#open.size > MAX_OPEN) {
      this.#close(oldest);
    }
  }

  #close(path: string): void {
    this.#open.get(path)?.reader.close();
    this.#open.delete(path);
  }

  /** Closes all files. */
  close(): void {
    for (const path of [...this.#open.keys()]) {
      this.#close(path);
    }
  }
}
