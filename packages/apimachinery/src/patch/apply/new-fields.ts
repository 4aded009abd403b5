import { memoize } from '../../cache/memoize.ts';
import { isObject, type JsonObject } from '../../json/json.ts';
import type { Json, KubeObject } from '../../meta/types.ts';
import type { Schema } from '../../schema/schema.ts';
import { compareText } from '../../text/compare-text.ts';
import { fieldSchema, LEAF } from './field-set.ts';
import { grouped, isEmpty, relation } from './list-elements.ts';

type Fields = Record<string, Json>;
type Visit = (value: unknown, schema: Schema | undefined) => Fields | undefined;

const NOTHING: ReadonlySet<string> = new Set();

/**
 * Edges by field: looking up a text that was a key before is much faster than looking up one that
 * was just joined.
 */
const rememberedEdge = memoize(5_000, (key) => `f:${key}`);

/** Fields of larger maps are not remembered. */
const MAX_KEPT_MAP = 200;

/**
 * Returns the fields added below a map, in Kubernetes' order; `isMember` when the map itself was
 * added too.
 */
function ofMap(
  value: JsonObject,
  schema: Schema | undefined,
  visit: Visit,
  isMember: boolean,
  skipped = NOTHING,
): Fields | undefined {
  let fields: Fields | undefined;
  const keys = Object.keys(value).sort();
  for (const key of keys) {
    if (value[key] === undefined) {
      continue;
    }

    // Skipped fields are examined too: a list whose elements cannot be identified is refused
    // wherever it is.
    const inner = visit(value[key], fieldSchema(schema, key));
    if (inner === undefined || skipped.has(key)) {
      continue;
    }

    fields ??= isMember ? { '.': LEAF } : {};
    fields[keys.length <= MAX_KEPT_MAP ? rememberedEdge(key) : `f:${key}`] = inner;
  }

  return fields;
}

/** Returns the fields added below a list whose elements have edges of their own. */
function ofList<T>(byEdge: Map<string, T>, visit: (items: T) => Fields, isMember: boolean): Fields {
  const fields: Fields = isMember ? { '.': LEAF } : {};

  for (const [edge, items] of [...byEdge].sort(([a], [b]) => compareText(a, b))) {
    fields[edge] = visit(items);
  }

  return fields;
}

/** Of several elements with one key nobody owns single fields, only all of them together. */
function ofItems(items: readonly unknown[], list: Schema | undefined): Fields {
  return items.length === 1 ? ofValue(items[0], list?.items) : LEAF;
}

/** Returns all fields of a value that was not there before, itself included. */
function ofValue(value: unknown, schema: Schema | undefined): Fields {
  if (typeof value !== 'object' || value === null || isEmpty(value)) {
    return LEAF;
  }

  switch (relation(schema, value)) {
    case 'leaf':
      return LEAF;
    case 'list':
      return ofList(grouped(value as unknown[], schema), (items) => ofItems(items, schema), true);
    case 'map':
      return ofMap(value as JsonObject, schema, ofValue, true) ?? LEAF;
  }
}

/** Returns the fields added to a struct that counts as having been there, empty. */
function ofStruct(
  value: unknown,
  schema: Schema | undefined,
  skipped?: ReadonlySet<string>,
): Fields | undefined {
  if (isObject(value) && isEmpty(value)) {
    return undefined;
  }
  if (!isObject(value) || relation(schema, value) === 'leaf') {
    return LEAF;
  }

  return ofMap(value, schema, ofField, false, skipped);
}

/** Returns the fields added to a list that was null. */
function ofStructList(value: unknown, schema: Schema | undefined): Fields | undefined {
  if (value === null) {
    return undefined;
  }
  if (isEmpty(value)) {
    return LEAF;
  }
  if (relation(schema, value) !== 'list') {
    return ofStruct(value, schema);
  }

  return ofList(grouped(value as unknown[], schema), (items) => ofItems(items, schema), false);
}

/** A struct that is no pointer in Go is there whenever its parent is. */
function ofField(value: unknown, schema: Schema | undefined): Fields | undefined {
  if (schema?.['x-struct'] !== true) {
    return ofValue(value, schema);
  }
  return schema.type === 'array' ? ofStructList(value, schema) : ofStruct(value, schema);
}

/**
 * Returns the `fieldsV1` of a new object, without its top-level fields and metadata of these names;
 * undefined when nothing is left. Gives the same result as comparing with an object of empty
 * metadata, but builds no sets: most writes of a busy server create objects.
 */
export function fieldsOfNew(
  object: KubeObject,
  schema: Schema,
  skipped: { fields: ReadonlySet<string>; metadata: ReadonlySet<string> },
): Fields | undefined {
  const ofTop: Visit = (value, below) =>
    value === object.metadata ? ofStruct(value, below, skipped.metadata) : ofField(value, below);
  return ofMap(object as unknown as JsonObject, schema, ofTop, false, skipped.fields);
}
