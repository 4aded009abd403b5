import { badRequest, StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { Condition, Order, TimeRange } from '@ks-apiserver/search/query/search';
import type { NameFilter } from './namespace-filter.ts';

/** What is asked of the documents. */
export type Operation = 'query' | 'statistics' | 'histogram' | 'export';

/** Parameters that the searches of all kinds have. */
export interface SearchParameters {
  readonly operation: Operation;
  readonly range: TimeRange;
  readonly interval: string;
  readonly order: Order;
  readonly from: number;
  readonly size: number;
}

/** Returns the conditions that a value of a parameter is, if it is one. */
export type ConditionOf = (value: string) => Condition | undefined;

const OPERATIONS: ReadonlySet<string> = new Set(['statistics', 'histogram', 'export']);
const DEFAULT_INTERVAL = '15m';
const DEFAULT_SIZE = 10;

/** Most values of one parameter: Elasticsearch takes no more clauses in one place. */
const MAX_VALUES = 1024;

/** Times outside of the years 1 to 9999 cannot be written as Elasticsearch reads them. */
const FIRST_TIME = Date.parse('0001-01-01T00:00:00Z');
const LAST_TIME = Date.parse('9999-12-31T23:59:59Z');

function isOperation(text: string): text is Operation {
  return OPERATIONS.has(text);
}

/** Reads Unix seconds as milliseconds; undefined for none. Throws a StatusError, 500 as in 3.0. */
function timeOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name) ?? '';
  if (text === '') {
    return undefined;
  }
  if (!/^[+-]?\d{1,19}$/.test(text)) {
    const shown = JSON.stringify(text.slice(0, 64));
    throw new StatusError(500, 'InternalError', `${name}: ${shown} is no number of Unix seconds`);
  }

  return Math.min(LAST_TIME, Math.max(FIRST_TIME, Number(text) * 1000));
}

/** Reads a number as 3.0 does: whatever is none counts as the default. */
function numberOf(query: URLSearchParams, name: string, otherwise: number): number {
  const text = query.get(name) ?? '';
  const number = /^[+-]?\d{1,19}$/.test(text) ? Number(text) : otherwise;

  return Number.isSafeInteger(number) ? number : otherwise;
}

/** Reads the parameters that the searches of all kinds have. Throws a StatusError for bad times. */
export function parseSearch(query: URLSearchParams): SearchParameters {
  const operation = query.get('operation') ?? '';
  const start = timeOf(query, 'start_time');
  const end = timeOf(query, 'end_time');

  return {
    operation: isOperation(operation) ? operation : 'query',
    range: { ...(start !== undefined && { start }), ...(end !== undefined && { end }) },
    interval: query.get('interval') || DEFAULT_INTERVAL,
    order: query.get('sort') === 'asc' ? 'asc' : 'desc',
    from: numberOf(query, 'from', 0),
    size: numberOf(query, 'size', DEFAULT_SIZE),
  };
}

/** Returns the values of a parameter, separated by commas. Throws BadRequest for too many. */
export function valuesOf(query: URLSearchParams, name: string): string[] {
  const text = query.get(name) ?? '';
  const values = text === '' ? [] : text.split(',');
  if (values.length > MAX_VALUES) {
    throw badRequest(`${name}: more than ${MAX_VALUES} values`);
  }

  return values;
}

/** Returns a filter of names from the parameters for whole names and for parts of them. */
export function nameFilterOf(query: URLSearchParams, names: string, parts: string): NameFilter {
  return { names: valuesOf(query, names), parts: valuesOf(query, parts) };
}

/** Returns the conditions of all parameters in a table; one of a parameter's values must hold. */
export function conditionsOf(
  query: URLSearchParams,
  table: Readonly<Record<string, ConditionOf>>,
): (readonly Condition[])[] {
  return Object.entries(table)
    .map(([name, conditionOf]) =>
      valuesOf(query, name).flatMap((value) => conditionOf(value) ?? []),
    )
    .filter((conditions) => conditions.length > 0);
}
