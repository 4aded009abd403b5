import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import { badRequest } from '@ks-apiserver/apimachinery/meta/errors';
import { parseLabelSelector } from '@ks-apiserver/apimachinery/selectors/labels';
import { checkConditions } from '@ks-apiserver/apimachinery/selectors/limits';
import { CLUSTER_KEY } from '../../resources/query/merged-order.ts';
import { badParameter } from '../../resources/query/selectors.ts';

/** The parameter that asks for lists of several clusters. */
export const CLUSTERS_PARAMETER = 'clusters';

/** Most clusters that one query may name. */
const MAX_NAMES = 256;
const NAMES = /^[a-z0-9.,-]*$/;
const NAME = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;

/** The clusters that a query asks for. */
export interface ClusterSelection {
  /** By name, sorted; undefined for all, or for those that `matches` selects. */
  names: readonly string[] | undefined;
  /** By their labels; undefined where these do not matter. */
  matches: ((labels: Readonly<Record<string, string>>) => boolean) | undefined;
  /** Whether the filters `cluster=`, `cluster!=` and `cluster|=` leave a cluster in. */
  accepts(name: string): boolean;
}

function parseNames(text: string): string[] {
  const names = [...new Set(text.split(','))].sort();
  if (names.length > MAX_NAMES) {
    throw badParameter(CLUSTERS_PARAMETER, text, `it may name at most ${MAX_NAMES} clusters`);
  }

  for (const name of names) {
    if (!NAME.test(name)) {
      throw badParameter(CLUSTERS_PARAMETER, text, `"${name}" is no name of a cluster`);
    }
  }

  return names;
}

function parseSelector(text: string): NonNullable<ClusterSelection['matches']> {
  try {
    checkConditions(text, 'labels');
    const selector = parseLabelSelector(text);
    return (labels) => selector.matches(labels);
  } catch (error) {
    throw badParameter(
      CLUSTERS_PARAMETER,
      text,
      `it is neither *, nor names separated by commas, nor a selector of labels: ${messageOf(error)}`,
    );
  }
}

/** Returns what the filters by the name of the cluster accept, and removes them from the query. */
function takeFilters(query: URLSearchParams): ClusterSelection['accepts'] {
  const is = query.getAll(CLUSTER_KEY).at(-1);
  const isNot = query.getAll(`${CLUSTER_KEY}!`);
  const isOneOf = query.getAll(`${CLUSTER_KEY}|`);

  for (const sign of ['', '!', '|']) {
    query.delete(CLUSTER_KEY + sign);
  }

  return (name) =>
    (is === undefined || name === is) &&
    !isNot.includes(name) &&
    (isOneOf.length === 0 || isOneOf.includes(name));
}

/**
 * Removes the parameters that choose clusters from a query and returns them; undefined for a query
 * of this cluster alone. Throws BadRequest.
 */
export function takeClusters(query: URLSearchParams): ClusterSelection | undefined {
  const [text, second] = query.getAll(CLUSTERS_PARAMETER);
  if (text === undefined) {
    return undefined;
  }
  if (second !== undefined) {
    throw badParameter(CLUSTERS_PARAMETER, second, 'it is given twice; separate names with commas');
  }
  if (text === '') {
    throw badRequest(
      'parameter clusters: it is empty; use *, names separated by commas, or a selector of labels',
    );
  }

  query.delete(CLUSTERS_PARAMETER);

  const accepts = takeFilters(query);

  if (text === '*') {
    return { names: undefined, matches: undefined, accepts };
  }

  return NAMES.test(text)
    ? { names: parseNames(text), matches: undefined, accepts }
    : { names: undefined, matches: parseSelector(text), accepts };
}
