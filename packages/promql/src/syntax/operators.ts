import type { BinaryOperator, ComparisonOperator, SetOperator } from './expression.ts';

/** How tightly the operators bind; a sign binds as tightly as a multiplication. */
const precedences: ReadonlyMap<string, number> = new Map<BinaryOperator, number>([
  ['or', 1],
  ['and', 2],
  ['unless', 2],
  ['==', 3],
  ['!=', 3],
  ['<=', 3],
  ['<', 3],
  ['>=', 3],
  ['>', 3],
  ['+', 4],
  ['-', 4],
  ['*', 5],
  ['/', 5],
  ['%', 5],
  ['atan2', 5],
  ['^', 6],
]);

/** Precedence of `^`, the only operator that groups from the right and binds tighter than a sign. */
export const POWER = 6;

/** Reports whether a text is an operator of two operands. */
export function isBinaryOperator(text: string): text is BinaryOperator {
  return precedences.has(text);
}

/** Returns how tightly an operator binds: at least 1, at most POWER. */
export function precedenceOf(operator: BinaryOperator): number {
  return precedences.get(operator) ?? 0;
}

/** Reports whether an operator works on sets of series. */
export function isSetOperator(operator: BinaryOperator): operator is SetOperator {
  return operator === 'and' || operator === 'or' || operator === 'unless';
}

/** Reports whether an operator compares. */
export function isComparison(operator: BinaryOperator): operator is ComparisonOperator {
  return precedenceOf(operator) === precedences.get('==');
}
