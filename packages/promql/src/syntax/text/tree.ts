import type { SyntaxNode, Tree } from '@lezer/common';
import { parser as lenient } from '@prometheus-io/lezer-promql';
import { QueryError } from '../../query-api.ts';
import type { Source } from './source.ts';
import { stringOrComment } from './strings.ts';
import { unexpectedToken } from './unexpected.ts';

/** Longest expression that is parsed, in characters. */
export const MAX_LENGTH = 16 * 1024;

/** Deepest nesting of operations, calls and brackets. */
export const MAX_DEPTH = 200;

const parser = lenient.configure({ strict: true });

/**
 * Words that the grammar does not read, and what stands for them: the first has another name in it,
 * the others it looks for in an object, which has them as its own properties.
 */
const unreadable: readonly [word: RegExp, sameLength: string][] = [
  [/\bholt_winters\b/g, 'day_of_month'],
  [/\bconstructor\b/gi, 'constructo_'],
  [/\b__proto__\b/gi, '__prot___'],
];

/** Numbers that end with a point, which the grammar does not have, and an exponent behind it. */
const pointAtEnd = /(?<![\w:.])(\d+)\.(?![\d.])(?=(e?))/gi;

/**
 * Returns a text of the same length that the grammar reads. Names, numbers and strings are later
 * taken from the original text, so only their places matter.
 */
function readable(text: string): string {
  const known = unreadable.reduce((changed, [word, other]) => changed.replace(word, other), text);

  return known.replace(
    pointAtEnd,
    (_, digits: string, exponent: string) => digits + (exponent ? '0' : ' '),
  );
}

/** Returns the error for an expression that exceeds a bound. */
export const tooDeep = (): QueryError =>
  new QueryError('bad_data', `expression is nested more than ${MAX_DEPTH} levels deep`);

/** Runs the grammar's parser; returns the place of the first error instead of a tree. */
function run(text: string): Tree | number {
  const parse = parser.startParse(text);

  try {
    for (;;) {
      const tree = parse.advance();
      if (tree) {
        return tree;
      }
    }
  } catch (error) {
    if (error instanceof SyntaxError) {
      return Number(/\d+$/.exec(error.message)?.[0] ?? parse.parsedPos);
    }

    throw error;
  }
}

/**
 * Returns the syntax tree of an expression.
 * @throws QueryError `bad_data` where the text does not follow the grammar, or is too long
 */
export function syntaxTree(source: Source): SyntaxNode {
  const { text } = source;

  if (text.length > MAX_LENGTH) {
    throw new QueryError('bad_data', `expression is longer than ${MAX_LENGTH} characters`);
  }

  // Powers with signs are ambiguous, so many of them in a row would take the parser long.
  if (text.replace(stringOrComment, '').split('^').length > MAX_DEPTH) {
    throw tooDeep();
  }

  const tree = run(readable(text));

  if (typeof tree === 'number') {
    throw source.error(...unexpectedToken(text, tree));
  }

  return tree.topNode;
}

/** Returns the children of a node without comments. */
export function childrenOf(node: SyntaxNode): SyntaxNode[] {
  const children: SyntaxNode[] = [];

  for (let child = node.firstChild; child; child = child.nextSibling) {
    if (child.name !== 'LineComment') {
      children.push(child);
    }
  }

  return children;
}
