import type { AnyOf, Condition, Scope } from '../../query/search.ts';
import { SearchError } from '../../query/search-backend.ts';
import { globOf } from '../../text/wildcard.ts';
import { wordsOf } from '../../text/words.ts';
import { firstIdOf } from '../../time/document-ids.ts';
import { columnOf, type RecordColumn, type RecordKind } from './record-columns.ts';

/** A part of an SQL statement, and the values of its parameters. */
export interface Sql {
  readonly text: string;
  readonly values: readonly (string | number)[];
}

const NEVER: Sql = { text: '0', values: [] };

function joined(parts: readonly Sql[], word: 'AND' | 'OR'): Sql {
  return {
    text: `(${parts.map(({ text }) => text).join(` ${word} `)})`,
    values: parts.flatMap(({ values }) => values),
  };
}

function columnFor(kind: RecordKind, field: Condition['field']): RecordColumn {
  const column = columnOf(kind, field);
  if (!column) {
    throw new SearchError('refused', `${kind} cannot be searched by ${field.path} here`);
  }

  return column;
}

/** Compares a column with a value; one of several values where the field has several. */
function compared({ name, isList }: RecordColumn, operator: string, value: string): Sql {
  return isList
    ? {
        text: `EXISTS (SELECT 1 FROM json_each(${name}) AS one WHERE one.value ${operator} ?)`,
        values: [value],
      }
    : { text: `${name} ${operator} ?`, values: [value] };
}

/** Finds words in sequence in a column with words. */
function words(name: string, value: string, end: '' | ' '): Sql {
  const wanted = wordsOf(value);
  return wanted.length === 0
    ? NEVER
    : { text: `instr(${name}, ?) > 0`, values: [` ${wanted.join(' ')}${end}`] };
}

/** Escapes what has a meaning in GLOB. */
function literal(text: string): string {
  return text.replace(/[*?[]/g, '[$&]');
}

function conditionSql(kind: RecordKind, condition: Condition): Sql {
  const column = columnFor(kind, condition.field);
  const isText = condition.field.type === 'text';

  switch (condition.match) {
    case 'phrase':
      return isText
        ? words(column.name, condition.value, ' ')
        : compared(column, '=', condition.value);
    case 'phrase-prefix':
      return isText
        ? words(column.name, condition.value, '')
        : compared(column, 'GLOB', `${literal(condition.value)}*`);
    case 'wildcard':
      return isText
        ? compared(column, 'GLOB', `* ${globOf(condition.pattern)} *`)
        : compared(column, 'GLOB', globOf(condition.pattern));
    case 'number':
      return { text: `${column.name} = ?`, values: [condition.value] };
    case 'pod-of':
      throw new SearchError('refused', 'only logs are searched by workload');
  }
}

function scopesSql({ kind, day, first }: RecordFile, scopes: readonly Scope[]): Sql {
  const absent: Sql[] = [];
  /** Values by column and by the id from which on they count. */
  const groups = new Map<string, { name: string; from: number; values: string[] }>();

  for (const scope of scopes) {
    const { name } = columnFor(kind, scope.field);

    if (scope.value === undefined) {
      absent.push({ text: `${name} IS NULL`, values: [] });
      continue;
    }

    const since = scope.since === undefined ? first : firstIdOf(day, Math.ceil(scope.since));
    const from = Math.max(first, since);
    const group = groups.get(`${name} ${from}`) ?? { name, from, values: [] };

    groups.set(`${name} ${from}`, group);
    group.values.push(scope.value);
  }

  const present = [...groups.values()].map(({ name, from, values }) => ({
    text: `(id >= ? AND ${name} IN (SELECT value FROM json_each(?)))`,
    values: [from, JSON.stringify(values)],
  }));

  return joined([...absent, ...present, NEVER], 'OR');
}

/** The file that is searched, and the first id of the searched range. */
export interface RecordFile {
  readonly kind: RecordKind;
  readonly day: number;
  readonly first: number;
}

/** Returns what records must fulfil. */
export function recordWhere(
  file: RecordFile,
  conditions: readonly AnyOf[],
  scopes: readonly Scope[] | undefined,
): Sql {
  const parts = conditions.map((any) =>
    joined([...any.map((condition) => conditionSql(file.kind, condition)), NEVER], 'OR'),
  );

  return joined(
    [...(scopes ? [scopesSql(file, scopes)] : []), ...parts, { text: '1', values: [] }],
    'AND',
  );
}
