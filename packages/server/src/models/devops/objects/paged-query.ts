import { type ListQuery, parseListQuery } from '../../resources/query/query.ts';
import { badParameter } from '../../resources/query/selectors.ts';

/** Items of a page of projects or pipelines where the call says nothing. */
const DEFAULT_LIMIT = 10;

/** Parameters that these lists read; 3.0 reads `paging` alone, and ignores all others. */
const READ = ['name', 'sortBy', 'ascending', 'labelSelector'];

/**
 * Parses the parameters of a list of projects or pipelines: `paging=limit=N,page=M`. Throws
 * BadRequest for one that cannot be read.
 */
export function parsePagedQuery(query: URLSearchParams): ListQuery {
  const kept = new URLSearchParams([...query].filter(([name]) => READ.includes(name)));
  const paging = query.get('paging') ?? '';
  const limit = /(?:^|,)limit=(-?\d{1,9})(?:,|$)/.exec(paging)?.[1];
  const page = /(?:^|,)page=(-?\d{1,9})(?:,|$)/.exec(paging)?.[1];

  if (paging !== '' && limit === undefined && page === undefined) {
    throw badParameter('paging', paging, 'write limit=10,page=1');
  }

  return {
    ...parseListQuery(kept),
    limit: Number(limit ?? DEFAULT_LIMIT),
    page: Math.max(1, Number(page ?? 1)),
  };
}
