import { isObject, type JsonObject, setOwn } from '@ks-apiserver/apimachinery/json/json';

/**
 * Fields of an object of the API, whatever they hold: what a client sends has not been validated
 * yet.
 */
export type Fields = Record<string, unknown>;

/** Whether a value has fields. */
export function isFields(value: unknown): value is Fields {
  return isObject(value);
}

/** Whether a field is left out, also as Kubernetes' decoder reads `null`. */
export function isAbsent(value: unknown): value is undefined | null {
  return value === undefined || value === null;
}

/** A copy with one field set, or left out for undefined. */
export function withField(object: Fields, name: string, value: unknown): Fields {
  const { [name]: _old, ...rest } = object;

  if (value !== undefined) {
    setOwn(rest, name, value);
  }

  return rest;
}

/** A copy with the fields that are missing, or null, taken from others. */
export function withDefaults(object: Fields, defaults: Fields): Fields {
  const missing = Object.entries(defaults).filter(([name]) => isAbsent(object[name]));
  return missing.length === 0 ? object : { ...object, ...Object.fromEntries(missing) };
}

/** A path such as `spec.rules[].http`: names of fields, and `[]` for each element of a list. */
export function parsePath(path: string): readonly string[] {
  return path.replaceAll('[]', '.[]').split('.');
}

/**
 * A copy in which what is at a path is what `change` makes of it, for each element of the lists on
 * the way; nothing is added where the path leads nowhere. Undefined leaves a field out.
 */
export function changedAt(
  value: unknown,
  path: readonly string[],
  change: (value: unknown) => unknown,
): unknown {
  const [step, ...rest] = path;
  if (step === undefined) {
    return change(value);
  }

  if (step === '[]') {
    return Array.isArray(value) ? value.map((item) => changedAt(item, rest, change)) : value;
  }

  if (!isFields(value) || isAbsent(value[step])) {
    return value;
  }

  return withField(value, step, changedAt(value[step], rest, change));
}

/** `changedAt` for what has fields there. */
export function mapFields(
  object: Fields,
  path: string,
  change: (fields: Fields) => Fields,
): Fields {
  return changedAt(object, parsePath(path), (value) =>
    isFields(value) ? change(value) : value,
  ) as Fields;
}

/** What is at a path without lists. */
export function valueAt(object: unknown, path: string): unknown {
  let value = object;

  for (const step of path.split('.')) {
    value = isFields(value) && Object.hasOwn(value, step) ? value[step] : undefined;
  }

  return value;
}

/**
 * A copy with a value at a path without lists; objects on the way are made. Undefined leaves the
 * field out.
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

/** An annotation of an object. */
export function annotationOf(object: Fields, name: string): string | undefined {
  const value = valueAt(object, 'metadata.annotations');
  return isFields(value) && Object.hasOwn(value, name) && typeof value[name] === 'string'
    ? value[name]
    : undefined;
}

/**
 * A copy with an annotation set, or without it for undefined; annotations that are none then are
 * left out.
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

/** JSON of an annotation that holds an object; undefined for anything else. */
export function parsedAnnotation(text: string | undefined): JsonObject | undefined {
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
