import { RE2JS } from 're2js';

const maxPatternLength = 4096;
const maxCached = 2000;
const compiled = new Map<string, RE2JS | undefined>();

/**
 * A CRD's pattern in RE2 syntax, which takes linear time whatever the text is; undefined where it
 * is malformed or longer than 4096 characters.
 */
export function compilePattern(pattern: string): RE2JS | undefined {
  if (compiled.has(pattern)) {
    return compiled.get(pattern);
  }

  let expression: RE2JS | undefined;

  if (pattern.length <= maxPatternLength) {
    try {
      expression = RE2JS.compile(pattern);
    } catch {
      // Answered with undefined: a CRD with such a pattern is refused when it is written.
    }
  }

  if (compiled.size >= maxCached) {
    compiled.delete(compiled.keys().next().value!);
  }

  compiled.set(pattern, expression);

  return expression;
}

/** Whether a pattern is found in a text; a pattern that cannot be compiled matches nothing. */
export function matchesPattern(text: string, pattern: string): boolean {
  return compilePattern(pattern)?.test(text) ?? false;
}
