import type { FileSchema } from '../files/database.ts';

/**
 * Tables of a day's logs. Ids of lines are in the order of their times. A source is a container with
 * all that the collector tells about it; `minute` counts lines, so that lines need not be read to
 * count them; `words` finds lines by their words, and by the number of their namespace.
 */
export const LOG_SCHEMA: FileSchema = {
  version: 1,
  sql: `
    CREATE TABLE namespace (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);

    CREATE TABLE source (
      id INTEGER PRIMARY KEY,
      namespace INTEGER NOT NULL,
      hash INTEGER NOT NULL,
      zone TEXT NOT NULL,
      kubernetes TEXT NOT NULL
    );
    CREATE INDEX source_hash ON source (hash);

    CREATE TABLE line (
      id INTEGER PRIMARY KEY,
      source INTEGER NOT NULL,
      rest INTEGER NOT NULL,
      log TEXT NOT NULL,
      extra TEXT
    );

    CREATE TABLE minute (
      minute INTEGER NOT NULL,
      source INTEGER NOT NULL,
      lines INTEGER NOT NULL,
      PRIMARY KEY (minute, source)
    ) WITHOUT ROWID;

    CREATE TABLE seen (hash INTEGER PRIMARY KEY);

    CREATE VIRTUAL TABLE words USING fts5 (
      log, namespace, content = '', columnsize = 0,
      tokenize = "unicode61 remove_diacritics 0 tokenchars '_'"
    );
  `,
};

/** Returns the word by which lines of a namespace are found. */
export function namespaceWord(id: number): string {
  return `n${id}`;
}
