import { isObject, type JsonObject, setOwn } from '@ks-apiserver/apimachinery/json/json';

/** Fields of an object of the API, with any values: what a client sends is not validated yet. */
export type Fields = Record<string, unknown>;

/** Whether a value has fields. */
export function isFields(value: unknown): value is Fields {
  return isObject(value);
}

/** Whether a field is absent; Kubernetes' decoder reads `null` as absent too. */
export function isAbsent(value: unknown): value is undefined | null {
  return value === undefined || value === null;
}

/** Returns a copy with one field set, or removed for undefined. */
export function withField(object: Fields, name: string, value: unknown): Fields {
  const { [name]: _old, ...rest } = object;

  if (value !== undefined) {
    setOwn(rest, name, value);
  }

  return rest;
}

/** Returns a copy in which absent fields are taken from the defaults. */
export function withDefaults(object: Fields, defaults: Fields): Fields {
  const missing = Object.entries(defaults).filter(([name]) => isAbsent(object[name]));
  return missing.length === 0 ? object : { ...object, ...Object.fromEntries(missing) };
}

/**
 * Parses a path such as `spec.rules[].http`: names of fields, and `[]` for each element of a list.
 */
export function parsePath(path: string): readonly string[] {
  return path.replaceAll('[]', '.[]').split('.');
}

/**
 * Returns a copy in which `change` has replaced the value at a path, for each element of the lists
 * on the way; unchanged if the path does not exist. A result of undefined removes the field.
 */
export function changeAt(
  value: unknown,
  path: readonly string[],
  change: (value: unknown) => unknown,
): unknown {
  const [step, ...rest] = path;
  if (step === undefined) {
    return change(value);
  }

  if (step === '[]') {
    return Array.isArray(value) ? value.map((item) => changeAt(item, rest, change)) : value;
  }

  if (!isFields(value) || isAbsent(value[step])) {
    return value;
  }

  return withField(value, step, changeAt(value[step], rest, change));
}

/** Like `changeAt`, for values that have fields. */
export function mapFields(
  object: Fields,
  path: string,
  change: (fields: Fields) => Fields,
): Fields {
  const changed = changeAt(object, parsePath(path), (value) =>
    isFields(value) ? change(value) : value,
  );

  return isFields(changed) ? changed : object;
}

/** Returns the value at a path without lists. */
export function valueAt(object: unknown, path: string): unknown {
  let value = object;

  for (const step of path.split('.')) {
    value = isFields(value) && Object.hasOwn(value, step) ? value[step] : undefined;
  }

  return value;
}

/**
 * Returns a copy with a value at a path without lists, creating objects on the way; undefined
 * removes the field.
 */
export function withValueAt(object: Fields, path: string, value: unknown): Fields {
  const dot = path.indexOf('.');
  if (dot < 0) {
    return withField(object, path, value);
  }

  const name = path.slice(0, dot);
  const inner = object[name];
  if (value === undefined && !isFields(inner)) {
    return object;
  }

  return withField(
    object,
    name,
    withValueAt(isFields(inner) ? inner : {}, path.slice(dot + 1), value),
  );
}

/** Returns an annotation of an object. */
export function annotationOf(object: Fields, name: string): string | undefined {
  const value = valueAt(object, 'metadata.annotations');
  return isFields(value) && Object.hasOwn(value, name) && typeof value[name] === 'string'
    ? value[name]
    : undefined;
}

/**
 * Returns a copy with an annotation set, or removed for undefined; empty annotations are removed.
 */
export function withAnnotation(object: Fields, name: string, value: string | undefined): Fields {
  const metadata = isFields(object.metadata) ? object.metadata : {};
  const annotations = isFields(metadata.annotations) ? metadata.annotations : {};
  if (value === undefined && !Object.hasOwn(annotations, name)) {
    return object;
  }

  const changed = withField(annotations, name, value);
  const left = Object.keys(changed).length > 0 ? changed : undefined;

  return { ...object, metadata: withField(metadata, 'annotations', left) };
}

/** Parses an annotation that holds a JSON object; undefined for anything else. */
export function parseAnnotation(text: string | undefined): JsonObject | undefined {
  if (text === undefined) {
    return undefined;
  }

  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
