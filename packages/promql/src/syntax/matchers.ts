import type { Matcher } from '../matching/matcher.ts';
import { type Expression, type VectorSelector, vectorSelector } from './expression.ts';

export type { Matcher } from '../matching/matcher.ts';

function inSelector(selector: VectorSelector, matchers: readonly Matcher[]): VectorSelector {
  return vectorSelector([...selector.matchers, ...matchers], selector);
}

/**
 * Returns a copy of an expression with matchers added to each of its selectors: operands,
 * arguments, parameters of aggregations and subqueries included. Matchers only narrow a selector,
 * so the result reads no series that one of the given matchers excludes.
 */
export function addMatchers(expression: Expression, matchers: readonly Matcher[]): Expression {
  const add = (part: Expression) => addMatchers(part, matchers);

  switch (expression.kind) {
    case 'number':
    case 'string':
      return expression;
    case 'selector':
      return inSelector(expression, matchers);
    case 'range':
      return { ...expression, selector: inSelector(expression.selector, matchers) };
    case 'subquery':
      return { ...expression, expression: add(expression.expression) };
    case 'call':
      return { ...expression, args: expression.args.map(add) };
    case 'aggregation': {
      const { parameter } = expression;
      return {
        ...expression,
        parameter: parameter && add(parameter),
        expression: add(expression.expression),
      };
    }
    case 'negation':
      return { ...expression, operand: add(expression.operand) };
    case 'binary':
      return { ...expression, left: add(expression.left), right: add(expression.right) };
  }
}
