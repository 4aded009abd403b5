import {
  AUDIT_FIELDS,
  DOCUMENT_TYPES,
  type DocumentKind,
  EVENT_FIELDS,
  type Field,
} from '../../query/documents.ts';
import { spacedWords } from '../../text/words.ts';
import type { FileSchema, SqlValue } from '../files/database.ts';

/** Kinds of documents that are stored as a whole, with a column for each field of searches. */
export type RecordKind = Exclude<DocumentKind, 'logs'>;

/** A column with the values of a field. */
export interface RecordColumn {
  readonly name: string;
  readonly field: Field;
  /** The field has several values: the column holds a JSON array of texts. */
  readonly isList: boolean;
}

/** Fields that have several values. */
const LISTS: ReadonlySet<string> = new Set([AUDIT_FIELDS.group.path, AUDIT_FIELDS.sourceIP.path]);

function columnsOf(kind: RecordKind, fields: readonly Field[]): RecordColumn[] {
  return [...fields, DOCUMENT_TYPES[kind].counted].map((field) => ({
    name: `${field.path.replaceAll('.', '_')}_${field.type}`,
    field,
    isList: LISTS.has(field.path),
  }));
}

/** The columns of each kind. */
export const RECORD_COLUMNS: Readonly<Record<RecordKind, readonly RecordColumn[]>> = {
  events: columnsOf('events', Object.values(EVENT_FIELDS)),
  auditing: columnsOf('auditing', Object.values(AUDIT_FIELDS)),
};

/** Returns the column of a field; undefined for one that is not stored. */
export function columnOf(kind: RecordKind, field: Field): RecordColumn | undefined {
  return RECORD_COLUMNS[kind].find(
    (column) => column.field.path === field.path && column.field.type === field.type,
  );
}

/** Returns the tables of a day's records: their fields apart from the documents. */
export function recordSchema(kind: RecordKind): FileSchema {
  const columns = RECORD_COLUMNS[kind].map(({ name }) => `${name}, `).join('');

  return {
    version: 1,
    sql: `
      CREATE TABLE record (${columns} id INTEGER PRIMARY KEY);
      CREATE TABLE body (id INTEGER PRIMARY KEY, json TEXT NOT NULL);
      CREATE TABLE seen (hash INTEGER PRIMARY KEY);
    `,
  };
}

/** Returns the value at a path of a document; undefined where it has none. */
export function valueAt(document: unknown, path: string): unknown {
  let value: unknown = document;

  for (const key of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) {
      return undefined;
    }
    value = Reflect.get(value, key);
  }

  return value;
}

/** Returns what a column holds of a document: NULL where the document does not have the field. */
export function columnValue({ field, isList }: RecordColumn, document: unknown): SqlValue {
  const value = valueAt(document, field.path);
  if (value === undefined || value === null) {
    return null;
  }

  if (field.type === 'number') {
    return typeof value === 'number' && Number.isFinite(value) ? value : null;
  }
  if (isList) {
    return JSON.stringify([value].flat().map(String));
  }

  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);

  return field.type === 'text' ? spacedWords(text) : text;
}
