import type { SyntaxNode } from '@lezer/common';
import type { Expression, TimeShift } from './expression.ts';
import { typeOf } from './expression.ts';
import { parseDuration, parseNumber } from './text/literals.ts';
import type { Source, Span } from './text/source.ts';
import { childrenOf } from './text/tree.ts';

/** An expression and where it stands in the text. */
export interface Placed {
  readonly expression: Expression;
  readonly span: Span;
  /** Levels of the tree below and with the expression. */
  readonly depth: number;
}

/** Largest time of `@` in milliseconds, up to which milliseconds are exact when read as seconds. */
const MAX_TIME = 2 ** 51;

/** Returns the milliseconds of a duration, without sign. */
function durationOf(source: Source, node: SyntaxNode): number {
  const [literal, ...others] = childrenOf(node);

  if (literal?.name !== 'NumberDurationLiteralInDurationContext' || others.length > 0) {
    throw source.error(node.from, 'unexpected duration expression, expected duration');
  }

  const duration = parseDuration(source.slice(literal));

  if (typeof duration === 'string') {
    throw source.error(literal.from, duration);
  }

  return duration;
}

/** Returns a copy of an expression with another time shift, where it has one. */
function shifted(
  expression: Expression,
  change: (shift: TimeShift) => Partial<TimeShift>,
): Expression | undefined {
  switch (expression.kind) {
    case 'selector':
    case 'subquery':
      return { ...expression, ...change(expression) };
    case 'range': {
      const { selector } = expression;
      return { ...expression, selector: { ...selector, ...change(selector) } };
    }
    default:
      return undefined;
  }
}

const allowed =
  'modifier must be preceded by an instant vector selector or range vector selector or a subquery';

function withOffset(source: Source, node: SyntaxNode, { expression, span }: Placed): Expression {
  const written = node.getChild('OffsetDurationExpr');
  const sign = written?.getChild('UnaryOp');
  const unsigned = sign ? written?.getChild('OffsetDurationExpr') : written;

  if (!unsigned) {
    throw source.error(node.from, 'unexpected offset, expected duration');
  }

  const duration = durationOf(source, unsigned);
  const offset = sign && source.slice(sign) === '-' ? -duration : duration;

  const result = shifted(expression, (shift) => {
    if (shift.offset !== 0) {
      throw source.error(span.from, 'offset may not be set multiple times');
    }

    return { offset };
  });

  if (!result) {
    throw source.error(span.from, `offset ${allowed}`);
  }

  return result;
}

/** Returns the time of an `@` modifier. */
function timeOf(source: Source, node: SyntaxNode, from: number): number | 'start' | 'end' {
  const preprocessor = node.getChild('AtModifierPreprocessors');
  if (preprocessor) {
    return preprocessor.getChild('AtStart') ? 'start' : 'end';
  }

  const literal = childrenOf(node).at(-1);
  const text = literal ? source.slice(literal) : '';
  const unsigned = parseNumber(text.replace(/^[-+](?:\s|#.*)*/, ''));
  const milliseconds = Math.round(unsigned * 1000) * (text.startsWith('-') ? -1 : 1);

  if (!(Math.abs(milliseconds) <= MAX_TIME)) {
    throw source.error(from, `timestamp out of bounds for @ modifier: ${text}`);
  }

  // Adding 0 makes 0 of -0.
  return milliseconds + 0;
}

function withTime(source: Source, node: SyntaxNode, { expression, span }: Placed): Expression {
  const at = timeOf(source, node, span.from);

  const result = shifted(expression, (shift) => {
    if (shift.at !== undefined) {
      throw source.error(span.from, '@ <timestamp> may not be set multiple times');
    }

    return { at };
  });

  if (!result) {
    throw source.error(span.from, `@ ${allowed}`);
  }

  return result;
}

function withRange(source: Source, node: SyntaxNode, { expression, span }: Placed): Expression {
  const duration = node.getChild('DurationExpr');
  const bracket = source.text.indexOf('[', span.to);

  if (expression.kind !== 'selector' || !duration) {
    throw source.error(bracket, 'ranges only allowed for vector selectors');
  }

  if (expression.offset !== 0) {
    throw source.error(bracket, 'no offset modifiers allowed before range');
  }

  if (expression.at !== undefined) {
    throw source.error(bracket, 'no @ modifiers allowed before range');
  }

  return { kind: 'range', selector: expression, range: durationOf(source, duration) };
}

function withSubquery(source: Source, node: SyntaxNode, { expression, span }: Placed): Expression {
  const [range, step] = node.getChildren('DurationExpr');
  const type = typeOf(expression);

  if (type !== 'vector' || !range) {
    const message = `subquery is only allowed on instant vector, got ${type} instead`;
    throw source.error(span.from, message);
  }

  return {
    kind: 'subquery',
    expression,
    range: durationOf(source, range),
    step: step && durationOf(source, step),
    offset: 0,
    at: undefined,
  };
}

/** Returns an expression with the modifier or range of a node behind it. */
export function modified(source: Source, node: SyntaxNode, placed: Placed): Expression {
  switch (node.name) {
    case 'OffsetExpr':
      return withOffset(source, node, placed);
    case 'StepInvariantExpr':
      return withTime(source, node, placed);
    case 'MatrixSelector':
      return withRange(source, node, placed);
    case 'SubqueryExpr':
      return withSubquery(source, node, placed);
    default:
      throw source.error(placed.span.to, 'unexpected modifier');
  }
}
