import type { Schema } from '@ks-apiserver/apimachinery/schema/schema';
import { fieldDescription } from './descriptions.ts';
import type { SchemaGroup } from './group.ts';

type Draft = { -readonly [K in keyof Schema]: Schema[K] };

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const open = { 'x-kubernetes-preserve-unknown-fields': true } as const;

const scalars: Readonly<Record<string, Schema>> = {
  string: { type: 'string' },
  bool: { type: 'boolean' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  double: { type: 'number', format: 'double' },
  bytes: { type: 'string', format: 'byte' },
  time: { type: 'string', format: 'date-time', 'x-definition': `${meta}.Time` },
  microtime: { type: 'string', format: 'date-time', 'x-definition': `${meta}.MicroTime` },
  quantity: {
    type: 'string',
    format: 'quantity',
    'x-definition': 'io.k8s.apimachinery.pkg.api.resource.Quantity',
  },
  intorstring: {
    type: 'string',
    'x-kubernetes-int-or-string': true,
    'x-definition': 'io.k8s.apimachinery.pkg.util.intstr.IntOrString',
  },
  raw: { type: 'object', ...open, 'x-kubernetes-map-type': 'atomic' },
  fields: { type: 'object', ...open, 'x-definition': `${meta}.FieldsV1` },
  any: open,
};

const origins = new WeakMap<Schema, Schema>();

/** The named type of a field's schema, without the properties of the field itself. */
export function originOf(schema: Schema): Schema {
  return origins.get(schema) ?? schema;
}

function applyFlag(schema: Draft, flag: string): void {
  const [, name = '', argument = ''] = /^([a-z]+)\((.*)\)$/.exec(flag) ?? [undefined, flag];
  switch (name) {
    case 'set':
      schema['x-kubernetes-list-type'] = 'set';
      break;
    case 'map':
      schema['x-kubernetes-list-type'] = 'map';
      schema['x-kubernetes-list-map-keys'] = argument.split(',');
      break;
    case 'atomic':
      if (schema.type === 'array') {
        schema['x-kubernetes-list-type'] = 'atomic';
      } else {
        schema['x-kubernetes-map-type'] = 'atomic';
      }

      break;
    case 'granular':
      schema['x-kubernetes-map-type'] = 'granular';
      break;
    case 'merge':
    case 'replace':
    case 'retain': {
      const strategy = name === 'retain' ? 'retainKeys' : name;
      const before = schema['x-kubernetes-patch-strategy'];

      schema['x-kubernetes-patch-strategy'] =
        before === undefined ? strategy : `${before},${strategy}`;

      if (argument !== '') {
        schema['x-kubernetes-patch-merge-key'] = argument;
      }

      break;
    }
    case 'struct':
      schema['x-struct'] = true;
      break;
    case 'ptr':
      schema['x-pointer'] = true;
      break;
    case 'dropped':
      schema['x-dropped'] = true;
      break;
    case 'always':
    case 'omitted':
      schema['x-zero'] = name;
      break;
    case 'enum':
      schema.enum = argument.split('|');
      break;
    default:
      if (!flag.startsWith('=')) {
        throw new Error(`unknown flag ${flag}`);
      }

      schema.default = JSON.parse(flag.slice(1));
  }
}

/** A group of schemas; throws an Error for a name that no group has. */
export function requireGroup(groups: ReadonlyMap<string, SchemaGroup>, name: string): SchemaGroup {
  const group = groups.get(name);
  if (!group) {
    throw new Error(`unknown group of schemas ${name}`);
  }

  return group;
}

/** Parses the compact notation into schemas, each type on its first use. */
export class SchemaParser {
  readonly #groups: ReadonlyMap<string, SchemaGroup>;
  readonly #lines = new Map<string, Map<string, string>>();
  readonly #parsed = new Map<string, Schema>();

  /** `groups`: by the name that types of other groups use for them. */
  constructor(groups: ReadonlyMap<string, SchemaGroup>) {
    this.#groups = groups;
  }

  #linesOf(group: string): Map<string, string> {
    let lines = this.#lines.get(group);
    if (lines === undefined) {
      lines = new Map();

      for (const line of requireGroup(this.#groups, group).types.trim().split('\n')) {
        lines.set(line.replace(/[ :].*/s, ''), line);
      }

      this.#lines.set(group, lines);
    }

    return lines;
  }

  /** The schema of a named type; throws an Error where the group has none of that name. */
  require(group: string, name: string): Schema {
    const schema = this.type(group, name);
    if (!schema) {
      throw new Error(`unknown type ${group}.${name}`);
    }

    return schema;
  }

  /** The schema of a named type; undefined where the group has none of that name. */
  type(group: string, name: string): Schema | undefined {
    const id = `${group}.${name}`;
    const known = this.#parsed.get(id);
    if (known !== undefined) {
      return known;
    }

    const line = this.#linesOf(group).get(name);
    if (line === undefined) {
      return undefined;
    }

    const colon = line.indexOf(':');
    const [, ...flags] = line.slice(0, colon).split(' ');
    const fields = line.slice(colon + 1).trim();
    const schema: Draft = {
      'x-definition': `${requireGroup(this.#groups, group).definitions}.${name}`,
    };
    const description = fieldDescription(name);
    if (description !== undefined) {
      schema.description = description;
    }

    // Added before its fields are parsed: types may be recursive.
    this.#parsed.set(id, schema);

    if (fields === '') {
      if (flags.includes('object')) {
        schema.type = 'object';
      } else {
        Object.assign(schema, open);
      }

      const of = flags
        .map((flag) => /^or\((.+)\)$/.exec(flag)?.[1])
        .find((object) => object !== undefined);

      if (of !== undefined) {
        schema['x-object'] = this.#resolve(group, of);
      }

      return schema;
    }

    schema.type = 'object';

    for (const flag of flags) {
      applyFlag(schema, flag);
    }

    const properties: Record<string, Schema> = {};
    const required: string[] = [];

    schema.properties = properties;

    for (const field of fields.split('; ')) {
      const [head = '', type = '', ...fieldFlags] = field.split(' ');
      const fieldName = head.endsWith('!') ? head.slice(0, -1) : head;

      if (head.endsWith('!')) {
        required.push(fieldName);
      }

      properties[fieldName] = this.#field(
        group,
        type,
        fieldFlags,
        fieldDescription(`${name}.${fieldName}`),
      );
    }

    if (required.length > 0) {
      schema.required = required;
    }

    return schema;
  }

  #field(
    group: string,
    type: string,
    flags: readonly string[],
    description: string | undefined,
  ): Schema {
    const schema = this.#resolve(group, type);

    if (flags.length === 0 && description === undefined) {
      return schema;
    }

    const own: Draft = { ...schema };
    origins.set(own, schema);

    for (const flag of flags) {
      applyFlag(own, flag);
    }

    if (description !== undefined) {
      own.description = description;
    }

    return own;
  }

  #resolve(group: string, type: string): Schema {
    if (type.startsWith('[]')) {
      return { type: 'array', items: this.#resolve(group, type.slice(2)) };
    }
    if (type.startsWith('{}')) {
      return { type: 'object', additionalProperties: this.#resolve(group, type.slice(2)) };
    }

    const scalar = Object.hasOwn(scalars, type) ? scalars[type] : undefined;
    if (scalar !== undefined) {
      return scalar;
    }

    const dot = type.indexOf('.');
    const found =
      dot < 0 ? this.type(group, type) : this.type(type.slice(0, dot), type.slice(dot + 1));
    if (found === undefined) {
      throw new Error(`unknown type ${type} in ${group}`);
    }

    return found;
  }
}
