import { isObject, type JsonObject } from '../../json/json.ts';
import { StatusError } from '../../meta/errors.ts';
import type { Json } from '../../meta/types.ts';
import { goText } from '../go-text.ts';

/**
 * Returns the error for a patch that does not fit the object: 500, as kube-apiserver answers it.
 */
export function unmergeable(message: string): StatusError {
  return new StatusError(500, '', message);
}

/**
 * Returns what identifies an element of a merged list: the merge key's value, or the element
 * itself.
 */
export function identity(item: Json, mergeKey: string | undefined): string {
  if (mergeKey !== undefined && isObject(item)) {
    return Object.hasOwn(item, mergeKey) ? String(item[mergeKey]) : '';
  }
  return JSON.stringify(item);
}

/**
 * Returns the merge key's value as text; throws a StatusError 500 in Kubernetes' wording when there
 * is none.
 */
export function identify(item: JsonObject, mergeKey: string): string {
  if (!Object.hasOwn(item, mergeKey)) {
    throw unmergeable(`map: ${goText(item)} does not contain declared merge key: ${mergeKey}`);
  }
  return String(item[mergeKey]);
}

/** Returns a list of primitives without those of another list. */
export function without(list: readonly Json[], removed: readonly Json[]): Json[] {
  const gone = new Set(removed.map((item) => JSON.stringify(item)));
  return list.filter((item) => !gone.has(JSON.stringify(item)));
}

function indexes(list: readonly Json[], mergeKey: string | undefined): Map<string, number> {
  const positions = new Map<string, number>();

  for (const [index, item] of list.entries()) {
    const id = identity(item, mergeKey);
    if (!positions.has(id)) {
      positions.set(id, index);
    }
  }

  return positions;
}

/**
 * Returns a merged list in its final order: elements of the patch in the patch's order, the others
 * in the server's order, and each of the others before those elements of the patch that it was
 * before.
 */
export function orderElements(
  merged: readonly Json[],
  patchOrder: readonly Json[],
  serverOrder: readonly Json[],
  mergeKey: string | undefined,
): Json[] {
  const inPatch = indexes(patchOrder, mergeKey);
  const inServer = indexes(serverOrder, mergeKey);
  const patched: Json[] = [];
  const serverOnly: Json[] = [];

  for (const item of merged) {
    (inPatch.has(identity(item, mergeKey)) ? patched : serverOnly).push(item);
  }

  const by = (order: Map<string, number>) => (a: Json, b: Json) =>
    (order.get(identity(a, mergeKey)) ?? Number.MAX_SAFE_INTEGER) -
    (order.get(identity(b, mergeKey)) ?? Number.MAX_SAFE_INTEGER);
  patched.sort(by(inPatch));
  serverOnly.sort(by(inServer));

  const placeOf = (item: Json | undefined) =>
    item === undefined ? undefined : inServer.get(identity(item, mergeKey));
  const out: Json[] = [];
  let left = 0;

  for (const item of patched) {
    const place = placeOf(item);

    for (let before = placeOf(serverOnly[left]); before !== undefined; ) {
      if (place === undefined || before >= place) {
        break;
      }

      out.push(serverOnly[left] as Json);
      left += 1;
      before = placeOf(serverOnly[left]);
    }

    out.push(item);
  }

  return [...out, ...serverOnly.slice(left)];
}
