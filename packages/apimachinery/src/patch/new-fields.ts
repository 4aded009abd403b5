import { isObject, type JsonObject } from '../json/json.ts';
import type { Json, KubeObject } from '../meta/types.ts';
import type { Schema } from '../schema/schema.ts';
import { fieldSchema, LEAF } from './field-set.ts';
import { grouped, isEmpty, relation } from './typed.ts';

type Fields = Record<string, Json>;
type Visit = (value: unknown, schema: Schema | undefined) => Fields | undefined;

const NOTHING: ReadonlySet<string> = new Set();

/**
 * Edges by field: a text that was a key before is found far quicker than one that was just put
 * together.
 */
const edges = new Map<string, string>();
const MAX_EDGES = 5_000;

/** The fields of larger maps are not worth remembering. */
const MAX_KEPT_MAP = 200;

function edgeOf(key: string, isOften: boolean): string {
  if (!isOften) {
    return `f:${key}`;
  }

  let edge = edges.get(key);
  if (edge === undefined) {
    edge = `f:${key}`;

    if (edges.size >= MAX_EDGES) {
      edges.clear();
    }

    edges.set(key, edge);
  }

  return edge;
}

/** What was added below a map, in Kubernetes' order; `isMember` where the map itself was, too. */
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

    // Also what is skipped is looked at: lists whose elements cannot be told apart are refused
    // wherever they are.
    const inner = visit(value[key], fieldSchema(schema, key));
    if (inner === undefined || skipped.has(key)) {
      continue;
    }

    fields ??= isMember ? { '.': LEAF } : {};
    fields[edgeOf(key, keys.length <= MAX_KEPT_MAP)] = inner;
  }

  return fields;
}

/** What was added below a list whose elements have edges of their own. */
function ofList<T>(byEdge: Map<string, T>, visit: (items: T) => Fields, isMember: boolean): Fields {
  const fields: Fields = isMember ? { '.': LEAF } : {};

  for (const edge of [...byEdge.keys()].sort()) {
    fields[edge] = visit(byEdge.get(edge)!);
  }

  return fields;
}

/** Of several elements with one key nobody owns fields, only them all. */
function ofItems(items: readonly unknown[], list: Schema | undefined): Fields {
  return items.length === 1 ? ofValue(items[0], list?.items) : LEAF;
}

/** All of a value that was not there before, itself included. */
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

/** What was added to a struct that counts as having been there, empty. */
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

/** The same for a list, which was null. */
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

/** A struct that is no pointer in Go is always there, if its parent is. */
function ofField(value: unknown, schema: Schema | undefined): Fields | undefined {
  if (schema?.['x-struct'] !== true) {
    return ofValue(value, schema);
  }
  return schema.type === 'array' ? ofStructList(value, schema) : ofStruct(value, schema);
}

/**
 * `fieldsV1` of all that a new object holds, less its top-level fields and its metadata of these
 * names; undefined where nothing is left. The same as a comparison with an object of empty metadata
 * finds, without building sets: most writes of a busy server are of new objects.
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
