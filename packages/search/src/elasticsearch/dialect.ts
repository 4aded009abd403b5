import { SearchError } from '../query/search-backend.ts';

/** How a server of some version wants to be asked, and how it answers. */
export interface Dialect {
  /** Totals are objects `{value, relation}` that may be a lower bound; else exact numbers. */
  readonly totalsAreObjects: boolean;
  /** Histograms name calendar and fixed intervals apart; else `interval` is for both. */
  readonly namesIntervals: boolean;
}

const DIALECTS = {
  elasticsearch6: { totalsAreObjects: false, namesIntervals: false },
  elasticsearch7: { totalsAreObjects: true, namesIntervals: false },
  // Elasticsearch 8 and 9, and OpenSearch, which began as Elasticsearch 7.10.
  today: { totalsAreObjects: true, namesIntervals: true },
} as const satisfies Record<string, Dialect>;

function ofElasticsearch(major: number): Dialect | undefined {
  if (major === 5 || major === 6) {
    return DIALECTS.elasticsearch6;
  }
  if (major === 7) {
    return DIALECTS.elasticsearch7;
  }

  return major >= 8 ? DIALECTS.today : undefined;
}

/**
 * Returns the dialect of a configured version, such as `7` or `opensearchv2`; undefined for '',
 * which means that the server is asked. Throws a TypeError for a version that is not supported.
 */
export function configuredDialect(version: string): Dialect | undefined {
  if (version === '') {
    return undefined;
  }

  const [, distribution, major] = /^(opensearchv?)?(\d{1,2})$/.exec(version) ?? [];
  const dialect = distribution ? DIALECTS.today : ofElasticsearch(Number(major));
  if (!dialect) {
    throw new TypeError(`unsupported elasticsearch version ${version}`);
  }

  return dialect;
}

/**
 * Returns the dialect of the server that answered `GET /` with this text. Throws a SearchError when
 * it is not supported.
 */
export function announcedDialect(text: string): Dialect {
  const { version } = parsed(text);
  const major = Number.parseInt(String(version?.number ?? ''), 10);
  const dialect = version?.distribution === 'opensearch' ? DIALECTS.today : ofElasticsearch(major);

  if (!dialect) {
    throw new SearchError('unavailable', 'the server names no supported version of Elasticsearch');
  }

  return dialect;
}

interface Announcement {
  readonly version?: { readonly number?: unknown; readonly distribution?: unknown } | null;
}

function parsed(text: string): Announcement {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}
