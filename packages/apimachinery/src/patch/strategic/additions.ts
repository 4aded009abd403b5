import { isObject, type JsonObject, setOwn } from '../../json/json.ts';
import type { Json } from '../../meta/types.ts';

export const patchDirective = '$patch';

export const isDirected = (value: Json): boolean =>
  isObject(value) && Object.hasOwn(value, patchDirective);

/**
 * Returns the part of a patch that becomes the object where there was nothing before: no maps with
 * `$patch`, no nulls in maps.
 */
export function addedPart(patch: Json, options: { keepNulls: boolean }): Json {
  if (Array.isArray(patch)) {
    return addedItems(patch, options);
  }
  if (!isObject(patch)) {
    return patch;
  }

  const out: JsonObject = {};

  for (const [key, value] of Object.entries(patch)) {
    if ((options.keepNulls || value !== null) && !isDirected(value)) {
      setOwn(out, key, addedPart(value, options));
    }
  }

  return out;
}

/** Returns the items of a patch's list that become the list where there was nothing before. */
export function addedItems(items: readonly Json[], options: { keepNulls: boolean }): Json[] {
  return items.filter((item) => !isDirected(item)).map((item) => addedPart(item, options));
}
