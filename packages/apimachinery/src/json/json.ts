import { badRequest } from '../meta/errors.ts';
import type { Json } from '../meta/types.ts';

/** A JSON object. */
export type JsonObject = { [key: string]: Json };

/**
 * Deepest nesting that an object of the API may have; deeper ones are refused before anything
 * recurses into them.
 */
export const maxNesting = 256;

/** True for a JSON object, not for null or an array. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Returns an own property's value, never one of the prototype, whatever the key; undefined where
 * there is no such property or no object.
 */
export function getOwn<T>(
  object: Readonly<Record<string, T>> | undefined,
  key: string,
): T | undefined {
  return object && Object.hasOwn(object, key) ? object[key] : undefined;
}

/** Sets an own property; `__proto__` is a key like any other. */
export function setOwn<T>(object: Record<string, T>, key: string, value: T): void {
  if (key === '__proto__') {
    Object.defineProperty(object, key, {
      value,
      writable: true,
      enumerable: true,
      configurable: true,
    });
  } else {
    object[key] = value;
  }
}

/** A deep copy that keeps keys such as `__proto__` as plain properties. */
export function cloneJson<T extends Json>(value: T): T {
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  if (Array.isArray(value)) {
    return value.map((item) => cloneJson(item)) as T;
  }

  const copy: JsonObject = {};

  for (const [key, item] of Object.entries(value)) {
    setOwn(copy, key, cloneJson(item));
  }

  return copy as T;
}

/** Returns how many properties an object's JSON has: undefined ones are not written. */
function countWritten(object: object): number {
  return Object.values(object).filter((value) => value !== undefined).length;
}

/**
 * Whether two values have the same JSON: the order of keys does not matter, and a property that is
 * undefined counts as absent.
 */
export function equalJson(a: unknown, b: unknown): boolean {
  if (a === b) {
    return true;
  }
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) {
    return false;
  }

  if (Array.isArray(a)) {
    return (
      Array.isArray(b) &&
      a.length === b.length &&
      a.every((item, index) => equalJson(item, b[index]))
    );
  }

  if (Array.isArray(b)) {
    return false;
  }

  const keys = Object.keys(a);
  const isSame = keys.every((key) => {
    const value = (a as JsonObject)[key];
    return value === undefined
      ? getOwn(b as JsonObject, key) === undefined
      : Object.hasOwn(b, key) && equalJson(value, (b as JsonObject)[key]);
  });

  return isSame && (keys.length === Object.keys(b).length || countWritten(a) === countWritten(b));
}

/**
 * Throws a StatusError 400 for a value that is nested deeper than `limit`, which bounds its
 * recursion.
 */
export function assertNesting(value: unknown, limit = maxNesting): void {
  if (typeof value !== 'object' || value === null) {
    return;
  }
  if (limit < 0) {
    throw badRequest('json: exceeded max depth');
  }

  if (Array.isArray(value)) {
    for (const item of value) {
      if (typeof item === 'object') {
        assertNesting(item, limit - 1);
      }
    }

    return;
  }

  for (const key of Object.keys(value)) {
    const item = (value as JsonObject)[key];
    if (typeof item === 'object') {
      assertNesting(item, limit - 1);
    }
  }
}
