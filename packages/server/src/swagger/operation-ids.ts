import type { Route } from '@ks-apiserver/http/routes/route';

const isParameter = (segment: string) => segment.startsWith('{');
const segmentsOf = (path: string) => path.split('/').filter((segment) => segment !== '');
const capitalised = (word: string) => word.charAt(0).toUpperCase() + word.slice(1);

/**
 * Returns an operation's id with the part of its path that the first operation of that id lacks.
 */
function distinguished(id: string, path: string, first: string): string {
  const known = new Set(segmentsOf(first));
  const own = segmentsOf(path).filter((segment) => !isParameter(segment) && !known.has(segment));

  return id + own.map((segment) => capitalised(segment.replace(/[^A-Za-z0-9]/g, ''))).join('');
}

/** Returns an operation's id with the path parameters that the first operation of that id lacks. */
function withParameters(id: string, path: string, first: string): string {
  const known = new Set(segmentsOf(first));
  const own = segmentsOf(path).filter((segment) => isParameter(segment) && !known.has(segment));

  const names = own.map((segment) => capitalised(segment.slice(1, -1)));

  return names.length > 0 ? `${id}By${names.join('')}` : id;
}

/**
 * Returns the ids of the operations in a document, unique as Swagger 2.0 requires ("Operation
 * Object"). 3.0 published some of them for several paths: the shortest path keeps the id, of equal
 * ones the first route; the others name what their path has besides, with its parameters where
 * that is not enough. Throws when that does not tell them apart.
 */
export function operationIds(routes: readonly Route[]): Map<Route, string> {
  const shortestFirst = [...routes].sort(
    (a, b) => segmentsOf(a.path).length - segmentsOf(b.path).length,
  );
  const first = new Map<string, string>();
  const ids = new Map<Route, string>();
  const taken = new Set<string>();

  for (const route of shortestFirst) {
    const { operationId, path, method } = route;
    const known = first.get(operationId);
    const named = known === undefined ? operationId : distinguished(operationId, path, known);
    const id = taken.has(named) ? withParameters(named, path, known ?? '') : named;
    if (taken.has(id)) {
      throw new Error(`${method} ${path}: the operationId ${id} is another operation's`);
    }

    first.set(operationId, known ?? path);
    taken.add(id);
    ids.set(route, id);
  }

  return ids;
}
