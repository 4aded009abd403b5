import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { SampleBatch } from '../../samples/sample-batch.ts';
import { ByteWriter } from '../chunks/byte-writer.ts';
import { syncDirectory, writeAll } from '../files/durable-files.ts';
import type { Window } from '../head/window.ts';
import { FILE_HEADER, makeRecord } from './records.ts';
import { writeSamples, writeSeries } from './round-codec.ts';

/** A record is closed when its content has this size, in bytes. */
const RECORD_SIZE = 4 * 1024 * 1024;

const SERIES_AT_ONCE = 4096;

/** Bytes of records that wait for room on the disk; more are given up. */
const MAX_WAITING = 64 * 1024 * 1024;

/**
 * Write-ahead log of one window: what is appended to the window after the file was opened. It
 * holds all series that its samples name, so that every file can be read alone.
 */
export class WalFile {
  readonly path: string;
  readonly #window: Window;
  readonly #content = new ByteWriter();
  #file: FileHandle | undefined;
  /** Bytes of the file that hold whole records. */
  #size = 0;
  #waiting: Buffer[] = [];
  /** Series of the window with lower references are in the file, or in a record that waits. */
  #known = 0;
  #writing: Promise<void> = Promise.resolve();
  #givenUp = 0;

  constructor(path: string, window: Window) {
    this.path = path;
    this.#window = window;
  }

  /** How many bytes of records could not be written and were given up. */
  get givenUp(): number {
    return this.#givenUp;
  }

  /** Adds samples that the window has taken; they are on disk after the next `commit`. */
  record(time: number, batch: SampleBatch): void {
    this.#recordSeries();
    writeSamples(this.#content, time, batch);

    if (this.#content.size >= RECORD_SIZE) {
      this.#closeRecord();
    }
  }

  /**
   * Writes what was recorded and has the disk keep it. Rejects when that fails, as on a full disk;
   * the records wait for the next call then, within a limit.
   */
  commit(): Promise<void> {
    this.#closeRecord();
    this.#writing = this.#writing.catch(() => {}).then(() => this.#write());

    return this.#writing;
  }

  /** Closes the file; what was not committed is lost. */
  async close(): Promise<void> {
    await this.#writing.catch(() => {});
    await this.#file?.close();
    this.#file = undefined;
  }

  #recordSeries(): void {
    const { series } = this.#window;

    while (this.#known < series.size) {
      const first = this.#known;
      const length = Math.min(SERIES_AT_ONCE, series.size - first);

      this.#known += length;
      writeSeries(
        this.#content,
        first,
        Array.from({ length }, (_, index) => series.labels(first + index)),
      );

      if (this.#content.size >= RECORD_SIZE) {
        this.#closeRecord();
      }
    }
  }

  #closeRecord(): void {
    if (this.#content.size === 0) {
      return;
    }

    this.#waiting.push(makeRecord(this.#content.bytes));
    this.#content.clear();

    const size = this.#waiting.reduce((sum, { length }) => sum + length, 0);
    if (size > MAX_WAITING) {
      this.#waiting = [];
      this.#known = 0;
      this.#givenUp += size;
    }
  }

  async #write(): Promise<void> {
    const records = this.#waiting;
    if (records.length === 0) {
      return;
    }

    this.#waiting = [];

    try {
      const file = await this.#open();
      const bytes = Buffer.concat(records);

      await writeAll(file, bytes, this.#size);
      await file.datasync();
      this.#size += bytes.length;
    } catch (error) {
      this.#waiting = [...records, ...this.#waiting];
      await this.#file?.truncate(this.#size).catch(() => {});
      throw error;
    }
  }

  async #open(): Promise<FileHandle> {
    if (this.#file) {
      return this.#file;
    }

    const file = await open(this.path, 'w', 0o600);

    try {
      await writeAll(file, FILE_HEADER, 0);
      await syncDirectory(dirname(this.path));
      this.#size = FILE_HEADER.length;
      this.#file = file;
    } catch (error) {
      await file.close();
      throw error;
    }

    return file;
  }
}
