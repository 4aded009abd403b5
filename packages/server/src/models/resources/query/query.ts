import { MAX_CONDITIONS } from '@ks-apiserver/apimachinery/selectors/limits';
import {
  badParameter,
  type FieldCondition,
  type LabelTest,
  parseFields,
  parseLabels,
} from './selectors.ts';
import { parseSort, type SortTerm } from './sort-terms.ts';

/**
 * A filter in one of the forms that 3.0 does not have: none of the values must pass, or one of
 * them.
 */
export interface MoreFilter {
  key: string;
  values: readonly string[];
  negated: boolean;
}

/** A list query of v1alpha3, of IAM and of tenant lists. */
export interface ListQuery {
  /** -1 for everything. */
  limit: number;
  /** From 1. */
  page: number;
  /** 3.0's single key. */
  sortBy: string;
  ascending: boolean;
  /**
   * Keys in one of the forms that 3.0 does not have; they take the place of `sortBy` and
   * `ascending`.
   */
  sort?: readonly SortTerm[] | undefined;
  labels?: LabelTest | undefined;
  /** Alternatives of conditions that must all hold. */
  fields?: readonly (readonly FieldCondition[])[] | undefined;
  /** Words in lower case that must all occur in an object. */
  words?: readonly string[] | undefined;
  /** Every other key; all must hold. */
  filters: ReadonlyMap<string, string>;
  more?: readonly MoreFilter[] | undefined;
  /** Pages of one snapshot are asked for: '' begins one, a token of an answer goes on with it. */
  continue?: string | undefined;
  /** Who asks. */
  caller?: string | undefined;
  /**
   * Who asks and for what, where the list offers snapshots: a token is of use to him and for that
   * alone.
   */
  scope?: string | undefined;
  /** Namespaces whose objects the caller does not see. */
  hidden?: ReadonlySet<string> | undefined;
}

const RESERVED = new Set([
  'limit',
  'page',
  'sortBy',
  'ascending',
  'labelSelector',
  'fieldSelector',
  'q',
  'continue',
]);

const BOOLEAN = /^(?:(1|t|T|TRUE|true|True)|0|f|F|FALSE|false|False)$/;
const MAX_WORDS = 16;

/**
 * Longest value of a filter, and of all words, in characters; lists of names may be as long as a
 * URL.
 */
const MAX_VALUE = 2048;
const NAMES = /^names[!|]?$/;

/** A whole number as Go's Atoi reads it; the default for none. */
function integer(query: URLSearchParams, name: string, otherwise: number): number {
  const text = query.get(name) ?? '';
  if (text === '') {
    return otherwise;
  }
  if (!/^[+-]?\d{1,15}$/.test(text)) {
    throw badParameter(name, text, 'it is no whole number');
  }

  return Number(text);
}

function boolean(query: URLSearchParams, name: string): boolean {
  const text = query.get(name) ?? '';
  if (text === '') {
    return false;
  }

  const found = BOOLEAN.exec(text);
  if (!found) {
    throw badParameter(name, text, 'it is neither true nor false');
  }

  return found[1] !== undefined;
}

/** A parameter whose second value would not be looked at by whoever authorized the first. */
function once(query: URLSearchParams, name: string): string {
  const [first = '', ...rest] = query.getAll(name);
  if (rest.length > 0) {
    throw badParameter(name, rest[0]!, 'it is given twice; || stands between alternatives');
  }

  return first;
}

/**
 * Throws for more filters than a selector may have conditions, and for values that no filter is
 * looked for by.
 */
function checkFilters(query: URLSearchParams): void {
  let filters = 0;

  for (const [key, value] of query) {
    if (RESERVED.has(key)) {
      continue;
    }

    filters += 1;
    if (filters > MAX_CONDITIONS) {
      throw badParameter(key, value, `a list has at most ${MAX_CONDITIONS} filters`);
    }
    if (value.length > MAX_VALUE && !NAMES.test(key)) {
      throw badParameter(key, value, `a filter has at most ${MAX_VALUE} characters`);
    }
  }
}

function wordsOf(text: string): string[] | undefined {
  if (text.length > MAX_VALUE) {
    throw badParameter('q', text, `at most ${MAX_VALUE} characters are looked for`);
  }

  const words = [...new Set(text.toLowerCase().split(/\s+/))].filter((word) => word !== '');
  if (words.length > MAX_WORDS) {
    throw badParameter('q', text, `at most ${MAX_WORDS} words are looked for`);
  }

  return words.length > 0 ? words : undefined;
}

/** Reads `key!=value` and `key|=value`, which a query splits behind the sign. */
function moreFilters(query: URLSearchParams): MoreFilter[] {
  const found = new Map<string, { key: string; values: string[]; negated: boolean }>();

  for (const [name, value] of query) {
    const sign = name.at(-1);
    if (name.length < 2 || (sign !== '!' && sign !== '|')) {
      continue;
    }

    const filter = found.get(name) ?? { key: name.slice(0, -1), values: [], negated: sign === '!' };
    filter.values.push(value);
    found.set(name, filter);
  }

  return [...found.values()];
}

/**
 * Reads the parameters of a list; of a repeated filter the last value counts. Throws BadRequest,
 * which names parameter and value, for one that cannot be read.
 */
export function parseListQuery(query: URLSearchParams): ListQuery {
  checkFilters(query);

  const filters = new Map<string, string>();

  for (const [key, value] of query) {
    if (!RESERVED.has(key) && !/.[!|]$/.test(key)) {
      filters.set(key, value);
    }
  }

  const sortBy = query.get('sortBy') ?? '';
  const ascending = boolean(query, 'ascending');

  const list: ListQuery = {
    limit: integer(query, 'limit', -1),
    page: integer(query, 'page', 1),
    sortBy: sortBy || 'creationTimestamp',
    ascending,
    sort: parseSort(sortBy, ascending),
    labels: parseLabels(query.get('labelSelector') ?? ''),
    fields: parseFields(once(query, 'fieldSelector')),
    words: wordsOf(query.getAll('q').join(' ')),
    filters,
    more: moreFilters(query),
    continue: query.get('continue') ?? undefined,
  };

  if (list.continue !== undefined && query.has('page')) {
    throw badParameter(
      'page',
      query.get('page')!,
      'pages of a snapshot follow each other by continue',
    );
  }

  if (list.continue !== undefined && list.limit < 1) {
    throw badParameter(
      'limit',
      query.get('limit') ?? '',
      'continue needs the number of objects a page, from 1',
    );
  }

  return list;
}

/**
 * First and last place (exclusive) of a page among `total` items; undefined for a page that holds
 * none.
 */
export function pageOf(
  { limit, page }: Pick<ListQuery, 'limit' | 'page'>,
  total: number,
): [number, number] | undefined {
  if (limit === -1) {
    return [0, total];
  }

  const offset = (page - 1) * limit;
  if (limit <= 0 || offset < 0 || offset >= total) {
    return undefined;
  }

  return [offset, Math.min(total, offset + limit)];
}
