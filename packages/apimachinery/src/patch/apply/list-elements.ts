import { getOwn, isObject } from '../../json/json.ts';
import { badRequest } from '../../meta/errors.ts';
import type { Json } from '../../meta/types.ts';
import type { Schema } from '../../schema/schema.ts';

/** How a value is owned and merged: as one piece, field by field, or element by element. */
export type Relation = 'leaf' | 'map' | 'list';

export function relation(schema: Schema | undefined, value: unknown): Relation {
  if (isObject(value)) {
    return schema?.['x-kubernetes-map-type'] === 'atomic' ? 'leaf' : 'map';
  }

  const listType = schema?.['x-kubernetes-list-type'];
  return Array.isArray(value) && (listType === 'set' || listType === 'map') ? 'list' : 'leaf';
}

/** Whether a value counts as nothing: no value, null, an empty list or map. */
export function isEmpty(value: unknown): boolean {
  return (
    value === undefined ||
    value === null ||
    (typeof value === 'object' && Object.keys(value).length === 0)
  );
}

/** Keys that built-in kinds leave out are the zero values of their Go types. */
function zeroOf(items: Schema | undefined, key: string): Json | undefined {
  if (items?.['x-definition'] === undefined) {
    return undefined;
  }
  return items.properties?.[key]?.type === 'integer' ? 0 : '';
}

const keysOfLists = new WeakMap<Schema, [key: string, json: string][]>();

/** Returns the keys of a list's elements in order, and their JSON. */
function listKeys(schema: Schema): [key: string, json: string][] {
  let keys = keysOfLists.get(schema);
  if (keys === undefined) {
    keys = [...(schema['x-kubernetes-list-map-keys'] ?? [])]
      .sort()
      .map((key) => [key, JSON.stringify(key)]);
    keysOfLists.set(schema, keys);
  }

  return keys;
}

/**
 * Returns the edge of a `FieldSet` for a list element; throws a StatusError 400 when all keys are
 * missing.
 */
export function elementEdge(item: unknown, schema: Schema | undefined): string {
  if (schema?.['x-kubernetes-list-type'] !== 'map') {
    return `v:${JSON.stringify(item)}`;
  }

  let fields = '';

  for (const [key, text] of listKeys(schema)) {
    const given = isObject(item) ? getOwn(item, key) : undefined;
    const value = given ?? schema.items?.properties?.[key]?.default ?? zeroOf(schema.items, key);
    if (value !== undefined) {
      fields += `${fields === '' ? '' : ','}${text}:${JSON.stringify(value)}`;
    }
  }

  if (fields === '') {
    const names = schema['x-kubernetes-list-map-keys'] ?? [];
    const all = names.map((name) => JSON.stringify(name)).join(' ');

    throw badRequest(
      `associative list with keys has an element that omits all key fields [${all}] (and doesn't have default values for any key fields)`,
    );
  }

  return `k:{${fields}}`;
}

/**
 * Groups the elements of a list by their edges, in order: a stored list may hold several with the
 * same edge.
 */
export function grouped(
  list: readonly unknown[],
  schema: Schema | undefined,
): Map<string, unknown[]> {
  const byEdge = new Map<string, unknown[]>();

  for (const item of list) {
    const edge = elementEdge(item, schema);
    const group = byEdge.get(edge);
    if (group === undefined) {
      byEdge.set(edge, [item]);
    } else {
      group.push(item);
    }
  }

  return byEdge;
}

/**
 * Returns the elements of a list by their edges, in order; of several with the same edge the first.
 */
export function elements(
  list: readonly unknown[],
  schema: Schema | undefined,
): Map<string, unknown> {
  const byEdge = new Map<string, unknown>();

  for (const item of list) {
    const edge = elementEdge(item, schema);
    if (!byEdge.has(edge)) {
      byEdge.set(edge, item);
    }
  }

  return byEdge;
}
