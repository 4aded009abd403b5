import { isObject, type JsonObject } from '../json/json.ts';
import { StatusError } from '../meta/errors.ts';
import type { Json } from '../meta/types.ts';
import { goText } from './go-text.ts';

/** A patch that fits the object no way: 500, as kube-apiserver answers it. */
export function unmergeable(message: string): StatusError {
  return new StatusError(500, '', message);
}

/**
 * What tells an element of a merged list from others: the merge key's value, or the element itself.
 */
export function identity(item: Json, mergeKey: string | undefined): string {
  if (mergeKey !== undefined && isObject(item)) {
    return Object.hasOwn(item, mergeKey) ? String(item[mergeKey]) : '';
  }
  return JSON.stringify(item);
}

/**
 * The merge key's value as text; throws a StatusError 500 in Kubernetes' wording where there is
 * none.
 */
export function identify(item: JsonObject, mergeKey: string): string {
  if (!Object.hasOwn(item, mergeKey)) {
    throw unmergeable(`map: ${goText(item)} does not contain declared merge key: ${mergeKey}`);
  }
  return String(item[mergeKey]);
}

/** A list of primitives less those in another list. */
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
 * A merged list in its final order: elements of the patch in the patch's order, the others in the
 * order that the server had, and each of the others before those elements of the patch that it was
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

  const out: Json[] = [];
  let left = 0;
  let right = 0;
  while (left < serverOnly.length || right < patched.length) {
    const a =
      left < serverOnly.length ? inServer.get(identity(serverOnly[left]!, mergeKey)) : undefined;
    const b =
      right < patched.length ? inServer.get(identity(patched[right]!, mergeKey)) : undefined;
    const takeLeft =
      right >= patched.length ||
      (left < serverOnly.length && a !== undefined && b !== undefined && a < b);

    out.push(takeLeft ? serverOnly[left++]! : patched[right++]!);
  }

  return out;
}
