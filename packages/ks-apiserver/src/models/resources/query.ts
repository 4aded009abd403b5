/** A list query of v1alpha3, of IAM and of tenant lists. */
export interface ListQuery {
  /** -1 for everything. */
  limit: number;
  /** From 1. */
  page: number;
  sortBy: string;
  ascending: boolean;
  labelSelector: string;
  /** Every other key; all must hold. */
  filters: ReadonlyMap<string, string>;
  /** Namespaces whose objects the caller does not see. */
  hidden?: ReadonlySet<string> | undefined;
}

const RESERVED = new Set(['limit', 'page', 'sortBy', 'ascending', 'labelSelector']);

/** A whole number as Go's Atoi reads it, else the default: 3.0 ignores what it cannot read. */
function integer(text: string | null, otherwise: number): number {
  if (text === null || !/^[+-]?\d{1,18}$/.test(text)) return otherwise;
  return Number(text);
}

/** Reads the parameters of a list; of a repeated filter the last value counts. */
export function parseListQuery(query: URLSearchParams): ListQuery {
  const filters = new Map<string, string>();
  for (const [key, value] of query) if (!RESERVED.has(key)) filters.set(key, value);
  return {
    limit: integer(query.get('limit'), -1),
    page: integer(query.get('page'), 1),
    sortBy: query.get('sortBy') ?? 'creationTimestamp',
    ascending: /^(1|t|T|TRUE|true|True)$/.test(query.get('ascending') ?? ''),
    labelSelector: query.get('labelSelector') ?? '',
    filters,
  };
}

/** First and last place (exclusive) of a page among `total` items; undefined for a page that holds none. */
export function pageOf(
  { limit, page }: Pick<ListQuery, 'limit' | 'page'>,
  total: number,
): [number, number] | undefined {
  if (limit === -1) return [0, total];
  const offset = (page - 1) * limit;
  if (limit <= 0 || offset < 0 || offset >= total) return undefined;
  return [offset, Math.min(total, offset + limit)];
}
