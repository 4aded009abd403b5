import { equalJson, getOwn, type JsonObject } from '../../json/json.ts';
import type { Schema } from '../../schema/schema.ts';
import { FieldSet, schemaAt } from './field-set.ts';
import { grouped, isEmpty, type Relation, relation } from './list-elements.ts';

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
