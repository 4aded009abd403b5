import { RE2JS } from 're2js';

/** Longest pattern, in characters. */
const MAX_PATTERN = 16_384;

/**
 * Returns the names in which a regular expression (RE2 syntax, not anchored) is found; an empty one
 * chooses all, one that cannot be read none, as in 3.0.
 */
export function selectNames(names: readonly string[], pattern: string): readonly string[] {
  if (pattern === '') {
    return names;
  }
  if (pattern.length > MAX_PATTERN) {
    return [];
  }

  try {
    const expression = RE2JS.compile(pattern);
    return names.filter((name) => expression.matcher(name).find());
  } catch {
    return [];
  }
}
