import type { Schema } from '@ks-apiserver/apimachinery/schema/schema';
import { originOf } from '../schemas/parse.ts';

/** A node of an OpenAPI document. */
export type Node = Record<string, unknown>;

const fieldExtensions = [
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-map-type',
  'x-kubernetes-patch-merge-key',
  'x-kubernetes-patch-strategy',
] as const;

const copied = [
  'type',
  'format',
  'description',
  'required',
  'enum',
  'default',
  'nullable',
  'pattern',
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minItems',
  'maxItems',
  'uniqueItems',
  'minProperties',
  'maxProperties',
  'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-embedded-resource',
  'x-kubernetes-int-or-string',
  'x-kubernetes-validations',
] as const;

/** Turns schemas into nodes of one document, and collects the definitions that they refer to. */
export class Definitions {
  readonly nodes: Record<string, Node> = {};
  readonly #version: 2 | 3;
  readonly #prefix: string;

  constructor(version: 2 | 3) {
    this.#version = version;
    this.#prefix = version === 2 ? '#/definitions/' : '#/components/schemas/';
  }

  /** A reference to a definition by name. */
  ref(name: string): Node {
    return { $ref: `${this.#prefix}${name}` };
  }

  /** The name of a schema's definition, which is added to the document if it has one. */
  add(schema: Schema, name = schema['x-definition']): string | undefined {
    if (name === undefined || Object.hasOwn(this.nodes, name)) {
      return name;
    }

    const node: Node = {};

    // Added before its fields: types may contain themselves.
    this.nodes[name] = node;
    Object.assign(node, this.#scalar(name) ?? this.#inline(originOf(schema)));

    return name;
  }

  #scalar(name: string): Node | undefined {
    if (name.endsWith('.resource.Quantity')) {
      const description = 'An amount such as 500m, 2, 1.5Gi or 12e6.';
      return this.#version === 2
        ? { description, type: 'string' }
        : { description, oneOf: [{ type: 'string' }, { type: 'number' }] };
    }

    if (!name.endsWith('.IntOrString')) {
      return undefined;
    }

    const description = 'A whole number, or a text such as a percentage or a name.';
    const format = 'int-or-string';

    return this.#version === 2
      ? { description, type: 'string', format }
      : { description, format, oneOf: [{ type: 'integer' }, { type: 'string' }] };
  }

  /** The node of a field. */
  field(schema: Schema): Node {
    const name = this.add(schema);
    if (name === undefined) {
      return this.#inline(schema);
    }

    const own: Node = {};

    for (const key of fieldExtensions) {
      if (schema[key] !== undefined && schema[key] !== originOf(schema)[key]) {
        own[key] = schema[key];
      }
    }

    if (schema.description !== undefined && schema.description !== originOf(schema).description) {
      own.description = schema.description;
    }
    if (schema.default !== undefined) {
      own.default = schema.default;
    }
    if (Object.keys(own).length === 0) {
      return this.ref(name);
    }

    return this.#version === 2
      ? { ...this.ref(name), ...own }
      : { ...own, allOf: [this.ref(name)] };
  }

  #inline(schema: Schema): Node {
    const node: Node = {};

    for (const key of [...copied, ...fieldExtensions]) {
      if (schema[key] !== undefined) {
        node[key] = schema[key];
      }
    }

    if (schema['x-kubernetes-int-or-string']) {
      delete node.type;
    }
    if (this.#version === 2) {
      delete node.nullable;
    }

    if (schema.properties !== undefined) {
      const fields = Object.entries(schema.properties).map(
        ([key, field]) => [key, this.field(field)] as const,
      );
      node.properties = Object.fromEntries(fields);
    }

    if (typeof schema.additionalProperties === 'object') {
      node.additionalProperties = this.field(schema.additionalProperties);
    } else if (schema.additionalProperties !== undefined) {
      node.additionalProperties = schema.additionalProperties;
    }

    if (schema.items !== undefined) {
      node.items = this.field(schema.items);
    }

    if (this.#version === 3) {
      for (const key of ['allOf', 'anyOf', 'oneOf'] as const) {
        if (schema[key] !== undefined) {
          node[key] = schema[key].map((branch) => this.#inline(branch));
        }
      }

      if (schema.not !== undefined) {
        node.not = this.#inline(schema.not);
      }
    }

    return node;
  }
}
