import type { TSchema } from 'typebox';
import { answerFailure } from './answer-failure.ts';

/** The parts of a JSON Schema that an answer is read by. */
interface Shape {
  type?: string;
  properties?: Readonly<Record<string, Shape>>;
  required?: readonly string[];
  items?: Shape;
}

/** Stands for what is missing, in answers and in schemas. */
const EMPTY: Shape & Record<string, unknown> = Object.freeze({});

function typeOf(value: unknown): string {
  return Array.isArray(value) ? 'array' : typeof value;
}

function objectOf(value: object, shape: Shape, at: string): Record<string, unknown> {
  const fields = value as Readonly<Record<string, unknown>>;
  const known: Record<string, unknown> = {};

  for (const [name, ofField] of Object.entries(shape.properties ?? {})) {
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined;

    if (field !== undefined && field !== null) {
      known[name] = shaped(field, ofField, `${at}.${name}`);
    } else if (shape.required?.includes(name) && ofField.type === 'object') {
      known[name] = objectOf(EMPTY, ofField, `${at}.${name}`);
    }
  }

  return known;
}

function shaped(value: unknown, shape: Shape, at: string): unknown {
  if (shape.type === undefined) {
    return value;
  }

  const type = typeOf(value);

  if (type !== (shape.type === 'integer' ? 'number' : shape.type)) {
    throw answerFailure(`a value of type ${type} at ${at}`, shape.type);
  }
  if (shape.type === 'object') {
    return objectOf(value as object, shape, at);
  }
  if (shape.type === 'array') {
    const { items = EMPTY } = shape;
    return (value as unknown[]).map((item) =>
      item === null && items.type === 'object'
        ? objectOf(EMPTY, items, `${at}[]`)
        : shaped(item, items, `${at}[]`),
    );
  }

  return value;
}

/**
 * Returns an answer of Jenkins in the form of a schema: without fields that the schema does not
 * know and without null, and with the objects that it requires, though empty. Throws 500 when a
 * value has another type.
 */
export function inShape(value: unknown, schema: TSchema): unknown {
  const shape = schema as Shape;

  if (value === null || value === undefined) {
    return shape.type === 'object' ? objectOf(EMPTY, shape, '$') : null;
  }

  return shaped(value, shape, '$');
}
