import { isObject } from '../json/json.ts';

/**
 * A JSON value as Go prints it with `%v`, which is how Kubernetes shows patches in messages:
 * `map[a:1 b:[x y]]`.
 */
export function goText(value: unknown): string {
  if (value === null || value === undefined) {
    return '<nil>';
  }
  if (Array.isArray(value)) {
    return `[${value.map(goText).join(' ')}]`;
  }
  if (!isObject(value)) {
    return String(value);
  }

  const keys = Object.keys(value).sort();

  return `map[${keys.map((key) => `${key}:${goText(value[key])}`).join(' ')}]`;
}

/** Returns the name of the Go type into which a JSON value is decoded without a schema (`%T`). */
export function goTypeName(value: unknown): string {
  if (value === null || value === undefined) {
    return '<nil>';
  }
  if (Array.isArray(value)) {
    return '[]interface {}';
  }
  if (typeof value === 'boolean') {
    return 'bool';
  }
  if (typeof value === 'number') {
    return Number.isInteger(value) ? 'int64' : 'float64';
  }

  return typeof value === 'string' ? 'string' : 'map[string]interface {}';
}

/** A JSON value in Go's syntax (`%#v`). */
export function goSyntax(value: unknown): string {
  if (value === null || value === undefined) {
    return 'interface {}(nil)';
  }
  if (typeof value === 'string') {
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) {
    return `[]interface {}{${value.map(goSyntax).join(', ')}}`;
  }
  if (!isObject(value)) {
    return String(value);
  }

  const entries = Object.keys(value).sort();

  return `map[string]interface {}{${entries.map((key) => `${JSON.stringify(key)}:${goSyntax(value[key])}`).join(', ')}}`;
}
