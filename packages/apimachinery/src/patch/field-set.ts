import { isObject, setOwn } from '../json/json.ts';
import type { Json } from '../meta/types.ts';
import type { Schema } from '../schema/schema.ts';

const NONE: ReadonlyMap<string, FieldSet> = new Map();

/** What stands for a field without fields below it; shared, so nobody may change it. */
export const LEAF: Record<string, Json> = Object.freeze({});

/**
 * A set of paths into an object, as `fieldsV1` holds it (sigs.k8s.io/structured-merge-diff): a tree
 * whose edges are `f:<field>`, `k:<keys as JSON>`, `v:<value as JSON>`; `member` tells whether the
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

  /** Takes away what is below an edge. */
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

  /** `fieldsV1` of this set, edges sorted. */
  toJson(): Record<string, Json> {
    if (this.children.size === 0) {
      return LEAF;
    }

    const fields: Record<string, Json> = {};

    if (this.member) {
      fields['.'] = LEAF;
    }

    for (const edge of [...this.children.keys()].sort()) {
      setOwn(fields, edge, this.children.get(edge)!.toJson());
    }

    return fields;
  }

  get empty(): boolean {
    return !this.member && this.children.size === 0;
  }

  /** The node that an edge leads to, made if need be. */
  at(edge: string): FieldSet {
    let child = this.children.get(edge);
    if (child === undefined) {
      child = new FieldSet();
      this.put(edge, child);
    }

    return child;
  }

  #combine(
    member: boolean,
    edges: Iterable<string>,
    combine: (edge: string) => FieldSet | undefined,
  ): FieldSet {
    const out = new FieldSet();
    out.member = member;

    for (const edge of edges) {
      const child = combine(edge);
      if (child !== undefined && !child.empty) {
        out.put(edge, child);
      }
    }

    return out;
  }

  /**
   * The union of any number of sets, at least one, in the time that it takes to look at each once.
   */
  static unionOf(sets: readonly FieldSet[]): FieldSet {
    if (sets.length === 1) {
      return sets[0]!;
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
    const edges = new Set([...this.children.keys(), ...other.children.keys()]);
    return this.#combine(this.member || other.member, edges, (edge) => {
      const [mine, theirs] = [this.children.get(edge), other.children.get(edge)];
      return mine && theirs ? mine.union(theirs) : (mine ?? theirs);
    });
  }

  difference(other: FieldSet): FieldSet {
    return this.#combine(this.member && !other.member, this.children.keys(), (edge) => {
      const [mine, theirs] = [this.children.get(edge)!, other.children.get(edge)];
      return theirs ? mine.difference(theirs) : mine;
    });
  }

  intersection(other: FieldSet): FieldSet {
    return this.#combine(this.member && other.member, this.children.keys(), (edge) => {
      const theirs = other.children.get(edge);
      return theirs && this.children.get(edge)!.intersection(theirs);
    });
  }

  /** Without these top-level fields and all below them. */
  withoutFields(fields: readonly string[]): FieldSet {
    const dropped = new Set(fields.map((field) => `f:${field}`));
    return this.#combine(this.member, this.children.keys(), (edge) =>
      dropped.has(edge) ? undefined : this.children.get(edge),
    );
  }

  equals(other: FieldSet): boolean {
    return this.difference(other).empty && other.difference(this).empty;
  }

  /** Adds the fields of structs on the way to members, which are no members themselves. */
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

  /** How many members there are. */
  get size(): number {
    let size = this.member ? 1 : 0;

    for (const child of this.children.values()) {
      size += child.size;
    }

    return size;
  }

  /**
   * All member paths as Kubernetes prints them: `.spec.containers[name="a"].image`; of each level
   * first the members.
   */
  *paths(prefix = ''): Generator<string, void> {
    const edges = sortedEdges(this.children.keys());
    for (const edge of edges) {
      if (this.children.get(edge)!.member) {
        yield prefix + printEdge(edge);
      }
    }

    for (const edge of edges) {
      yield* this.children.get(edge)!.paths(prefix + printEdge(edge));
    }
  }
}

/** Edges in order; keys of list elements are compared by their values: numbers as numbers. */
function sortedEdges(edges: Iterable<string>): string[] {
  return Array.from(edges, (edge) => ({
    edge,
    keys: edge.startsWith('k:') ? keysOf(edge) : undefined,
  }))
    .sort(
      (a, b) =>
        (a.keys && b.keys && compareKeys(a.keys, b.keys)) ||
        (a.edge < b.edge ? -1 : Number(a.edge > b.edge)),
    )
    .map(({ edge }) => edge);
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
    return schema!.properties![name];
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
