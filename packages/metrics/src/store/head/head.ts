import { rm } from 'node:fs/promises';
import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import type { SampleBatch } from '../../samples/sample-batch.ts';
import { writeBlock } from '../block/block-writer.ts';
import { blockPath, logPath } from '../files/data-files.ts';
import type { StoreLog } from '../store-options.ts';
import { WalFile } from '../wal/wal-file.ts';
import { type Appended, Window } from './window.ts';

/** Length of a window, and so of a block, in milliseconds. */
export const WINDOW_MS = 2 * 3_600_000;

/**
 * Samples that are this much older than the newest, in milliseconds, are not late: the clock was
 * set back. They go into a window of their own.
 */
const MAX_LATE_MS = 600_000;

/** Closed windows that are kept in memory while they cannot be written. */
const MAX_CLOSED = 4;

/** A window in memory, and the files that it would be read from after a crash. */
export interface LoggedWindow {
  readonly window: Window;
  readonly logs: string[];
}

interface OpenWindow extends LoggedWindow {
  readonly log: WalFile;
}

/** What a head works with. */
export interface HeadOptions {
  readonly directory: string;
  readonly log: StoreLog;
  /** Called with the path of a block that was written, at the moment its window is dropped. */
  readonly written: (path: string, window: Window) => void;
  /** The window that was open when the server ended, to go on with it. */
  readonly recovered: LoggedWindow | undefined;
  /** Greater than the id of any window and the number of any part of a log that was used. */
  readonly nextId: number;
}

/**
 * The windows in memory: the one that takes samples, with its log, and those that are waiting to be
 * written as blocks.
 */
export class Head {
  readonly #options: HeadOptions;
  #recovered: LoggedWindow | undefined;
  #open: OpenWindow | undefined;
  #closed: LoggedWindow[] = [];
  #nextId: number;
  #writing: Promise<void> = Promise.resolve();
  /** Settles when the logs of windows that were closed are complete. */
  #closing: Promise<void> = Promise.resolve();

  constructor(options: HeadOptions) {
    this.#options = options;
    this.#recovered = options.recovered;
    this.#nextId = options.nextId;
  }

  /** All windows, the oldest first. */
  get windows(): Window[] {
    return [...this.#closed, this.#recovered, this.#open]
      .filter((one) => one !== undefined)
      .map(({ window }) => window);
  }

  /** The window that takes samples. */
  get current(): Window | undefined {
    return this.#open?.window;
  }

  /**
   * Returns the window for samples of a time; undefined if they come too late. References of series
   * are valid as long as it returns the same window.
   */
  windowAt(time: number): Window | undefined {
    const current = this.#open?.window;

    if (current) {
      const { start, end, latest = start } = current;

      if (time >= latest - MAX_LATE_MS && time < end) {
        return time < start ? undefined : current;
      }
    }

    return this.#begin(time);
  }

  /** Adds samples to a window and to its log, if the window still takes samples. */
  append(window: Window, time: number, batch: SampleBatch): Appended {
    if (this.#open?.window !== window) {
      return { added: 0, old: batch.size };
    }

    const appended = window.append(time, batch);

    this.#open.log.record(time, batch);

    return appended;
  }

  /** Has the disk keep all samples that were added. Rejects when that fails. */
  async commit(): Promise<void> {
    await this.#closing;
    await this.#open?.log.commit();
  }

  /** Writes closed windows as blocks. Where that fails they are kept, and it is reported. */
  writeClosed(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#writeClosed());
    return this.#writing;
  }

  /** Commits and closes the log. */
  async close(): Promise<void> {
    await this.#writing;
    await this.#closing;
    await this.#open?.log.commit().catch((error) => this.#warn('the last samples', error));
    await this.#open?.log.close();
    this.#open = undefined;
  }

  #begin(time: number): Window {
    this.#closeCurrent();

    const start = Math.floor(time / WINDOW_MS) * WINDOW_MS;
    const id = this.#nextId;
    const resumed = this.#takeRecovered(start, time);
    const window = resumed?.window ?? new Window(id, { start, end: start + WINDOW_MS });
    const path = logPath(this.#options.directory, window, id);

    this.#nextId += 1;
    this.#open = { window, logs: [...(resumed?.logs ?? []), path], log: new WalFile(path, window) };

    return window;
  }

  /** Returns the recovered window if samples of a time belong to it; closes it otherwise. */
  #takeRecovered(start: number, time: number): LoggedWindow | undefined {
    const recovered = this.#recovered;
    if (!recovered) {
      return undefined;
    }

    const { window } = recovered;
    this.#recovered = undefined;

    if (window.start === start && time >= (window.latest ?? time) - MAX_LATE_MS) {
      return recovered;
    }

    this.#closed.push(recovered);

    return undefined;
  }

  #closeCurrent(): void {
    const closing = this.#open;
    if (!closing) {
      return;
    }

    this.#open = undefined;
    this.#closed.push(closing);

    this.#closing = this.#closing
      .then(() => closing.log.commit())
      .catch((error) => this.#warn('the last samples of a window', error))
      .then(() => closing.log.close())
      .catch((error) => this.#warn('the log of a window', error));

    while (this.#closed.length > MAX_CLOSED) {
      const start = this.#closed.shift()?.window.start ?? 0;

      this.#options.log.warn(
        `metrics from ${new Date(start).toISOString()} on leave memory: their block could not be ` +
          'written; what their log holds is read at the next start',
      );
    }
  }

  async #writeClosed(): Promise<void> {
    for (const closed of [...this.#closed]) {
      try {
        await this.#writeWindow(closed);
      } catch (error) {
        this.#warn(`the block of ${new Date(closed.window.start).toISOString()}`, error);
        return;
      }
    }
  }

  async #writeWindow(closed: LoggedWindow): Promise<void> {
    const { window, logs } = closed;
    const path = blockPath(this.#options.directory, window);

    if (window.range) {
      await writeBlock(window, path);
    }

    this.#closed = this.#closed.filter((one) => one !== closed);

    if (window.range) {
      this.#options.written(path, window);
    }

    await Promise.all(logs.map((log) => rm(log, { force: true })));
  }

  #warn(what: string, error: unknown): void {
    this.#options.log.warn(`${what} could not be written: ${messageOf(error)}`);
  }
}
