import { badRequest } from '@ks-apiserver/apimachinery/meta/errors';
import { parseGoDuration } from '../../monitoring/query/go-duration.ts';
import { parseTruth, parseWhole } from '../query/parse.ts';
import type { GraphType } from './graph.ts';
import type { GraphShape } from './traffic.ts';

/** How nodes are grouped. */
export type Grouping = 'app' | 'none' | 'version';

/** What is added to the traffic of a graph, in the order in which it is. */
export const APPENDERS = [
  'serviceEntry',
  'deadNode',
  'responseTime',
  'securityPolicy',
  'unusedNode',
  'istio',
  'sidecarsCheck',
] as const;

/** One of what is added. */
export type AppenderName = (typeof APPENDERS)[number];

/** What a call for a graph asks for; namespaces and appenders are read later, as in 3.0. */
export interface GraphOptions extends GraphShape {
  readonly durationSeconds: number;
  readonly groupBy: Grouping;
  readonly includeIstio: boolean;
  /** Unix seconds. */
  readonly queryTime: number;
  readonly responseTimeQuantile: number;
  /** Whether the call is about one app, workload or service: nothing unused is shown then. */
  readonly isOfOneNode: boolean;
}

const GRAPH_TYPES = ['app', 'service', 'versionedApp', 'workload'] as const;
const GROUPINGS = ['app', 'none', 'version'] as const;
const DEFAULT_QUANTILE = 0.95;

const invalid = (what: string, text: string) => badRequest(`Invalid ${what} [${text}]`);

function oneOf<T extends string>(name: string, values: readonly T[], text: string): T {
  const found = values.find((value) => value === text);
  if (found === undefined) {
    throw invalid(name, text);
  }

  return found;
}

function durationOf(text: string): number {
  try {
    return Math.trunc(parseGoDuration(text));
  } catch {
    throw invalid('duration', text);
  }
}

function flag(query: URLSearchParams, name: string): boolean {
  const text = query.get(name) || 'false';
  const value = parseTruth(text);
  if (value === undefined) {
    throw invalid(name, text);
  }

  return value;
}

function checkApp(query: URLSearchParams, graphType: GraphType): void {
  if (query.get('app') && graphType !== 'app' && graphType !== 'versionedApp') {
    throw badRequest(
      `Invalid graphType [${graphType}]. This node detail graph supports only graphType app or versionedApp.`,
    );
  }
}

function timeOf(query: URLSearchParams): number {
  const text = query.get('queryTime') || String(Math.floor(Date.now() / 1000));
  const time = parseWhole(text);
  if (time === undefined) {
    throw invalid('queryTime', text);
  }

  return time;
}

function quantileOf(query: URLSearchParams): number {
  const quantile = Number(query.get('responseTimeQuantile') || Number.NaN);
  return quantile > 0 && quantile < 100 ? Number(quantile.toFixed(2)) : DEFAULT_QUANTILE;
}

/** Reads how a graph is to be drawn. Throws BadRequest, for the first that is wrong as in 3.0. */
export function parseGraphOptions(query: URLSearchParams): GraphOptions {
  const durationSeconds = durationOf(query.get('duration') || '10m');
  const graphType = oneOf('graphType', GRAPH_TYPES, query.get('graphType') || 'workload');

  checkApp(query, graphType);

  const groupBy = oneOf('groupBy', GROUPINGS, query.get('groupBy') || 'none');
  const includeIstio = flag(query, 'includeIstio');
  const injectServiceNodes = flag(query, 'injectServiceNodes') || graphType === 'service';
  const queryTime = timeOf(query);

  oneOf('vendor', ['cytoscape'], query.get('vendor') || 'cytoscape');

  return {
    durationSeconds,
    graphType,
    groupBy,
    includeIstio,
    injectServiceNodes,
    queryTime,
    responseTimeQuantile: quantileOf(query),
    isOfOneNode: ['app', 'workload', 'service'].some((name) => query.get(name)),
  };
}

/**
 * Returns the appenders that a call names, or all when it has no such parameter. Throws BadRequest
 * for an unknown one.
 */
export function parseAppenders(query: URLSearchParams): ReadonlySet<AppenderName> {
  const text = query.get('appenders');
  if (text === null) {
    return new Set(APPENDERS);
  }

  const names = text.split(',').map((name) => name.trim());

  return new Set(
    names.filter((name) => name !== '').map((name) => oneOf('appender', APPENDERS, name)),
  );
}
