import { isGoDuration } from '@ks-apiserver/apimachinery/schema/formats';
import type { Schema } from '@ks-apiserver/apimachinery/schema/schema';
import { evaluation } from './environment.ts';

const toDuration = evaluation.parse('duration(text)') as (context: Record<string, unknown>) => unknown;

const RESERVED = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
);

/** A property's name as CEL rules spell it (Kubernetes "CRD validation rules", "Escaping property names"). */
export function escapedName(name: string): string {
  if (RESERVED.has(name)) return `__${name}__`;
  if (/^[A-Za-z_]\w*$/.test(name) && !name.includes('__')) return name;
  return name
    .replaceAll('__', '__underscores__')
    .replaceAll('.', '__dot__')
    .replaceAll('-', '__dash__')
    .replaceAll('/', '__slash__');
}

/** A JSON value with the types that its schema gives it in CEL: integers are `int`, dates are timestamps. */
export function celValue(value: unknown, schema: Schema | undefined): unknown {
  if (typeof value === 'number') {
    const integer = schema?.type === 'integer' || (schema?.type !== 'number' && Number.isSafeInteger(value));
    return integer && Number.isInteger(value) ? BigInt(value) : value;
  }
  if (typeof value === 'string' && schema?.type === 'string' && schema.format !== undefined)
    return formatted(value, schema.format);
  if (Array.isArray(value)) return value.map((item) => celValue(item, schema?.items));
  if (value === null || typeof value !== 'object') return value;
  const result: Record<string, unknown> = {};
  for (const [name, child] of Object.entries(value)) {
    const property = schema?.properties && Object.hasOwn(schema.properties, name) ? schema.properties[name] : undefined;
    const other = typeof schema?.additionalProperties === 'object' ? schema.additionalProperties : undefined;
    Object.defineProperty(result, property ? escapedName(name) : name, {
      value: celValue(child, property ?? other),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return result;
}

function formatted(text: string, format: string): unknown {
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

/** Size of the largest list, map or string inside a value, at least 1. */
export function largestCollection(value: unknown): number {
  if (Array.isArray(value))
    return value.reduce((most: number, item) => Math.max(most, largestCollection(item)), Math.max(1, value.length));
  if (value === null || typeof value !== 'object' || value instanceof Date) return 1;
  const items = Object.values(value);
  return items.reduce((most: number, item) => Math.max(most, largestCollection(item)), Math.max(1, items.length));
}
