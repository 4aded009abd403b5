import type { Expression } from '../syntax/expression.ts';

/** Functions whose value depends on the time of a step, even where their arguments do not. */
const timeFunctions: ReadonlySet<string> = new Set([
  ...['day_of_month', 'day_of_week', 'day_of_year', 'days_in_month', 'hour', 'minute', 'month'],
  ...['predict_linear', 'time', 'timestamp', 'year'],
]);

const known = new WeakMap<Expression, boolean>();

function compute(expression: Expression): boolean {
  switch (expression.kind) {
    case 'number':
    case 'string':
      return true;
    case 'selector':
    case 'subquery':
      return expression.at !== undefined;
    case 'range':
      return expression.selector.at !== undefined;
    case 'call':
      return !timeFunctions.has(expression.name) && expression.args.every(isInvariant);
    case 'aggregation':
      return (
        isInvariant(expression.expression) &&
        (expression.parameter === undefined || isInvariant(expression.parameter))
      );
    case 'negation':
      return isInvariant(expression.operand);
    case 'binary':
      return isInvariant(expression.left) && isInvariant(expression.right);
  }
}

/** Reports whether an expression has the same value at all steps, so that one is enough. */
export function isInvariant(expression: Expression): boolean {
  let result = known.get(expression);

  if (result === undefined) {
    result = compute(expression);
    known.set(expression, result);
  }

  return result;
}
