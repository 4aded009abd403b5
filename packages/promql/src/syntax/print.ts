import { type Matcher, METRIC_NAME } from '../matching/matcher.ts';
import type {
  Aggregation,
  BinaryOperation,
  Expression,
  TimeShift,
  VectorMatching,
  VectorSelector,
} from './expression.ts';
import { POWER, precedenceOf } from './operators.ts';
import { formatDuration, formatNumber } from './text/literals.ts';
import { quote } from './text/strings.ts';

const validName = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const validLabel = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** Names that could be read as keywords where a metric's name stands. */
const keywords = new Set([
  ...['atan2', 'avg', 'bool', 'bottomk', 'by', 'count', 'count_values', 'end', 'group'],
  ...['group_left', 'group_right', 'ignoring', 'inf', 'max', 'min', 'nan', 'offset', 'on'],
  ...['quantile', 'start', 'stddev', 'stdvar', 'sum', 'topk', 'unless', 'and', 'or', 'without'],
  ...['anchored', 'fill', 'fill_left', 'fill_right', 'limitk', 'limit_ratio', 'smoothed'],
]);

/** Precedences of operands that are no binary operations. */
const SIGNED = POWER - 0.5;
const PRIMARY = POWER + 1;

const label = (name: string): string => (validLabel.test(name) ? name : quote(name));
const labels = (names: readonly string[]): string => `(${names.map(label).join(', ')})`;

function seconds(milliseconds: number): string {
  const digits = String(Math.abs(milliseconds)).padStart(4, '0');
  const fraction = digits.slice(-3).replace(/0+$/, '');

  return `${milliseconds < 0 ? '-' : ''}${digits.slice(0, -3)}${fraction && `.${fraction}`}`;
}

function shift({ offset, at }: TimeShift): string {
  const sign = offset < 0 ? '-' : '';
  const time = typeof at === 'number' ? seconds(at) : `${at}()`;

  return [
    at === undefined ? '' : ` @ ${time}`,
    offset === 0 ? '' : ` offset ${sign}${formatDuration(Math.abs(offset))}`,
  ].join('');
}

/** Writes matchers as a selector, the metric's name before the braces where that is possible. */
export function printMatchers(matchers: readonly Matcher[]): string {
  const names = matchers.filter(({ name }) => name === METRIC_NAME);
  const [first] = names;

  const isNamed =
    names.length === 1 &&
    first?.op === '=' &&
    validName.test(first.value) &&
    !keywords.has(first.value.toLowerCase());

  const inBraces = matchers
    .filter((matcher) => !isNamed || matcher !== first)
    .map(({ name, op, value }) => `${label(name)}${op}${quote(value)}`);

  const braces = inBraces.length > 0 || !isNamed ? `{${inBraces.join(', ')}}` : '';

  return `${isNamed ? first.value : ''}${braces}`;
}

const printSelector = (selector: VectorSelector): string =>
  printMatchers(selector.matchers) + shift(selector);

function printAggregation(aggregation: Aggregation): string {
  const { operator, parameter, expression, clause, labels: names } = aggregation;
  const isWritten = clause === 'without' || names.length > 0;
  const args = [...(parameter ? [parameter] : []), expression].map(printExpression);

  return `${operator}${isWritten ? ` ${clause} ${labels(names)} ` : ''}(${args.join(', ')})`;
}

function printMatching({ cardinality, clause, labels: names, include }: VectorMatching): string {
  const groups = {
    'many-to-one': ` group_left ${labels(include)}`,
    'one-to-many': ` group_right ${labels(include)}`,
    'one-to-one': '',
    'many-to-many': '',
  };

  const group = groups[cardinality];

  return clause === 'on' || names.length > 0 || group ? ` ${clause} ${labels(names)}${group}` : '';
}

function precedence(expression: Expression): number {
  switch (expression.kind) {
    case 'binary':
      return precedenceOf(expression.operator);
    case 'negation':
      return SIGNED;
    case 'number':
      return formatNumber(expression.value).startsWith('-') ? SIGNED : PRIMARY;
    default:
      return PRIMARY;
  }
}

/** Writes an operand, in parentheses if it binds less tightly than `minimum`. */
function operand(expression: Expression, minimum: number): string {
  const text = printExpression(expression);
  return precedence(expression) < minimum ? `(${text})` : text;
}

function printBinary({ operator, bool, matching, left, right }: BinaryOperation): string {
  const binding = precedenceOf(operator);
  const isPower = binding === POWER;
  const modifiers = `${bool ? ' bool' : ''}${matching ? printMatching(matching) : ''}`;

  return [
    operand(left, isPower ? PRIMARY : binding),
    operator + modifiers,
    operand(right, isPower ? POWER : binding + 0.1),
  ].join(' ');
}

/**
 * Writes an expression in one canonical form, from which the same expression is read again. Strings
 * are escaped, so no value can leave its quotes.
 */
export function printExpression(expression: Expression): string {
  switch (expression.kind) {
    case 'number':
      return formatNumber(expression.value);
    case 'string':
      return quote(expression.value);
    case 'selector':
      return printSelector(expression);
    case 'range': {
      const { selector, range } = expression;
      return `${printMatchers(selector.matchers)}[${formatDuration(range)}]${shift(selector)}`;
    }
    case 'subquery': {
      const { range, step } = expression;
      const times = `[${formatDuration(range)}:${step ? formatDuration(step) : ''}]`;
      const inner = expression.expression;
      const isShifted = inner.kind === 'selector' && shift(inner) !== '';

      return `${operand(inner, isShifted ? PRIMARY + 1 : PRIMARY)}${times}${shift(expression)}`;
    }
    case 'call':
      return `${expression.name}(${expression.args.map(printExpression).join(', ')})`;
    case 'aggregation':
      return printAggregation(expression);
    case 'negation':
      return `-${operand(expression.operand, POWER)}`;
    case 'binary':
      return printBinary(expression);
  }
}
