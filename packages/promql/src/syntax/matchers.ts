import type { Matcher } from '../matching/matcher.ts';
import { type Expression, type VectorSelector, vectorSelector } from './expression.ts';

export type { Matcher } from '../matching/matcher.ts';

/** Returns a copy of an expression in which each selector has the matchers that a function gives. */
export function mapMatchers(
  expression: Expression,
  map: (matchers: readonly Matcher[]) => readonly Matcher[],
): Expression {
  const of = (part: Expression) => mapMatchers(part, map);
  const ofSelector = (selector: VectorSelector) => vectorSelector(map(selector.matchers), selector);

  switch (expression.kind) {
    case 'number':
    case 'string':
      return expression;
    case 'selector':
      return ofSelector(expression);
    case 'range':
      return { ...expression, selector: ofSelector(expression.selector) };
    case 'subquery':
      return { ...expression, expression: of(expression.expression) };
    case 'call':
      return { ...expression, args: expression.args.map(of) };
    case 'aggregation': {
      const { parameter } = expression;
      return {
        ...expression,
        parameter: parameter && of(parameter),
        expression: of(expression.expression),
      };
    }
    case 'negation':
      return { ...expression, operand: of(expression.operand) };
    case 'binary':
      return { ...expression, left: of(expression.left), right: of(expression.right) };
  }
}

/**
 * Returns a copy of an expression with matchers added to each of its selectors: operands,
 * arguments, parameters of aggregations and subqueries included. Matchers only narrow a selector,
 * so the result reads no series that one of the given matchers excludes.
 */
export function addMatchers(expression: Expression, matchers: readonly Matcher[]): Expression {
  return mapMatchers(expression, (own) => [...own, ...matchers]);
}
