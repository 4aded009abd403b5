import type { SyntaxNode } from '@lezer/common';
import { type Matcher, type MatchOperator, METRIC_NAME, valueTest } from '../matching/matcher.ts';
import { type VectorSelector, vectorSelector } from './expression.ts';
import { parseNumber } from './text/literals.ts';
import type { Source, Span } from './text/source.ts';
import { unquote } from './text/strings.ts';
import { childrenOf } from './text/tree.ts';

/** Returns the text of a string literal. */
export function stringOf(source: Source, node: SyntaxNode): string {
  const quoted = source.slice(node);
  const text = unquote(quoted);

  if (text === undefined) {
    const isOpen = quoted.length < 2 || !quoted.endsWith(quoted.charAt(0));
    throw source.error(
      node.from,
      isOpen ? 'unterminated quoted string' : 'unknown escape sequence',
    );
  }

  return text;
}

/** Returns the value of a number without sign. */
export function numberOf(source: Source, span: Span): number {
  const text = source.slice(span);
  const value = parseNumber(text);

  if (value === Number.POSITIVE_INFINITY && !/^inf$/i.test(text)) {
    throw source.error(span.from, 'error parsing number: value out of range');
  }

  return value;
}

/** Returns the name of a label, which may be quoted. */
export function labelName(source: Source, node: SyntaxNode): string {
  const literal = node.getChild('StringLiteral');
  return literal ? stringOf(source, literal) : source.slice(node);
}

const isMatchOperator = (text: string): text is MatchOperator =>
  text === '=' || text === '!=' || text === '=~' || text === '!~';

/** Returns a matcher; a quoted name alone is the metric's. */
function matcherOf(source: Source, node: SyntaxNode): Matcher {
  if (node.name === 'QuotedLabelName') {
    return { name: METRIC_NAME, op: '=', value: labelName(source, node) };
  }

  const [name, operator, value] = childrenOf(node);
  const op = operator ? source.slice(operator) : '';

  if (!name || !value || !isMatchOperator(op)) {
    throw source.error(node.from, 'unexpected label matching');
  }

  const matcher: Matcher = { name: labelName(source, name), op, value: stringOf(source, value) };

  try {
    valueTest(matcher);
  } catch (error) {
    throw source.error(node.from, error instanceof Error ? error.message : 'invalid regexp');
  }

  return matcher;
}

/** Returns the selector of a node, which must choose by a name or by a value that is not empty. */
export function selectorOf(source: Source, node: SyntaxNode): VectorSelector {
  const identifier = node.getChild('Identifier');
  const braces = node.getChild('LabelMatchers');
  const inBraces = (braces ? childrenOf(braces) : []).map((child) => matcherOf(source, child));
  const other = inBraces.find(({ name }) => name === METRIC_NAME);

  if (!identifier) {
    if (inBraces.every((matcher) => valueTest(matcher)(''))) {
      const message = 'vector selector must contain at least one non-empty matcher';
      throw source.error(node.from, message);
    }

    return vectorSelector(inBraces);
  }

  const name = source.slice(identifier);

  if (other) {
    const names = `${JSON.stringify(name)} or ${JSON.stringify(other.value)}`;
    throw source.error(node.from, `metric name must not be set twice: ${names}`);
  }

  return vectorSelector([{ name: METRIC_NAME, op: '=', value: name }, ...inBraces]);
}
