import type { Schema } from '@ks-apiserver/apimachinery/schema/schema';
import type { Environment } from '@marcbachmann/cel-js';
import { declared } from './environment.ts';
import { escapedName } from './values.ts';

/** Names types of one environment; the library registers each by name. */
class Types {
  readonly environment: Environment;
  #count = 0;

  constructor(environment: Environment) {
    this.environment = environment;
  }

  /** CEL's name of the type of values of a schema (kubernetes.io "CRD validation rules", type mapping). */
  of(schema: Schema | undefined): string {
    if (!schema || schema['x-kubernetes-int-or-string']) return 'dyn';
    const text = schema.nullable ? 'dyn' : undefined;
    switch (schema.type) {
      case 'string':
        return text ?? stringType(schema.format);
      case 'integer':
        return text ?? 'int';
      case 'number':
        return text ?? 'double';
      case 'boolean':
        return text ?? 'bool';
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
    if (typeof additionalProperties === 'object') return `map<string, ${this.of(additionalProperties)}>`;
    if (!properties && schema['x-kubernetes-preserve-unknown-fields']) return 'dyn';
    const fields: Record<string, string> = {};
    for (const [name, property] of Object.entries(properties ?? {})) fields[escapedName(name)] = this.of(property);
    if (schema['x-kubernetes-embedded-resource']) {
      fields.apiVersion ??= 'string';
      fields.kind ??= 'string';
      fields.metadata ??= this.metadata();
    }
    return this.declare(fields);
  }

  /** The little that rules see of an object's metadata. */
  metadata(): string {
    return this.declare({ name: 'string', generateName: 'string' });
  }

  declare(fields: Record<string, string>): string {
    const name = `ob${this.#count++}`;
    this.environment.registerType(name, { fields }).registerOperator(`${name} == ${name}`, () => true);
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

/** An environment in which `self` and `oldSelf` are values of a schema; at the root also type and metadata are known. */
export function environmentOf(schema: Schema, root: boolean, optionalOldSelf: boolean): Environment {
  const environment = declared.clone();
  const types = new Types(environment);
  let type: string;
  if (root) {
    const fields: Record<string, string> = { apiVersion: 'string', kind: 'string', metadata: types.metadata() };
    for (const [name, property] of Object.entries(schema.properties ?? {}))
      if (name !== 'metadata') fields[escapedName(name)] = types.of(property);
    type = types.declare(fields);
  } else type = types.of(schema);
  return environment
    .registerVariable('self', type)
    .registerVariable('oldSelf', optionalOldSelf ? `optional<${type}>` : type);
}
