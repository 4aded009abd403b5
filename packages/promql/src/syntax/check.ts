import type {
  AggregationOperator,
  BinaryOperator,
  Expression,
  VectorMatching,
} from './expression.ts';
import { typeOf } from './expression.ts';
import { functions, type ValueType } from './functions.ts';
import type { Placed } from './modifiers.ts';
import { isComparison, isSetOperator } from './operators.ts';
import type { Source, Span } from './text/source.ts';

const documented: Readonly<Record<ValueType, string>> = {
  scalar: 'scalar',
  string: 'string',
  vector: 'instant vector',
  matrix: 'range vector',
};

/** Checks that an operand has a type; `context` says where, as in "call to function". */
function expectType(source: Source, operand: Placed, wanted: ValueType, context: string) {
  const type = typeOf(operand.expression);

  if (type !== wanted) {
    const message = `expected type ${documented[wanted]} in ${context}, got ${documented[type]}`;
    throw source.error(operand.span.from, message);
  }
}

/** Checks the number and the types of a function's arguments. */
export function checkCall(source: Source, from: number, name: string, args: readonly Placed[]) {
  const signature = functions.get(name);
  const called = JSON.stringify(name);

  if (!signature) {
    throw source.error(from, `unknown function with name ${called}`);
  }

  const { args: types, variadic } = signature;
  const least = variadic === 0 ? types.length : types.length - 1;
  const most = least + variadic;

  if (variadic === 0 && args.length !== least) {
    const message = `expected ${least} argument(s) in call to ${called}, got ${args.length}`;
    throw source.error(from, message);
  }

  if (args.length < least || args.length > most) {
    const bound = args.length < least ? `at least ${least}` : `at most ${most}`;
    const message = `expected ${bound} argument(s) in call to ${called}, got ${args.length}`;
    throw source.error(from, message);
  }

  for (const [index, arg] of args.entries()) {
    const wanted = types[Math.min(index, types.length - 1)] ?? 'vector';
    expectType(source, arg, wanted, `call to function ${called}`);
  }
}

/** The parameters of aggregations that have one. */
const parameterTypes: ReadonlyMap<AggregationOperator, ValueType> = new Map([
  ['bottomk', 'scalar'],
  ['count_values', 'string'],
  ['quantile', 'scalar'],
  ['topk', 'scalar'],
]);

/** Checks the arguments of an aggregation; returns its operand and its parameter, if it has one. */
export function checkAggregation(
  source: Source,
  from: number,
  operator: AggregationOperator,
  args: readonly Placed[],
): { operand: Placed; parameter: Placed | undefined } {
  const parameterType = parameterTypes.get(operator);
  const wanted = parameterType ? 2 : 1;
  const operand = args.at(-1);

  if (!operand) {
    throw source.error(from, 'no arguments for aggregate expression provided');
  }

  if (args.length !== wanted) {
    const counts = `expected ${wanted}, got ${args.length}`;
    const message = `wrong number of arguments for aggregate expression provided, ${counts}`;
    throw source.error(from, message);
  }

  expectType(source, operand, 'vector', 'aggregation expression');

  const parameter = parameterType && args[0];

  if (parameter) {
    expectType(source, parameter, parameterType, 'aggregation parameter');
  }

  return { operand, parameter };
}

/** Checks the operand of a sign. */
export function checkSigned(source: Source, from: number, operand: Expression) {
  const type = typeOf(operand);

  if (type !== 'scalar' && type !== 'vector') {
    const types = 'scalar or instant vector';
    const message = `unary expression only allowed on expressions of type ${types}, got "${documented[type]}"`;
    throw source.error(from, message);
  }
}

/** An operation before it is checked: operands, operator and modifiers. */
export interface UncheckedOperation {
  readonly operator: BinaryOperator;
  readonly bool: boolean;
  /** As written; undefined where nothing is. */
  readonly matching: VectorMatching | undefined;
  readonly left: Placed;
  readonly right: Placed;
  readonly place: Span;
}

function checkSetOperation(source: Source, operation: UncheckedOperation) {
  const { operator, matching, left } = operation;

  if (matching && matching.cardinality !== 'one-to-one') {
    throw source.error(left.span.from, `no grouping allowed for "${operator}" operation`);
  }
}

function checkMatching(source: Source, operation: UncheckedOperation) {
  const { matching, place } = operation;
  const twice = matching?.labels.find((label) => matching.include.includes(label));

  if (matching?.clause === 'on' && twice !== undefined) {
    const label = JSON.stringify(twice);
    throw source.error(place.from, `label ${label} must not occur in ON and GROUP clause at once`);
  }
}

/** Checks the types of an operation's operands and what its modifiers need. */
export function checkOperation(source: Source, operation: UncheckedOperation) {
  const { operator, bool, matching, left, right, place } = operation;
  const types = [left, right].map(({ expression }) => typeOf(expression));
  const hasScalar = types.includes('scalar');

  if (bool && !isComparison(operator)) {
    const message = 'bool modifier can only be used on comparison operators';
    throw source.error(place.from, message);
  }

  if (isComparison(operator) && !bool && types.every((type) => type === 'scalar')) {
    throw source.error(place.from, 'comparisons between scalars must use BOOL modifier');
  }

  checkMatching(source, operation);

  for (const { span, expression } of [left, right]) {
    if (typeOf(expression) !== 'scalar' && typeOf(expression) !== 'vector') {
      const message = 'binary expression must contain only scalar and instant vector types';
      throw source.error(span.from, message);
    }
  }

  if (hasScalar && matching && matching.labels.length > 0) {
    const message = 'vector matching only allowed between instant vectors';
    throw source.error(left.span.from, message);
  }

  if (isSetOperator(operator)) {
    if (hasScalar) {
      const message = `set operator "${operator}" not allowed in binary scalar expression`;
      throw source.error(left.span.from, message);
    }

    checkSetOperation(source, operation);
  }
}
