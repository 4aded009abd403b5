import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import { LOG_FIELDS } from '../../query/documents.ts';
import type { AnyOf, Scope } from '../../query/search.ts';
import { conditionTest, type ValueTest } from '../../text/condition-test.ts';
import { firstIdOf } from '../../time/document-ids.ts';
import {
  asBytes,
  asInteger,
  type Connection,
  DamagedFileError,
  numberIn,
  prepareRaw,
  type Statement,
  textIn,
} from '../files/database.ts';
import { valueAt } from '../records/record-columns.ts';

/** A container of whose logs there are lines in a file. */
export interface Source {
  readonly id: number;
  readonly namespace: number;
  readonly zone: string;
  readonly kubernetes: string;
  readonly container: string;
  /** Values by their path in documents; '' where there is none. */
  readonly values: Readonly<Record<string, string>>;
}

/** Sources whose lines a search finds from the same id on. */
export interface SourceGroup {
  readonly first: number;
  readonly sources: readonly number[];
  /** The namespaces of which these are all sources; undefined if they are only some. */
  readonly namespaces: readonly number[] | undefined;
}

const PATHS = [LOG_FIELDS.namespace.path, LOG_FIELDS.pod.path, LOG_FIELDS.container.path];

/** Throws a DamagedFileError. */
function parsed(kubernetes: string): unknown {
  try {
    return JSON.parse(kubernetes);
  } catch (error) {
    throw new DamagedFileError(`a source cannot be read: ${messageOf(error)}`);
  }
}

function sourceOf(row: unknown): Source {
  const kubernetes = textIn(row, 3);
  const document = { kubernetes: kubernetes === '' ? undefined : parsed(kubernetes) };
  const text = (path: string) => String(valueAt(document, path) ?? '');

  return {
    id: numberIn(row),
    namespace: numberIn(row, 1),
    zone: textIn(row, 2),
    kubernetes,
    container: text('kubernetes.docker_id'),
    values: Object.fromEntries(PATHS.map((path) => [path, text(path)])),
  };
}

function testOf(any: AnyOf): (source: Source) => boolean {
  const tests = any.map((condition): [string, ValueTest] => [
    condition.field.path,
    conditionTest(condition),
  ]);

  return ({ values }) => tests.some(([path, matches]) => matches(values[path] ?? ''));
}

/** The sources of a file, as far as they have been read. */
export class LogSources {
  readonly #newer: Statement;
  readonly #known = new Map<number, Source>();
  #last = 0;

  constructor(connection: Connection) {
    this.#newer = prepareRaw(
      connection,
      `SELECT id, ${asInteger('namespace')}, ${asBytes('zone')}, ${asBytes('kubernetes')} FROM source
       WHERE id > ? ORDER BY id`,
    );
  }

  /** Reads sources that have come since the last call. */
  refresh(): void {
    for (const row of this.#newer.all(this.#last)) {
      const source = sourceOf(row);
      this.#known.set(source.id, source);
      this.#last = source.id;
    }
  }

  get(id: number): Source | undefined {
    return this.#known.get(id);
  }

  /**
   * Returns the sources that conditions and scopes choose, by the id from which on their lines
   * count; `first` is that of the searched range in the file of the day.
   */
  choose(
    conditions: readonly AnyOf[],
    scopes: readonly Scope[] | undefined,
    { day, first }: { readonly day: number; readonly first: number },
  ): SourceGroup[] {
    const tests = conditions.map(testOf);
    const firsts = scopes && firstsOf(scopes, day, first);
    const groups = new Map<number, Source[]>();

    for (const source of this.#known.values()) {
      const name = source.values[LOG_FIELDS.namespace.path] ?? '';
      const from = firsts ? firsts.get(name) : first;

      if (from !== undefined && tests.every((matches) => matches(source))) {
        const group = groups.get(from) ?? [];
        groups.set(from, group);
        group.push(source);
      }
    }

    return [...groups].map(([from, sources]) => ({
      first: from,
      sources: sources.map(({ id }) => id),
      namespaces:
        tests.length > 0 ? undefined : [...new Set(sources.map(({ namespace }) => namespace))],
    }));
  }
}

/** Returns the first id that counts in each namespace; lines of '' are in none. */
function firstsOf(scopes: readonly Scope[], day: number, first: number): Map<string, number> {
  const firsts = new Map<string, number>();

  for (const scope of scopes) {
    const since = scope.value === undefined ? undefined : scope.since;
    const from = since === undefined ? first : Math.max(first, firstIdOf(day, Math.ceil(since)));
    const name = scope.value ?? '';

    firsts.set(name, Math.min(from, firsts.get(name) ?? Infinity));
  }

  return firsts;
}
