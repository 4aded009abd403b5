import { type Matcher, METRIC_NAME } from '../matching/matcher.ts';
import { functions, type ValueType } from './functions.ts';

/** Operators of two operands. */
export type BinaryOperator = ArithmeticOperator | ComparisonOperator | SetOperator;

/** Operators that compute a number of two. */
export type ArithmeticOperator = '+' | '-' | '*' | '/' | '%' | '^' | 'atan2';

/** Operators that keep elements, or with `bool` return 0 or 1. */
export type ComparisonOperator = '==' | '!=' | '<=' | '<' | '>=' | '>';

/** Operators of sets of series. */
export type SetOperator = 'and' | 'or' | 'unless';

/** Operators that make one series of a group, or choose some of its series. */
export type AggregationOperator =
  | 'avg'
  | 'bottomk'
  | 'count'
  | 'count_values'
  | 'group'
  | 'max'
  | 'min'
  | 'quantile'
  | 'stddev'
  | 'stdvar'
  | 'sum'
  | 'topk';

/** Where in time a selector or subquery looks: both in milliseconds, `at` since 1970. */
export interface TimeShift {
  readonly offset: number;
  readonly at: number | 'start' | 'end' | undefined;
}

/** A number. */
export interface NumberLiteral {
  readonly kind: 'number';
  readonly value: number;
}

/** A text, unquoted. */
export interface StringLiteral {
  readonly kind: 'string';
  readonly value: string;
}

/** An instant vector selector. Matchers of the metric's name come first. */
export interface VectorSelector extends TimeShift {
  readonly kind: 'selector';
  readonly matchers: readonly Matcher[];
}

/** A range vector selector; offset and `@` are those of its selector. */
export interface RangeSelector {
  readonly kind: 'range';
  readonly selector: VectorSelector;
  /** Milliseconds. */
  readonly range: number;
}

/** A subquery; without a step it takes the engine's default. */
export interface Subquery extends TimeShift {
  readonly kind: 'subquery';
  readonly expression: Expression;
  /** Milliseconds. */
  readonly range: number;
  /** Milliseconds. */
  readonly step: number | undefined;
}

/** A function call. */
export interface Call {
  readonly kind: 'call';
  readonly name: string;
  readonly args: readonly Expression[];
}

/** An aggregation; without a clause it groups by no label. */
export interface Aggregation {
  readonly kind: 'aggregation';
  readonly operator: AggregationOperator;
  readonly parameter: Expression | undefined;
  readonly expression: Expression;
  readonly clause: 'by' | 'without';
  readonly labels: readonly string[];
}

/** How many elements of the left side belong to how many of the right side. */
export type Cardinality = 'one-to-one' | 'many-to-one' | 'one-to-many' | 'many-to-many';

/** How the elements of two vectors are matched. */
export interface VectorMatching {
  readonly cardinality: Cardinality;
  readonly clause: 'on' | 'ignoring';
  readonly labels: readonly string[];
  /** Labels that `group_left` or `group_right` takes from the "one" side. */
  readonly include: readonly string[];
}

/** An operation on two operands; matching is there exactly if both are vectors. */
export interface BinaryOperation {
  readonly kind: 'binary';
  readonly operator: BinaryOperator;
  /** Whether a comparison returns 0 or 1. */
  readonly bool: boolean;
  readonly matching: VectorMatching | undefined;
  readonly left: Expression;
  readonly right: Expression;
}

/** A minus sign before an operand that is not a number literal. */
export interface Negation {
  readonly kind: 'negation';
  readonly operand: Expression;
}

/** A PromQL expression. Parentheses and plus signs are not kept: the tree says what they say. */
export type Expression =
  | NumberLiteral
  | StringLiteral
  | VectorSelector
  | RangeSelector
  | Subquery
  | Call
  | Aggregation
  | BinaryOperation
  | Negation;

/** Returns the selector of the given matchers, those of the metric's name first. */
export function vectorSelector(
  matchers: readonly Matcher[],
  { offset, at }: TimeShift = { offset: 0, at: undefined },
): VectorSelector {
  const names = matchers.filter(({ name }) => name === METRIC_NAME);
  const others = matchers.filter(({ name }) => name !== METRIC_NAME);

  return { kind: 'selector', matchers: [...names, ...others], offset, at };
}

/** Returns the negation of an operand; a number literal with the other sign for a number. */
export function negate(operand: Expression): Expression {
  return operand.kind === 'number'
    ? { kind: 'number', value: -operand.value }
    : { kind: 'negation', operand };
}

/** Returns the type of an expression's value. */
export function typeOf(expression: Expression): ValueType {
  switch (expression.kind) {
    case 'number':
      return 'scalar';
    case 'string':
      return 'string';
    case 'selector':
    case 'aggregation':
      return 'vector';
    case 'range':
    case 'subquery':
      return 'matrix';
    case 'call':
      return functions.get(expression.name)?.returns ?? 'vector';
    case 'negation':
      return typeOf(expression.operand);
    case 'binary':
      return typeOf(expression.left) === 'scalar' && typeOf(expression.right) === 'scalar'
        ? 'scalar'
        : 'vector';
  }
}
