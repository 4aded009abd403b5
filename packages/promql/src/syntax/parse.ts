import type { Matcher } from '../matching/matcher.ts';
import { Converter } from './convert.ts';
import type { Expression } from './expression.ts';
import { Source } from './text/source.ts';
import { childrenOf, syntaxTree } from './text/tree.ts';

/**
 * Reads a PromQL expression and checks its types; what Prometheus 2.42 refuses is refused.
 * @throws QueryError `bad_data` with the place: `1:5: parse error: …`
 */
export function parseExpression(text: string): Expression {
  const source = new Source(text);
  const [root] = childrenOf(syntaxTree(source));

  if (!root) {
    throw source.error(0, 'no expression found in input');
  }

  return new Converter(source).convert(root).expression;
}

/**
 * Reads a selector without modifiers, such as `up{namespace="a"}`.
 * @throws QueryError `bad_data` for other expressions too
 */
export function parseSelector(text: string): readonly Matcher[] {
  const expression = parseExpression(text);

  if (expression.kind !== 'selector' || expression.offset !== 0 || expression.at !== undefined) {
    throw new Source(text).error(0, 'expected a vector selector without modifiers');
  }

  return expression.matchers;
}
