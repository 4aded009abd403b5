import { isGoDuration } from '@ks-apiserver/apimachinery/schema/formats';
import type { Schema } from '@ks-apiserver/apimachinery/schema/schema';
import { evaluation } from './environment.ts';

const toDuration = evaluation.parse('duration(text)') as (
  context: Record<string, unknown>,
) => unknown;

/** Reserved words of CEL that are allowed after a dot. */
const SELECTABLE = new Set(
  'as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
);

const RESERVED = new Set([...SELECTABLE, 'true', 'false', 'null', 'in']);

/** Whether a word is reserved in CEL. */
export function isReservedWord(word: string): boolean {
  return RESERVED.has(word);
}

/**
 * A property's name in CEL rules (Kubernetes "CRD validation rules", "Escaping property names").
 */
export function escapeName(name: string): string {
  if (RESERVED.has(name)) {
    return `__${name}__`;
  }
  if (/^[A-Za-z_]\w*$/.test(name) && !name.includes('__')) {
    return name;
  }

  return name
    .replaceAll('__', '__underscores__')
    .replaceAll('.', '__dot__')
    .replaceAll('-', '__dash__')
    .replaceAll('/', '__slash__');
}

/** Every name that rules may use for a property: reserved words also unescaped. */
export function namesInRules(name: string): string[] {
  const escaped = escapeName(name);
  return escaped !== name && SELECTABLE.has(name) ? [escaped, name] : [escaped];
}

const unordered = new WeakSet<object>();

/** Whether the order of a list has no meaning: list type set or map. */
export function isUnordered(list: unknown): list is readonly unknown[] {
  return Array.isArray(list) && unordered.has(list);
}

/** A JSON value with the CEL types of its schema: integers are `int`, dates are timestamps. */
export function celValue(value: unknown, schema: Schema | undefined): unknown {
  if (typeof value === 'number') {
    const integer =
      schema?.type === 'integer' || (schema?.type !== 'number' && Number.isSafeInteger(value));
    return integer && Number.isInteger(value) ? BigInt(value) : value;
  }

  if (typeof value === 'string' && schema?.type === 'string' && schema.format !== undefined) {
    return convertFormat(value, schema.format);
  }

  if (Array.isArray(value)) {
    const list = value.map((item) => celValue(item, schema?.items));

    if (
      schema?.['x-kubernetes-list-type'] === 'set' ||
      schema?.['x-kubernetes-list-type'] === 'map'
    ) {
      unordered.add(list);
    }

    return list;
  }

  if (value === null || typeof value !== 'object') {
    return value;
  }

  const result: Record<string, unknown> = {};

  for (const [name, child] of Object.entries(value)) {
    const property =
      schema?.properties && Object.hasOwn(schema.properties, name)
        ? schema.properties[name]
        : undefined;

    const other =
      typeof schema?.additionalProperties === 'object' ? schema.additionalProperties : undefined;

    // Rules see no null in a property that the schema has.
    if (property && child === null) {
      continue;
    }

    const made = celValue(child, property ?? other);

    for (const [index, spelled] of (property ? namesInRules(name) : [name]).entries()) {
      const enumerable = index === 0;
      Object.defineProperty(result, spelled, {
        value: made,
        enumerable,
        configurable: true,
        writable: true,
      });
    }
  }

  return result;
}

function convertFormat(text: string, format: string): unknown {
  switch (format) {
    case 'date':
    case 'date-time': {
      const date = new Date(text);
      return Number.isNaN(date.getTime()) ? text : date;
    }
    case 'duration':
      return isGoDuration(text) && text !== '0' ? toDuration({ text }) : text;
    case 'byte':
      return Buffer.from(text, 'base64');
    default:
      return text;
  }
}
