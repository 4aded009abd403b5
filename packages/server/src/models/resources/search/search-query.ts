import { badRequest } from '@ks-apiserver/apimachinery/meta/errors';
import { MAX_CONDITIONS } from '@ks-apiserver/apimachinery/selectors/limits';
import type { ListQuery } from '../query/query.ts';

/** A query of 3.0's older search, that of v1alpha2. */
export interface SearchQuery {
  /** Conditions `key=value`; all must hold. */
  exact: ReadonlyMap<string, string>;
  /** Conditions `key~value`; all must hold. */
  fuzzy: ReadonlyMap<string, string>;
  /** Names of which one must be the object's; undefined for any. */
  names: ReadonlySet<string> | undefined;
  /** -1 for everything. */
  limit: number;
  /** From 1. */
  page: number;
  orderBy: string;
  reverse: boolean;
  /** Namespaces whose objects the caller does not see. */
  hidden?: ReadonlySet<string> | undefined;
  /** The query of v1alpha3 that this one was made from, for what v1alpha2 does not have. */
  given?: ListQuery;
}

const PAGING = /^limit=(-?\d{1,15}),page=(\d{1,15})$/;
const TRUE = /^(1|t|T|TRUE|true|True)$/;
const BAD_KEY = /[\s(){}[\]]/;

/**
 * Parses `conditions`, `paging`, `orderBy` and `reverse`. Throws BadRequest for a condition's key
 * with blanks or brackets.
 */
export function parseSearchQuery(query: URLSearchParams): SearchQuery {
  const exact = new Map<string, string>();
  const fuzzy = new Map<string, string>();
  const items = (query.get('conditions') ?? '').split(',');
  if (items.length > MAX_CONDITIONS) {
    throw badRequest(`a list has at most ${MAX_CONDITIONS} conditions`);
  }

  for (const item of items) {
    if (item === '') {
      continue;
    }

    const at = item.search(/[=~]/);
    const key = at < 0 ? item : item.slice(0, at);
    if (BAD_KEY.test(key)) {
      throw badRequest('invalid conditions');
    }

    // A key without a sign must equal ''.
    (at >= 0 && item[at] === '~' ? fuzzy : exact).set(key, at < 0 ? '' : item.slice(at + 1));
  }

  const paging = PAGING.exec(query.get('paging') ?? '');

  return {
    exact,
    fuzzy,
    names: undefined,
    limit: paging ? Number(paging[1]) : 10,
    page: paging ? Number(paging[2]) : 1,
    orderBy: query.get('orderBy') || 'createTime',
    reverse: TRUE.test(query.get('reverse') ?? ''),
  };
}

/**
 * A query of v1alpha3 as 3.0 hands it on to the older searcher, for the resources that only this
 * one knows.
 */
export function searchQueryOf(given: ListQuery): SearchQuery {
  const { limit, page, sortBy, ascending, filters, hidden } = given;
  const exact = new Map<string, string>();
  const fuzzy = new Map<string, string>();
  let names: Set<string> | undefined;

  for (const [key, value] of filters) {
    if (key === 'name') {
      fuzzy.set('name', value);
    } else if (key === 'names') {
      names = new Set(value.split(','));
    } else if (key === 'ownerReference') {
      exact.set('owner', value);
    } else if (key === 'annotation') {
      exact.set('Annotation', value);
    } else if (key === 'label' && value.includes(':')) {
      const colon = value.indexOf(':');
      exact.set(value.slice(0, colon), value.slice(colon + 1));
    } else {
      exact.set(key, value);
    }
  }

  return { exact, fuzzy, names, limit, page, orderBy: sortBy, reverse: !ascending, hidden, given };
}
