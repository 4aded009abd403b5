import { equalJson, getOwn, isObject, type JsonObject, setOwn } from '../json/json.ts';
import { badRequest } from '../meta/errors.ts';
import type { Json } from '../meta/types.ts';
import type { Schema } from '../schema/schema.ts';
import { FieldSet, printEdge, schemaAt } from './field-set.ts';

/** How a value is owned and merged: as one piece, field by field, or element by element. */
type Relation = 'leaf' | 'map' | 'list';

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

function addFields(set: FieldSet, value: unknown, schema: Schema | undefined): void {
  switch (relation(schema, value)) {
    case 'leaf':
      set.member = true;
      break;
    case 'map':
      for (const [key, item] of Object.entries(value as JsonObject)) {
        const edge = `f:${key}`;
        const child = set.at(edge);

        addFields(child, item, schemaAt(schema, edge));

        const named = schema?.properties !== undefined && Object.hasOwn(schema.properties, key);
        if (item === null || !named || (isObject(item) && isEmpty(item))) {
          child.member = true;
        }
        if (child.empty) {
          set.drop(edge);
        }
      }

      break;
    case 'list':
      for (const [edge, items] of grouped(value as unknown[], schema)) {
        const child = set.at(edge);
        // Of several elements with one key nobody owns single fields, only all of them together.
        if (items.length === 1) {
          addFields(child, items[0], schema?.items);
        }

        child.member = true;
      }
  }
}

/** Returns all fields of a configuration, as its applier owns them. */
export function fieldSetOf(value: unknown, schema: Schema | undefined): FieldSet {
  const set = new FieldSet();
  addFields(set, value, schema);
  set.member = false;
  return set;
}

/** The fields that differ between two values. */
export interface Comparison {
  added: FieldSet;
  modified: FieldSet;
  removed: FieldSet;
}

function below(node: Comparison, edge: string): Comparison {
  return {
    added: node.added.at(edge),
    modified: node.modified.at(edge),
    removed: node.removed.at(edge),
  };
}

function tidy(node: Comparison, edge: string): void {
  for (const set of [node.added, node.modified, node.removed]) {
    if (set.children.get(edge)?.empty) {
      set.drop(edge);
    }
  }
}

/**
 * Adds all fields of a value that was not there before: the same as `compareInto`, without looking
 * for what changed or went.
 */
function addAll(set: FieldSet, value: unknown, schema: Schema | undefined): void {
  set.member = true;

  if (typeof value !== 'object' || value === null || isEmpty(value)) {
    return;
  }

  switch (relation(schema, value)) {
    case 'leaf':
      return;
    case 'list':
      for (const [edge, items] of grouped(value as unknown[], schema)) {
        // Of several elements with one key nobody owns single fields, only all of them together.
        if (items.length === 1) {
          addAll(set.at(edge), items[0], schema?.items);
        } else {
          set.at(edge).member = true;
        }
      }

      return;
    case 'map':
      for (const key of Object.keys(value)) {
        const edge = `f:${key}`;
        const item = (value as JsonObject)[key];
        if (item !== undefined) {
          addAll(set.at(edge), item, schemaAt(schema, edge));
        }
      }
  }
}

/**
 * Further down, equal parts are found by walking them: comparing at each level would compare
 * everything below again and again.
 */
const QUICK_DEPTH = 8;

/**
 * Whether two values are certainly equal: comparing is cheaper than building sets for nothing, but
 * not at every depth.
 */
function isSame(left: unknown, right: unknown, depth: number): boolean {
  return left === right || (depth < QUICK_DEPTH && equalJson(left, right));
}

/** Returns what a missing field counts as: a struct that is no pointer in Go is always there. */
function absentValue(schema: Schema | undefined): null | JsonObject | undefined {
  if (schema?.['x-struct'] !== true) {
    return undefined;
  }
  return schema.type === 'array' ? null : {};
}

function compareInto(
  node: Comparison,
  before: unknown,
  after: unknown,
  schema: Schema | undefined,
  depth: number,
): void {
  if (before === undefined && after !== undefined) {
    addAll(node.added, after, schema);
    return;
  }

  if (before === undefined) {
    node.added.member = true;
  } else if (after === undefined) {
    node.removed.member = true;
  }

  const kinds = [before, after]
    .filter((value) => value !== undefined && value !== null)
    .map((v) => relation(schema, v));
  const [kind = 'leaf', other = kind] = kinds;
  if (kind !== other) {
    // The value changed its form: the old one goes with all its parts, the new one comes with its
    // own.
    node.modified.member = true;
    compareParts(node, before, undefined, schema, kind, depth);
    compareParts(node, undefined, after, schema, other, depth);

    return;
  }

  if (kind === 'leaf' || (isEmpty(before) && isEmpty(after))) {
    if (before !== undefined && after !== undefined && !equalJson(before, after)) {
      node.modified.member = true;
    }
    return;
  }

  compareParts(node, before, after, schema, kind, depth);
}

function compareParts(
  node: Comparison,
  before: unknown,
  after: unknown,
  schema: Schema | undefined,
  kind: Relation,
  depth: number,
): void {
  if (kind === 'leaf') {
    return;
  }

  if (kind === 'list') {
    const [old, now] = [
      grouped((before as unknown[]) ?? [], schema),
      grouped((after as unknown[]) ?? [], schema),
    ];

    for (const edge of new Set([...old.keys(), ...now.keys()])) {
      const [left = [], right = []] = [old.get(edge), now.get(edge)];
      // Several elements of one key count as one piece, which is compared as a whole.
      if (isSame(left, right, left.length > 1 ? 0 : depth)) {
        continue;
      }

      compareElements(below(node, edge), left, right, schema?.items, depth + 1);
      tidy(node, edge);
    }

    return;
  }

  const [old, now] = [(before ?? {}) as JsonObject, (after ?? {}) as JsonObject];
  for (const key of new Set([...Object.keys(old), ...Object.keys(now)])) {
    const edge = `f:${key}`;
    const inner = schemaAt(schema, edge);

    const absent = absentValue(inner);
    const [left, right] = [getOwn(old, key), getOwn(now, key)];

    // Most of an object stays the same.
    if (left !== undefined && isSame(left, right, depth)) {
      continue;
    }

    compareInto(
      below(node, edge),
      before === undefined || left !== undefined ? left : absent,
      after === undefined || right !== undefined ? right : absent,
      inner,
      depth + 1,
    );

    tidy(node, edge);
  }
}

/** Compares the elements of one key: at most one, or several that count as one piece. */
function compareElements(
  node: Comparison,
  before: unknown[],
  after: unknown[],
  schema: Schema | undefined,
  depth: number,
): void {
  const [wereMany, areMany] = [before.length > 1, after.length > 1];
  if (wereMany && areMany) {
    node.modified.member = true;
  } else if (wereMany || areMany) {
    const [left, right] = [wereMany ? undefined : before[0], areMany ? undefined : after[0]];
    if (left !== undefined || right !== undefined) {
      compareInto(node, left, right, schema, depth);
    }

    (wereMany ? node.removed : node.added).member = true;
  } else {
    compareInto(node, before[0], after[0], schema, depth);
  }
}

/** Returns the fields in which two versions of an object differ. */
export function compareTyped(
  before: unknown,
  after: unknown,
  schema: Schema | undefined,
): Comparison {
  const node = { added: new FieldSet(), modified: new FieldSet(), removed: new FieldSet() };
  compareInto(node, before, after, schema, 0);
  return node;
}

function mergeLists(
  live: readonly unknown[],
  applied: readonly unknown[],
  schema: Schema | undefined,
): unknown[] {
  const old = elements(live, schema);
  const wanted = elements(applied, schema);
  if (wanted.size < applied.length) {
    const [twice = ''] = [...grouped(applied, schema)].find(([, items]) => items.length > 1) ?? [];
    throw badRequest(`duplicate entries for key ${printEdge(twice)}`);
  }

  const out: unknown[] = [];
  const done = new Set<string>();
  const shared = [...wanted.keys()].filter((edge) => old.has(edge));
  let next = 0;

  const take = (edge: string) => {
    done.add(edge);
    out.push(mergeTyped(old.get(edge), wanted.get(edge), schema?.items));

    if (shared[next] === edge) {
      next++;
    }
  };

  const [left, right] = [[...old.keys()], [...wanted.keys()]];
  let [l, r] = [0, 0];
  while (l < left.length || r < right.length) {
    const [a, b] = [left[l], right[r]];
    if (a !== undefined && b !== undefined) {
      if (a === b) {
        take(a);
        l++;
        r++;
        continue;
      }

      if (wanted.has(a) && shared[next] !== undefined && shared[next] !== a) {
        l++;
        continue;
      }
    }

    if (a !== undefined) {
      if (!wanted.has(a)) {
        out.push(old.get(a));
        l++;
        continue;
      }

      if (done.has(a)) {
        l++;
      }
    }

    if (b !== undefined) {
      take(b);
      r++;
    }
  }

  return out;
}

/**
 * Returns a live value with a configuration merged into it: maps by field, lists by their type,
 * everything else as a whole.
 */
export function mergeTyped(live: unknown, applied: unknown, schema: Schema | undefined): unknown {
  if (applied === undefined) {
    return live;
  }
  if (live === undefined || live === null || applied === null) {
    return applied;
  }

  const kind = relation(schema, applied);
  if (kind === 'leaf' || kind !== relation(schema, live) || (isEmpty(live) && isEmpty(applied))) {
    return applied;
  }
  if (kind === 'list') {
    return mergeLists(live as unknown[], applied as unknown[], schema);
  }

  const out: JsonObject = { ...(live as JsonObject) };
  for (const [key, value] of Object.entries(applied as JsonObject)) {
    setOwn(
      out,
      key,
      mergeTyped(getOwn(live as JsonObject, key), value, schemaAt(schema, `f:${key}`)) as never,
    );
  }

  return out;
}

/** Returns a value without the fields and elements of a set; undefined when nothing is left. */
export function removeItems(value: unknown, remove: FieldSet, schema: Schema | undefined): unknown {
  const kind = relation(schema, value);
  if (kind === 'leaf') {
    return typeof value === 'object' && value !== null ? undefined : value;
  }

  if (kind === 'list') {
    const kept: unknown[] = [];

    for (const item of value as unknown[]) {
      const child = remove.children.get(elementEdge(item, schema));
      if (child?.member) {
        continue;
      }

      kept.push(child === undefined ? item : removeItems(item, child, schema?.items));
    }

    return kept.length > 0 ? kept : undefined;
  }

  const out: JsonObject = {};
  for (const [key, item] of Object.entries(value as JsonObject)) {
    const edge = `f:${key}`;
    const child = remove.children.get(edge);
    if (child?.member) {
      continue;
    }

    const left = child === undefined ? item : removeItems(item, child, schemaAt(schema, edge));
    if (left !== undefined) {
      setOwn(out, key, left as never);
    }
  }

  return Object.keys(out).length > 0 ? out : undefined;
}
