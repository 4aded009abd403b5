import { DOCUMENT_TYPES, type DocumentKind } from '../query/documents.ts';
import type { PageOptions } from '../query/search.ts';
import { indexField } from './clauses.ts';
import type { Dialect } from './dialect.ts';

/** How searches of a kind are written, besides the query: 3.0 has its own way for each. */
export interface KindStyle {
  /** Name of the aggregation that counts different values. */
  readonly distinct: string;
  /** Name of the histogram. */
  readonly histogram: string;
  /** Whether statistics keep a context open: the total is exact then, whatever the version. */
  readonly scrollsStatistics: boolean;
  /** Keys beside the query for a page of documents. */
  page(options: PageOptions): object;
  /** Keys beside the query for aggregations. */
  readonly aggregated: object;
}

const ofResources = (time: string, histogram: string): KindStyle => ({
  distinct: 'resources_count',
  histogram,
  scrollsStatistics: false,
  page: ({ from, size, order }) => ({ from, size, sort: [{ [time]: { order } }] }),
  aggregated: { size: 0 },
});

/** The style of each kind. */
export const KIND_STYLES: Readonly<Record<DocumentKind, KindStyle>> = {
  logs: {
    distinct: 'container_count',
    histogram: 'log_count_over_time',
    scrollsStatistics: true,
    page: ({ from, size, order }) => ({
      ...(from !== 0 && { from }),
      ...(size !== undefined && { size }),
      sort: [{ [DOCUMENT_TYPES.logs.time]: order }],
    }),
    aggregated: {},
  },
  events: ofResources(DOCUMENT_TYPES.events.time, 'events_count_over_lasttimestamp'),
  auditing: ofResources(DOCUMENT_TYPES.auditing.time, 'events_count_over_timestamp'),
};

/** Intervals that Elasticsearch takes by the calendar; all others have a fixed length. */
const CALENDAR = /^1[mhdwMqy]$/;

/** Returns the `aggs` of a histogram by intervals such as `15m`. */
export function histogramAggregation(
  kind: DocumentKind,
  interval: string,
  { namesIntervals }: Dialect,
): object {
  const named = CALENDAR.test(interval) ? 'calendar_interval' : 'fixed_interval';
  const key = namesIntervals ? named : 'interval';

  return {
    [KIND_STYLES[kind].histogram]: {
      date_histogram: { field: DOCUMENT_TYPES[kind].time, [key]: interval },
    },
  };
}

/** Returns the `aggs` that counts the different values of the kind's counted field. */
export function distinctAggregation(kind: DocumentKind): object {
  return {
    [KIND_STYLES[kind].distinct]: {
      cardinality: { field: indexField(DOCUMENT_TYPES[kind].counted) },
    },
  };
}
