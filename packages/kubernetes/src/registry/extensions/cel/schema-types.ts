import type { Schema } from '@ks-apiserver/apimachinery/schema/schema';
import type { Environment } from '@marcbachmann/cel-js';
import { declared } from './environment.ts';
import { namesInRules } from './values.ts';

/** Declares the types of one environment; the library registers each by name. */
class Types {
  readonly environment: Environment;
  #count = 0;

  constructor(environment: Environment) {
    this.environment = environment;
  }

  /** The CEL type of values of a schema (kubernetes.io "CRD validation rules", type mapping). */
  of(schema: Schema | undefined): string {
    if (!schema || schema['x-kubernetes-int-or-string']) {
      return 'dyn';
    }

    switch (schema.type) {
      case 'string':
        return stringType(schema.format);
      case 'integer':
        return 'int';
      case 'number':
        return 'double';
      case 'boolean':
        return 'bool';
      case 'array':
        return `list<${this.of(schema.items)}>`;
      case 'object':
        return this.#object(schema);
      default:
        return 'dyn';
    }
  }

  #object(schema: Schema): string {
    const { additionalProperties, properties } = schema;
    if (typeof additionalProperties === 'object') {
      return `map<string, ${this.of(additionalProperties)}>`;
    }

    const fields = this.fields(properties);

    if (schema['x-kubernetes-embedded-resource']) {
      fields.apiVersion ??= 'string';
      fields.kind ??= 'string';
      fields.metadata ??= this.metadata();
    }

    return this.declare(fields);
  }

  /** Types of properties by the names that rules use for them. */
  fields(properties: Schema['properties'] = {}): Record<string, string> {
    const fields: Record<string, string> = {};

    for (const [name, property] of Object.entries(properties)) {
      // Rules cannot see properties without a type.
      if (property.type === undefined && !property['x-kubernetes-int-or-string']) {
        continue;
      }

      const type = this.of(property);

      for (const spelled of namesInRules(name)) {
        fields[spelled] = type;
      }
    }

    return fields;
  }

  /** The fields of metadata that rules see. */
  metadata(): string {
    return this.declare({ name: 'string', generateName: 'string' });
  }

  declare(fields: Record<string, string>): string {
    const name = `ob${this.#count++}`;
    this.environment
      .registerType(name, { fields })
      .registerOperator(`${name} == ${name}`, () => true)
      .registerOperator(`${name} == null`, () => false);

    return name;
  }
}

function stringType(format: string | undefined): string {
  switch (format) {
    case 'date':
    case 'date-time':
      return 'google.protobuf.Timestamp';
    case 'duration':
      return 'google.protobuf.Duration';
    case 'byte':
      return 'bytes';
    default:
      return 'string';
  }
}

/** Which variables the rules of a schema have. */
interface RuleScope {
  /** True for the schema of whole objects, whose type and metadata are known too. */
  isRoot?: boolean;
  /** True where `oldSelf` is an optional, as a rule with optionalOldSelf has it. */
  optionalOldSelf?: boolean | undefined;
}

/** An environment in which `self` and `oldSelf` are values of a schema. */
export function environmentOf(
  schema: Schema,
  { isRoot = false, optionalOldSelf = false }: RuleScope = {},
): Environment {
  const environment = declared.clone();
  const types = new Types(environment);
  let type: string;

  if (isRoot) {
    const { metadata: _, ...properties } = schema.properties ?? {};
    const known = { apiVersion: 'string', kind: 'string', metadata: types.metadata() };
    type = types.declare({ ...known, ...types.fields(properties) });
  } else {
    type = types.of(schema);
  }

  return environment
    .registerVariable('self', type)
    .registerVariable('oldSelf', optionalOldSelf ? `optional<${type}>` : type);
}
