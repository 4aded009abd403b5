import type { FileSchema } from '../files/database.ts';

/**
 * Tables of a day's logs. Ids of lines are in the order of their times. A source is a container with
 * all that the collector tells about it; texts are compressed in blocks, each at its place; `minute`
 * counts lines, so that they need not be read to be counted; `words` finds lines by their words, and
 * by their namespace, which is another word of theirs.
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
      place INTEGER NOT NULL
    );

    CREATE TABLE block (id INTEGER PRIMARY KEY, is_packed INTEGER NOT NULL, data BLOB NOT NULL);

    CREATE TABLE minute (
      minute INTEGER NOT NULL,
      source INTEGER NOT NULL,
      lines INTEGER NOT NULL,
      PRIMARY KEY (minute, source)
    ) WITHOUT ROWID;

    CREATE TABLE seen (hash INTEGER PRIMARY KEY);

    CREATE VIRTUAL TABLE words USING fts5 (
      log, content = '', columnsize = 0,
      tokenize = "unicode61 remove_diacritics 0 tokenchars '_'"
    );
  `,
};

/** Begins the word of a namespace: a character for private use, which texts are stripped of. */
const NAMESPACE_MARK = '\ue000';

/** Returns the word by which lines of a namespace are found. */
export function namespaceWord(id: number): string {
  return `${NAMESPACE_MARK}${id}`;
}

/** Returns a text without what could be the word of a namespace. */
export function withoutMarks(text: string): string {
  return text.includes(NAMESPACE_MARK) ? text.replaceAll(NAMESPACE_MARK, ' ') : text;
}
