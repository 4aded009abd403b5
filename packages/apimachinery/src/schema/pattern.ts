import { RE2JS } from 're2js';
import { memoize } from '../cache/memoize.ts';

const maxPatternLength = 4096;
/** Compiled patterns; `expression` is undefined for one that cannot be compiled. */
const compile = memoize(2_000, (pattern): { expression?: RE2JS } => {
  if (pattern.length > maxPatternLength) {
    return {};
  }

  try {
    return { expression: RE2JS.compile(pattern) };
  } catch {
    // A CRD with such a pattern is refused when it is written.
    return {};
  }
});

/**
 * Compiles a CRD's pattern in RE2 syntax, which takes linear time for any text. Returns undefined
 * for one that is malformed or longer than 4096 characters.
 */
export function compilePattern(pattern: string): RE2JS | undefined {
  return compile(pattern).expression;
}

/** Whether a pattern is found in a text; a pattern that cannot be compiled matches nothing. */
export function matchesPattern(text: string, pattern: string): boolean {
  return compilePattern(pattern)?.test(text) ?? false;
}
