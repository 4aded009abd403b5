/** Steps into an object: names of members and places in lists. */
export type FieldPath = readonly (string | number)[];

/** Longest path, in characters and steps. */
const MAX_LENGTH = 512;
const MAX_STEPS = 32;
const STEP = /(^|\.)([A-Za-z0-9_$-]+)|\[(\d{1,4})\]|\['([^'\]]+)'\]/y;

/**
 * Reads `spec.replicas`, `spec.containers[0].image` or `metadata.labels['a.b/c']`; undefined for
 * what is no path.
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

    steps.push(step[2] ?? (step[3] === undefined ? step[4]! : Number(step[3])));
    at = STEP.lastIndex;
  }

  return steps.length > 0 ? steps : undefined;
}

/**
 * The scalar at a path: text and numbers as they are, booleans as words; undefined for none and for
 * what is no scalar.
 */
export function valueAt(object: unknown, path: FieldPath): string | number | undefined {
  let value = object;

  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) {
      return undefined;
    }
    value = (value as Record<string | number, unknown>)[step];
  }

  if (typeof value === 'string' || typeof value === 'number') {
    return value;
  }

  return typeof value === 'boolean' ? String(value) : undefined;
}
