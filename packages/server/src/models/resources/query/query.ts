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
 * A filter in a form that 3.0 does not have: one of the values must pass, or, negated, none of
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
  /** 3.0's single sort key. */
  sortBy: string;
  ascending: boolean;
  /** Sort keys in a form that 3.0 does not have, which replace `sortBy` and `ascending`. */
  sort?: readonly SortTerm[] | undefined;
  labels?: LabelTest | undefined;
  /** Alternatives, each with conditions that must all hold. */
  fields?: readonly (readonly FieldCondition[])[] | undefined;
  /** Words in lower case that must all occur in an object. */
  words?: readonly string[] | undefined;
  /** All other parameters; all must hold. */
  filters: ReadonlyMap<string, string>;
  more?: readonly MoreFilter[] | undefined;
  /** For pages of one snapshot: '' begins a snapshot, a token of an answer continues it. */
  continue?: string | undefined;
  /** The caller's name. */
  caller?: string | undefined;
  /** The caller and the request, if the list offers snapshots: a token is valid for both alone. */
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

/** Parses a whole number as Go's Atoi does; returns `otherwise` if there is none. */
function parseInteger(query: URLSearchParams, name: string, otherwise: number): number {
  const text = query.get(name) ?? '';
  if (text === '') {
    return otherwise;
  }
  if (!/^[+-]?\d{1,15}$/.test(text)) {
    throw badParameter(name, text, 'it is not a whole number');
  }

  return Number(text);
}

function parseBoolean(query: URLSearchParams, name: string): boolean {
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

/**
 * Returns a parameter that must not be repeated: an authorizer may have read only the first value.
 */
function parseSingle(query: URLSearchParams, name: string): string {
  const [first = '', second] = query.getAll(name);
  if (second !== undefined) {
    throw badParameter(name, second, 'it is given twice; separate alternatives with ||');
  }

  return first;
}

/**
 * Throws BadRequest for more filters than a selector may have conditions, and for values that are
 * too long.
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

function parseWords(text: string): string[] | undefined {
  if (text.length > MAX_VALUE) {
    throw badParameter('q', text, `at most ${MAX_VALUE} characters can be searched for`);
  }

  const words = [...new Set(text.toLowerCase().split(/\s+/))].filter((word) => word !== '');
  if (words.length > MAX_WORDS) {
    throw badParameter('q', text, `at most ${MAX_WORDS} words can be searched for`);
  }

  return words.length > 0 ? words : undefined;
}

/** Parses `key!=value` and `key|=value`; the sign ends the parameter's name. */
function parseMoreFilters(query: URLSearchParams): MoreFilter[] {
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
 * Parses the parameters of a list; the last value of a repeated filter counts. Throws BadRequest
 * with the parameter and its value for one that cannot be parsed.
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
  const ascending = parseBoolean(query, 'ascending');

  const list: ListQuery = {
    limit: parseInteger(query, 'limit', -1),
    page: parseInteger(query, 'page', 1),
    sortBy: sortBy || 'creationTimestamp',
    ascending,
    sort: parseSort(sortBy, { ascending }),
    labels: parseLabels(query.get('labelSelector') ?? ''),
    fields: parseFields(parseSingle(query, 'fieldSelector')),
    words: parseWords(query.getAll('q').join(' ')),
    filters,
    more: parseMoreFilters(query),
    continue: query.get('continue') ?? undefined,
  };

  const page = query.get('page');

  if (list.continue !== undefined && page !== null) {
    throw badParameter('page', page, 'pages of a snapshot are read with continue');
  }

  if (list.continue !== undefined && list.limit < 1) {
    throw badParameter(
      'limit',
      query.get('limit') ?? '',
      'continue needs a page size of at least 1',
    );
  }

  return list;
}

/**
 * Returns the first and last index (exclusive) of a page among `total` items; undefined for a page
 * without items.
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
