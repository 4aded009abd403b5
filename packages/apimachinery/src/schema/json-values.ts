import type { Schema } from './schema.ts';

export function typeOf(value: unknown): string {
  if (value === null) {
    return 'null';
  }
  if (Array.isArray(value)) {
    return 'array';
  }
  if (typeof value === 'number') {
    return Number.isInteger(value) ? 'integer' : 'number';
  }

  return typeof value;
}

export function typeFits(actual: string, schema: Schema): boolean {
  if (schema['x-kubernetes-int-or-string'] === true) {
    return actual === 'integer' || actual === 'string';
  }
  if (schema.type === undefined) {
    return true;
  }

  return actual === schema.type || (actual === 'integer' && schema.type === 'number');
}

/** Whether a text has at most so many code points. */
export function hasAtMost(text: string, bound: number): boolean {
  // A code point is one or two UTF-16 units: only texts near the bound must be counted.
  if (text.length <= bound) {
    return true;
  }

  let count = 0;

  for (const _ of text) {
    count++;
  }

  return count <= bound;
}

/** Returns a number as Go prints it with `%v`. */
export function goNumber(value: number): string {
  const text = String(value);
  return text.replace(/e([+-])(\d)$/, 'e$10$2');
}
