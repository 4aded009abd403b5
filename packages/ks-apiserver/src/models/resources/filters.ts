import type { Entry } from '@ks-apiserver/client/informer/entry';
import type { Catalog } from './catalog.ts';
import type { Filter, ResourceDefinition } from './definition.ts';
import { labelMatcher } from './fields.ts';
import type { ListQuery } from './query.ts';

/** `key` or `key=*` for present, `key=value` for equal, `key!=value` for present with another value. */
function keyValue(pairs: Readonly<Record<string, string>>, wanted: string): boolean {
  const unequal = wanted.indexOf('!=');
  if (unequal >= 0) {
    const value = pairs[wanted.slice(0, unequal)];
    return value !== undefined && value !== wanted.slice(unequal + 2);
  }
  const equal = wanted.indexOf('=');
  if (equal < 0) return pairs[wanted] !== undefined;
  const value = pairs[wanted.slice(0, equal)];
  const text = wanted.slice(equal + 1);
  return text === '*' ? value !== undefined : value === text;
}

/** Filters that every resource understands. */
const COMMON: Readonly<Record<string, Filter>> = {
  name: (entry, value) => entry.name.includes(value),
  names: (entry, value) => value.split(',').includes(entry.name),
  uid: (entry, value) => entry.uid === value,
  namespace: (entry, value) => entry.namespace === value,
  ownerReference: (entry, value) => entry.owners.some(({ uid }) => uid === value),
  ownerKind: (entry, value) => entry.owners.some(({ kind }) => kind === value),
  annotation: (entry, value) => keyValue(entry.annotations, value),
  label: (entry, value) => keyValue(entry.labels, value),
};

/** One test for all of a query's filters; undefined when everything passes, `never` when nothing can. */
export function filterOf(
  row: ResourceDefinition,
  query: ListQuery,
  catalog: Catalog,
): ((entry: Entry) => boolean) | 'never' | undefined {
  const tests: ((entry: Entry) => boolean)[] = [];
  const labels = labelMatcher(query.labelSelector);
  if (labels) tests.push((entry) => labels(entry.labels));
  const { hidden } = query;
  if (hidden) tests.push((entry) => !hidden.has(entry.namespace));
  for (const [key, value] of query.filters) {
    const own = row.filters && Object.hasOwn(row.filters, key) ? row.filters[key] : undefined;
    const filter = own ?? (Object.hasOwn(COMMON, key) ? COMMON[key] : undefined);
    // Ignoring an unknown filter would show what was meant to be filtered out.
    if (!filter) return 'never';
    if (key === 'names') {
      const names = new Set(value.split(','));
      tests.push((entry) => names.has(entry.name));
    } else tests.push((entry) => filter(entry, value, catalog));
  }
  if (tests.length === 0) return undefined;
  return (entry) => tests.every((passes) => passes(entry));
}
