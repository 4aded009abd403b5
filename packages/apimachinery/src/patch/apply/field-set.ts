import { isObject, setOwn } from '../../json/json.ts';
import type { Json } from '../../meta/types.ts';
import type { Schema } from '../../schema/schema.ts';
import { compareText } from '../../text/compare-text.ts';

const NONE: ReadonlyMap<string, FieldSet> = new Map();

/** Stands for a field without fields below it. Shared: it must not be changed. */
export const LEAF: Record<string, Json> = Object.freeze({});

/**
 * A set of paths into an object, as `fieldsV1` holds it (sigs.k8s.io/structured-merge-diff): a tree
 * whose edges are `f:<field>`, `k:<keys as JSON>`, `v:<value as JSON>`. `member` says whether the
 * path to a node is itself in the set.
 */
export class FieldSet {
  member = false;
  #children: Map<string, FieldSet> | undefined;

  /** Nodes below, by edge; most nodes have none. */
  get children(): ReadonlyMap<string, FieldSet> {
    return this.#children ?? NONE;
  }

  /** Puts a node below an edge. */
  put(edge: string, child: FieldSet): void {
    this.#children ??= new Map();
    this.#children.set(edge, child);
  }

  /** Removes what is below an edge. */
  drop(edge: string): void {
    this.#children?.delete(edge);
  }

  /** The set that `fieldsV1` describes. */
  static fromJson(fields: unknown): FieldSet {
    const set = new FieldSet();

    if (!isObject(fields)) {
      return set;
    }

    for (const [edge, below] of Object.entries(fields)) {
      if (edge === '.') {
        set.member = true;
      } else {
        const child = FieldSet.fromJson(below);
        if (child.children.size === 0) {
          child.member = true;
        }

        set.put(edge, child);
      }
    }

    return set;
  }

  /** Returns the `fieldsV1` of this set, edges sorted. */
  toJson(): Record<string, Json> {
    if (this.children.size === 0) {
      return LEAF;
    }

    const fields: Record<string, Json> = {};

    if (this.member) {
      fields['.'] = LEAF;
    }

    const children = [...this.children].sort(([a], [b]) => compareText(a, b));
    for (const [edge, child] of children) {
      setOwn(fields, edge, child.toJson());
    }

    return fields;
  }

  get empty(): boolean {
    return !this.member && this.children.size === 0;
  }

  /** Returns the node that an edge leads to, and makes it when there is none. */
  at(edge: string): FieldSet {
    let child = this.children.get(edge);
    if (child === undefined) {
      child = new FieldSet();
      this.put(edge, child);
    }

    return child;
  }

  /** Returns a set with what `combine` makes of each child; empty children are left out. */
  #combine(combine: (child: FieldSet, edge: string) => FieldSet | undefined): FieldSet {
    const out = new FieldSet();

    for (const [edge, child] of this.children) {
      const combined = combine(child, edge);
      if (combined !== undefined && !combined.empty) {
        out.put(edge, combined);
      }
    }

    return out;
  }

  /** Returns the union of at least one set, looking at each set once. */
  static unionOf(sets: readonly FieldSet[]): FieldSet {
    const [only] = sets;
    if (only && sets.length === 1) {
      return only;
    }

    const byEdge = new Map<string, FieldSet[]>();
    const out = new FieldSet();

    for (const set of sets) {
      out.member ||= set.member;

      for (const [edge, child] of set.children) {
        const same = byEdge.get(edge);
        if (same) {
          same.push(child);
        } else {
          byEdge.set(edge, [child]);
        }
      }
    }

    for (const [edge, same] of byEdge) {
      const child = FieldSet.unionOf(same);
      if (!child.empty) {
        out.put(edge, child);
      }
    }

    return out;
  }

  union(other: FieldSet): FieldSet {
    return FieldSet.unionOf([this, other]);
  }

  difference(other: FieldSet): FieldSet {
    const out = this.#combine((mine, edge) => {
      const theirs = other.children.get(edge);
      return theirs ? mine.difference(theirs) : mine;
    });
    out.member = this.member && !other.member;
    return out;
  }

  intersection(other: FieldSet): FieldSet {
    const out = this.#combine((mine, edge) => {
      const theirs = other.children.get(edge);
      return theirs && mine.intersection(theirs);
    });
    out.member = this.member && other.member;
    return out;
  }

  /** Returns the set without these top-level fields and everything below them. */
  withoutFields(fields: readonly string[]): FieldSet {
    const dropped = new Set(fields.map((field) => `f:${field}`));
    const out = this.#combine((child, edge) => (dropped.has(edge) ? undefined : child));
    out.member = this.member;
    return out;
  }

  equals(other: FieldSet): boolean {
    return this.difference(other).empty && other.difference(this).empty;
  }

  /** Adds the fields of structs that lead to members and are no members themselves. */
  withNamedFields(schema: Schema | undefined): FieldSet {
    const out = new FieldSet();
    out.member = this.member;

    for (const [edge, child] of this.children) {
      const below = child.withNamedFields(schemaAt(schema, edge));

      if (child.children.size > 0 && edge.startsWith('f:') && isNamedField(schema, edge.slice(2))) {
        below.member = true;
      }

      out.put(edge, below);
    }

    return out;
  }

  /** Returns how many members there are. */
  get size(): number {
    let size = this.member ? 1 : 0;

    for (const child of this.children.values()) {
      size += child.size;
    }

    return size;
  }

  /**
   * Yields all member paths as Kubernetes prints them: `.spec.containers[name="a"].image`; of each
   * level first the members.
   */
  *paths(prefix = ''): Generator<string, void> {
    const children = sortChildren(this.children);

    for (const [edge, child] of children) {
      if (child.member) {
        yield prefix + printEdge(edge);
      }
    }

    for (const [edge, child] of children) {
      yield* child.paths(prefix + printEdge(edge));
    }
  }
}

/** Sorts nodes by their edges; keys of list elements by their values, numbers as numbers. */
function sortChildren(children: ReadonlyMap<string, FieldSet>): [string, FieldSet][] {
  return Array.from(children, ([edge, child]) => ({
    edge,
    child,
    keys: edge.startsWith('k:') ? keysOf(edge) : undefined,
  }))
    .sort(
      (a, b) => (a.keys && b.keys && compareKeys(a.keys, b.keys)) || compareText(a.edge, b.edge),
    )
    .map(({ edge, child }) => [edge, child]);
}

function keysOf(edge: string): Json[] {
  return Object.values(JSON.parse(edge.slice(2)) as Record<string, Json>);
}

function compareKeys(a: readonly Json[], b: readonly Json[]): number {
  for (const [index, value] of a.entries()) {
    const other = b[index];
    if (value === other) {
      continue;
    }
    if (typeof value === 'number' && typeof other === 'number') {
      return value - other;
    }

    return String(value) < String(other) ? -1 : 1;
  }

  return 0;
}

function isNamedField(schema: Schema | undefined, name: string): boolean {
  return schema?.properties !== undefined && Object.hasOwn(schema.properties, name);
}

/** The schema below an edge. */
export function schemaAt(schema: Schema | undefined, edge: string): Schema | undefined {
  return edge.startsWith('f:') ? fieldSchema(schema, edge.slice(2)) : schema?.items;
}

/** The schema of a field. */
export function fieldSchema(schema: Schema | undefined, name: string): Schema | undefined {
  if (isNamedField(schema, name)) {
    return schema?.properties?.[name];
  }
  return typeof schema?.additionalProperties === 'object' ? schema.additionalProperties : undefined;
}

/** An edge as Kubernetes prints it in paths: `.spec`, `[name="a"]`, `[="x"]`. */
export function printEdge(edge: string): string {
  const rest = edge.slice(2);

  if (edge.startsWith('f:')) {
    return `.${rest}`;
  }
  if (edge.startsWith('v:')) {
    return `[=${rest}]`;
  }

  try {
    const keys = Object.entries(JSON.parse(rest) as Record<string, Json>);
    return `[${keys.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(',')}]`;
  } catch {
    return `[${rest}]`;
  }
}
