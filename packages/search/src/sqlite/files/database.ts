import { closeSync, openSync } from 'node:fs';
import Database from 'libsql';

/** Pages of this size hold long lines better than SQLite's usual 4 KB. */
const PAGE_BYTES = 8192;

/** How long a connection waits for another one's lock, in milliseconds. */
const BUSY_MS = 5000;

/** Codes of SQLite for a file that is damaged or no database. */
const DAMAGED = new Set(['SQLITE_CORRUPT', 'SQLITE_NOTADB']);

/** A connection to one file. */
export type Connection = Database.Database;
export type Statement = Database.Statement;

/** A value of a row, or of a parameter. */
export type SqlValue = number | string | null | Uint8Array;

/** A file that is damaged, or that a later version has made. */
export class DamagedFileError extends Error {
  override name = 'DamagedFileError';
}

/** Returns a DamagedFileError for the errors by which SQLite says that a file is damaged. */
export function damageOf(error: unknown): DamagedFileError | undefined {
  if (error instanceof DamagedFileError) {
    return error;
  }

  const code = error instanceof Error && 'code' in error ? String(error.code) : '';

  return [...DAMAGED].some((one) => code.startsWith(one))
    ? new DamagedFileError(`${code}: ${error instanceof Error ? error.message : ''}`)
    : undefined;
}

/** The tables of a file, and the version of their form. */
export interface FileSchema {
  readonly version: number;
  readonly sql: string;
}

/** Returns the number in a column of a row that `all` or `get` returned in raw form. */
export function numberIn(row: unknown, column = 0): number {
  const value: unknown = Array.isArray(row) ? row[column] : undefined;
  return typeof value === 'number' ? value : 0;
}

/**
 * Returns SQL that reads a text as its bytes: libsql ends the whole process when it meets a text in
 * a damaged file that is no UTF-8.
 */
export function asBytes(column: string): string {
  return `CAST(${column} AS BLOB)`;
}

/** Returns SQL that reads a column as a whole number, whatever is in it. */
export function asInteger(column: string): string {
  return `CAST(${column} AS INTEGER)`;
}

/** Returns the bytes in a column of a row in raw form; none for NULL. */
export function bytesIn(row: unknown, column = 0): Buffer {
  const value: unknown = Array.isArray(row) ? row[column] : undefined;
  return value instanceof Uint8Array
    ? Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    : Buffer.alloc(0);
}

/** Returns the text in a column that is read as its bytes; '' for NULL. */
export function textIn(row: unknown, column = 0): string {
  return bytesIn(row, column).toString();
}

/** Prepares a statement whose rows are arrays of values. */
export function prepareRaw(connection: Connection, sql: string): Statement {
  return connection.prepare(sql).raw();
}

function versionOf(connection: Connection): number {
  return numberIn(prepareRaw(connection, 'PRAGMA user_version').get());
}

/** How a file is opened. */
export interface OpenOptions {
  /** Whether a commit is on the disk when it returns, and not only with the operating system. */
  readonly isDurable: boolean;
  /** Memory for pages, in kilobytes. */
  readonly cacheKb: number;
}

/**
 * Opens a file for writing, with its tables. Throws a DamagedFileError when it is damaged or of a
 * later version.
 */
export function openForWriting(
  path: string,
  schema: FileSchema,
  { isDurable, cacheKb }: OpenOptions,
): Connection {
  // SQLite creates files that everybody may read.
  closeSync(openSync(path, 'a', 0o600));

  const connection = new Database(path, { timeout: BUSY_MS });

  try {
    connection.exec(`PRAGMA page_size = ${PAGE_BYTES}`);
    connection.exec('PRAGMA journal_mode = WAL');
    connection.exec(`PRAGMA synchronous = ${isDurable ? 'FULL' : 'NORMAL'}`);
    connection.exec(`PRAGMA cache_size = -${cacheKb}`);

    const version = versionOf(connection);
    if (version === 0) {
      connection.exec(`BEGIN; ${schema.sql} PRAGMA user_version = ${schema.version}; COMMIT`);
    } else if (version !== schema.version) {
      throw new DamagedFileError(`its form has version ${version}`);
    }

    return connection;
  } catch (error) {
    connection.close();
    throw damageOf(error) ?? error;
  }
}

/** Opens a file for reading; undefined for one without tables. Throws a DamagedFileError. */
export function openForReading(
  path: string,
  schema: FileSchema,
  cacheKb: number,
): Connection | undefined {
  const connection = new Database(path, { timeout: BUSY_MS });

  try {
    connection.exec('PRAGMA query_only = ON');
    connection.exec(`PRAGMA cache_size = -${cacheKb}`);

    if (versionOf(connection) === schema.version) {
      return connection;
    }

    connection.close();

    return undefined;
  } catch (error) {
    connection.close();
    throw damageOf(error) ?? error;
  }
}
