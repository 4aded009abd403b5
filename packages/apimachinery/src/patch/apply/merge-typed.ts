import { getOwn, type JsonObject, setOwn } from '../../json/json.ts';
import { badRequest } from '../../meta/errors.ts';
import type { Schema } from '../../schema/schema.ts';
import { type FieldSet, printEdge, schemaAt } from './field-set.ts';
import { elementEdge, elements, grouped, isEmpty, relation } from './list-elements.ts';

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
