import { LRUCache } from 'lru-cache';
import { RE2JS } from 're2js';
import { expressionSize } from './expression-size.ts';
import { literalTest } from './literals.ts';

/** Tells whether a value matches. */
export type Test = (value: string) => boolean;

/** Bounds the size of all expressions that are kept, in instructions of RE2's program. */
const MAX_KEPT_SIZE = 100_000;

/** Largest expression that is compiled, with its repetitions written out. */
const MAX_SIZE = 10_000;

const expressions = new LRUCache<string, RE2JS>({
  maxSize: MAX_KEPT_SIZE,
  sizeCalculation: (expression) => expression.programSize() + expression.pattern().length,
});

/**
 * Returns a compiled RE2 expression that must match the whole value; matching takes linear time.
 * @throws Error with RE2's message if the expression is not valid, or is too large
 */
export function anchoredRegex(pattern: string): RE2JS {
  let expression = expressions.get(pattern);

  if (!expression) {
    if (expressionSize(pattern) > MAX_SIZE) {
      throw new Error('error parsing regexp: expression too large');
    }

    expression = RE2JS.compile(`^(?:${pattern})$`);
    expressions.set(pattern, expression);
  }

  return expression;
}

/**
 * Returns the test of a regular expression for whole values. Alternatives of literals, prefixes,
 * suffixes and infixes are compared without a regular expression.
 * @throws Error with RE2's message if the expression is not valid
 */
export function regexTest(pattern: string): Test {
  const test = literalTest(pattern);
  if (test) {
    return test;
  }

  const expression = anchoredRegex(pattern);

  return (value) => expression.testExact(value);
}
