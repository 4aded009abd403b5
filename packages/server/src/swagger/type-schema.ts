import type { TSchema } from 'typebox';
import { ref, type SwaggerSchema } from './document.ts';

/** Keywords of JSON Schema that mean the same in Swagger 2.0. */
const kept = [
  'type',
  'format',
  'title',
  'description',
  'default',
  'example',
  'readOnly',
  'enum',
  'required',
  'pattern',
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
  'multipleOf',
  'minItems',
  'maxItems',
  'uniqueItems',
  'minProperties',
  'maxProperties',
] as const;

type JsonSchema = TSchema & {
  $id?: string;
  $ref?: string;
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  allOf?: JsonSchema[];
  items?: JsonSchema;
  properties?: Record<string, JsonSchema>;
  patternProperties?: Record<string, JsonSchema>;
  additionalProperties?: JsonSchema | boolean;
  [keyword: string]: unknown;
};

function typeName(value: unknown): string {
  return Number.isInteger(value) ? 'integer' : typeof value;
}

/**
 * Converts the schemas of route tables to Swagger 2.0; schemas with an `$id` become definitions of
 * that name.
 */
export class SchemaConverter {
  readonly definitions = new Map<string, SwaggerSchema>();
  readonly #referred = new Set<string>();

  /** Returns the Swagger form of a schema. */
  convert(schema: TSchema): SwaggerSchema {
    const { $id, ...inline } = schema as JsonSchema;
    if ($id === undefined) {
      return this.#inline(inline as JsonSchema);
    }

    if (!this.definitions.has($id)) {
      this.definitions.set($id, {}); // A schema may refer to itself.
      this.definitions.set($id, this.#inline(inline as JsonSchema));
    }

    return ref($id);
  }

  /** Returns the names that are referred to and defined nowhere. */
  undefinedNames(): string[] {
    return [...this.#referred].filter((name) => !this.definitions.has(name)).sort();
  }

  #inline(schema: JsonSchema): SwaggerSchema {
    if (schema.$ref !== undefined) {
      const name = schema.$ref.replace(/^#\/definitions\//, '');
      this.#referred.add(name);
      return ref(name);
    }

    const choices = schema.anyOf ?? schema.oneOf;
    if (choices) {
      return this.#choice(schema, choices);
    }
    if (schema.const !== undefined) {
      return { type: typeName(schema.const), enum: [schema.const] };
    }

    const types = Array.isArray(schema.type) ? schema.type : undefined;
    const first = schema.patternProperties && Object.values(schema.patternProperties)[0];
    const additional = first ?? schema.additionalProperties;

    return {
      ...Object.fromEntries(
        Object.entries(schema).filter(
          ([key]) => (kept as readonly string[]).includes(key) || key.startsWith('x-'),
        ),
      ),
      ...(types && { type: types.find((type) => type !== 'null') ?? 'string' }),
      ...(types?.includes('null') && { 'x-nullable': true }),
      ...(schema.type === undefined && schema.enum?.length && { type: typeName(schema.enum[0]) }),
      ...(schema.items && { items: this.convert(schema.items) }),
      ...(schema.properties && {
        properties: Object.fromEntries(
          Object.entries(schema.properties).map(([name, value]) => [name, this.convert(value)]),
        ),
      }),
      ...(additional === true && { additionalProperties: true }),
      ...(typeof additional === 'object' && { additionalProperties: this.convert(additional) }),
      ...(schema.allOf && { allOf: schema.allOf.map((part) => this.convert(part)) }),
    };
  }

  // Swagger 2.0 has no unions: null becomes an extension, constants an enum, any other union stays
  // open.
  #choice(schema: JsonSchema, choices: JsonSchema[]): SwaggerSchema {
    const about =
      schema.description === undefined ? {} : { description: String(schema.description) };
    const some = choices.filter(({ type }) => type !== 'null');
    const nullable = some.length < choices.length ? { 'x-nullable': true } : {};

    const [only] = some;
    if (only && some.length === 1) {
      return { ...this.convert(only), ...about, ...nullable };
    }

    if (some.every((choice) => choice.const !== undefined)) {
      const values = some.map((choice) => choice.const);
      return { type: typeName(values[0]), enum: values, ...about, ...nullable };
    }

    return { ...about, ...nullable };
  }
}
