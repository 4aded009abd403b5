import type { StatusCause } from '../meta/errors.ts';

/**
 * Returns a text in double quotes as Kubernetes' messages show it: control characters as `\x00`,
 * everything else unchanged.
 */
export function quote(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is escaped.
  return `"${text.replace(/[\\"\u0000-\u001f\u007f]/g, (char) => {
    if (char === '"' || char === '\\') {
      return `\\${char}`;
    }
    if (char === '\n') {
      return '\\n';
    }
    if (char === '\t') {
      return '\\t';
    }
    if (char === '\r') {
      return '\\r';
    }

    return `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
  })}"`;
}

function shown(value: unknown): string {
  if (typeof value === 'string') {
    return quote(value);
  }
  if (typeof value === 'number' || typeof value === 'boolean') {
    return String(value);
  }
  if (value === undefined) {
    return 'null';
  }

  return JSON.stringify(value).replace(
    /[<>&]/g,
    (char) => `\\u00${char.charCodeAt(0).toString(16)}`,
  );
}

function withDetail(head: string, detail: string): string {
  return detail === '' ? head : `${head}: ${detail}`;
}

/** A required field is missing (Kubernetes `Required value`). */
export function required(field: string, detail = ''): StatusCause {
  return { reason: 'FieldValueRequired', message: withDetail('Required value', detail), field };
}

/** A field holds a malformed value (Kubernetes `Invalid value`). */
export function invalidValue(field: string, value: unknown, detail: string): StatusCause {
  return {
    reason: 'FieldValueInvalid',
    message: withDetail(`Invalid value: ${shown(value)}`, detail),
    field,
  };
}

/**
 * A field holds a value of another type than its schema's (Kubernetes reason
 * `FieldValueTypeInvalid`).
 */
export function typeInvalid(field: string, value: unknown, detail: string): StatusCause {
  return {
    reason: 'FieldValueTypeInvalid',
    message: withDetail(`Invalid value: ${shown(value)}`, detail),
    field,
  };
}

/** A field holds none of its allowed values (Kubernetes `Unsupported value`). */
export function notSupported(
  field: string,
  value: unknown,
  supported: readonly unknown[],
): StatusCause {
  const list = supported
    .map((item) => quote(typeof item === 'string' ? item : JSON.stringify(item)))
    .join(', ');
  const detail = list === '' ? '' : `supported values: ${list}`;

  return {
    reason: 'FieldValueNotSupported',
    message: withDetail(`Unsupported value: ${shown(value)}`, detail),
    field,
  };
}

/** A value that must be unique occurs twice (Kubernetes `Duplicate value`). */
export function duplicate(field: string, value: unknown): StatusCause {
  return { reason: 'FieldValueDuplicate', message: `Duplicate value: ${shown(value)}`, field };
}

/** A value refers to something that does not exist (Kubernetes `Not found`). */
export function notFoundValue(field: string, value: unknown): StatusCause {
  return { reason: 'FieldValueNotFound', message: `Not found: ${shown(value)}`, field };
}

/** A field may not be set or changed here (Kubernetes `Forbidden`). */
export function forbiddenField(field: string, detail: string): StatusCause {
  return { reason: 'FieldValueForbidden', message: withDetail('Forbidden', detail), field };
}

/** A string is longer than `max` bytes (Kubernetes `Too long`). */
export function tooLong(field: string, max: number, unit = 'byte'): StatusCause {
  const detail = `may not be more than ${max} ${max === 1 ? unit : `${unit}s`}`;
  return { reason: 'FieldValueTooLong', message: `Too long: ${detail}`, field };
}

/** A list or map has more than `max` entries (Kubernetes `Too many`). */
export function tooMany(field: string, actual: number, max: number): StatusCause {
  return {
    reason: 'FieldValueTooMany',
    message: `Too many: ${actual}: must have at most ${max} ${max === 1 ? 'item' : 'items'}`,
    field,
  };
}

/** Path of a named child: `spec.name`, or `name` at the root. */
export function child(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}
