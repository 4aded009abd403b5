/** Steps into an object: names of fields and indexes of lists. */
export type FieldPath = readonly (string | number)[];

/** Longest path, in characters and steps. */
const MAX_LENGTH = 512;
const MAX_STEPS = 32;
const STEP = /(^|\.)([A-Za-z0-9_$-]+)|\[(\d{1,4})\]|\['([^'\]]+)'\]/y;

/**
 * Parses `spec.replicas`, `spec.containers[0].image` or `metadata.labels['a.b/c']`; undefined for
 * anything else.
 */
export function parsePath(text: string): FieldPath | undefined {
  if (text.length > MAX_LENGTH) {
    return undefined;
  }

  const steps: (string | number)[] = [];

  for (let at = 0; at < text.length; ) {
    STEP.lastIndex = at;

    const step = STEP.exec(text);
    if (!step || steps.length === MAX_STEPS || (at === 0 && step[1] !== '')) {
      return undefined;
    }

    const [, , name, index, quoted = ''] = step;

    steps.push(name ?? (index === undefined ? quoted : Number(index)));
    at = STEP.lastIndex;
  }

  return steps.length > 0 ? steps : undefined;
}

function hasMember(
  value: unknown,
  step: string | number,
): value is Record<string | number, unknown> {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, step);
}

/**
 * Returns the scalar at a path: texts and numbers as they are, booleans as words; undefined for
 * none and for objects and lists.
 */
export function valueAt(object: unknown, path: FieldPath): string | number | undefined {
  let value = object;

  for (const step of path) {
    if (!hasMember(value, step)) {
      return undefined;
    }

    value = value[step];
  }

  if (typeof value === 'string' || typeof value === 'number') {
    return value;
  }

  return typeof value === 'boolean' ? String(value) : undefined;
}
