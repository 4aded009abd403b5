import { readFile } from 'node:fs/promises';
import { replaceFile } from '@ks-apiserver/apimachinery/files/replace-file';
import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';

/** How far the log of a container has been stored. */
export interface LogPosition {
  /** Time of the last line; '' for none. */
  readonly time: string;
  /** Id of the last run that was stored to its end; '' for none. */
  readonly finished: string;
}

const START: LogPosition = { time: '', finished: '' };

function isPosition(value: unknown): value is LogPosition {
  const { time, finished } = (value ?? {}) as Partial<LogPosition>;
  return typeof time === 'string' && typeof finished === 'string';
}

/** The positions of all containers, kept in a file. */
export class LogPositions {
  readonly #path: string;
  readonly #positions = new Map<string, LogPosition>();
  #isChanged = false;

  private constructor(path: string) {
    this.#path = path;
  }

  /** Reads a file; tells `onWarning` of one that cannot be read, and starts without it. */
  static async open(path: string, onWarning: (message: string) => void): Promise<LogPositions> {
    const positions = new LogPositions(path);

    try {
      for (const [key, value] of Object.entries(JSON.parse(await readFile(path, 'utf8')))) {
        if (isPosition(value)) {
          positions.#positions.set(key, value);
        }
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
        onWarning(
          `${path} cannot be read, logs are read from their beginning: ${messageOf(error)}`,
        );
      }
    }

    return positions;
  }

  get(key: string): LogPosition {
    return this.#positions.get(key) ?? START;
  }

  set(key: string, change: Partial<LogPosition>): void {
    this.#positions.set(key, { ...this.get(key), ...change });
    this.#isChanged = true;
  }

  /** Forgets the containers that are gone. */
  retain(isThere: (key: string) => boolean): void {
    for (const key of this.#positions.keys()) {
      if (!isThere(key)) {
        this.#positions.delete(key);
        this.#isChanged = true;
      }
    }
  }

  /** Writes the file if something has changed. */
  async save(): Promise<void> {
    if (!this.#isChanged) {
      return;
    }

    this.#isChanged = false;

    try {
      await replaceFile(this.#path, JSON.stringify(Object.fromEntries(this.#positions)));
    } catch (error) {
      this.#isChanged = true;
      throw error;
    }
  }
}
