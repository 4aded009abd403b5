import type {
  ArithmeticOperator,
  BinaryOperator,
  ComparisonOperator,
} from '../../syntax/expression.ts';
import { power } from '../data/numbers.ts';
import type { Column } from '../data/series.ts';

const arithmetic: Readonly<Record<ArithmeticOperator, (a: number, b: number) => number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '%': (a, b) => a % b,
  '^': power,
  atan2: Math.atan2,
};

const comparisons: Readonly<Record<ComparisonOperator, (a: number, b: number) => boolean>> = {
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '<=': (a, b) => a <= b,
  '<': (a, b) => a < b,
  '>=': (a, b) => a >= b,
  '>': (a, b) => a > b,
};

const isArithmetic = (operator: BinaryOperator): operator is ArithmeticOperator =>
  operator in arithmetic;

const isComparison = (operator: BinaryOperator): operator is ComparisonOperator =>
  operator in comparisons;

/** An operation on numbers. */
export interface Operation {
  readonly operator: BinaryOperator;
  readonly bool: boolean;
}

/** Reports whether the result of an operation has no metric's name. */
export function dropsName({ operator, bool }: Operation): boolean {
  return bool || (isArithmetic(operator) && operator !== 'atan2');
}

/** Returns the result for two numbers: a comparison's is 0 or 1. */
export function numberOperation(operator: BinaryOperator): (a: number, b: number) => number {
  if (isComparison(operator)) {
    const compare = comparisons[operator];
    return (a, b) => (compare(a, b) ? 1 : 0);
  }

  return isArithmetic(operator) ? arithmetic[operator] : () => Number.NaN;
}

/** Numbers at each step, and where they are; everywhere if that is not said. */
export interface Operand {
  readonly values: Float64Array;
  readonly present?: Uint8Array;
}

/**
 * Fills a column with the results where both operands are present. A comparison without `bool`
 * keeps the left number, or the right one if the left operand is a scalar. The column may be that
 * of an operand. Returns whether there is any result.
 */
export function fillOperation(
  operation: Operation,
  left: Operand,
  right: Operand,
  out: Column,
): boolean {
  const { operator, bool } = operation;
  const filter = isComparison(operator) && !bool ? comparisons[operator] : undefined;
  const compute = numberOperation(operator);
  const kept = left.present ? left.values : right.values;
  let isAny = false;

  for (let step = 0; step < out.values.length; step += 1) {
    const isPresent = (left.present?.[step] ?? 1) === 1 && (right.present?.[step] ?? 1) === 1;
    const a = left.values[step] ?? 0;
    const b = right.values[step] ?? 0;

    if (isPresent && (filter === undefined || filter(a, b))) {
      out.values[step] = filter ? (kept[step] ?? 0) : compute(a, b);
      out.present[step] = 1;
      isAny = true;
    } else {
      out.present[step] = 0;
    }
  }

  return isAny;
}
