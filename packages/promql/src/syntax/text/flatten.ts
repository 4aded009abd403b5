import type { SyntaxNode } from '@lezer/common';
import type { Source, Span } from './source.ts';
import { childrenOf } from './tree.ts';

/** An operand, sign, operator or modifier, in the order in which they are written. */
export type Item =
  | { readonly type: 'operand'; readonly node: SyntaxNode; readonly span: Span }
  | { readonly type: 'sign'; readonly minus: boolean; readonly span: Span }
  | { readonly type: 'operator'; readonly nodes: readonly SyntaxNode[]; readonly span: Span }
  | { readonly type: 'modifier'; readonly node: SyntaxNode; readonly span: Span };

const modifiers = new Set([
  ...['OffsetExpr', 'StepInvariantExpr', 'MatrixSelector', 'SubqueryExpr'],
  ...['AnchoredExpr', 'SmoothedExpr'],
]);

const signOf = (source: Source, node: SyntaxNode): Item => ({
  type: 'sign',
  minus: source.text[node.from] === '-',
  span: { from: node.from, to: node.from + 1 },
});

/** Returns a number as its sign, if it has one, and the number. */
function numberItems(source: Source, node: SyntaxNode): Item[] {
  const digits = source.slice(node).replace(/^[-+](?:\s|#.*)*/, '');
  const span = { from: node.to - digits.length, to: node.to };
  const operand: Item = { type: 'operand', node, span };

  return span.from === node.from ? [operand] : [signOf(source, node), operand];
}

/** Returns a node as items, or the nodes and items that it consists of. */
function partsOf(source: Source, node: SyntaxNode): (SyntaxNode | Item)[] {
  if (node.name === 'NumberDurationLiteral') {
    return numberItems(source, node);
  }

  const [first, ...others] = childrenOf(node);
  const last = others.at(-1);
  const operators = others.slice(0, -1);

  if (first && modifiers.has(node.name)) {
    return [first, { type: 'modifier', node, span: { from: first.to, to: node.to } }];
  }

  if (node.name === 'UnaryExpr' && last) {
    return [signOf(source, node), last];
  }

  if (node.name === 'BinaryExpr' && first && operators[0] && last) {
    return [first, { type: 'operator', nodes: operators, span: operators[0] }, last];
  }

  return [{ type: 'operand', node, span: node }];
}

/**
 * Returns the items of an expression outside of brackets. The grammar was made for editors: it
 * gives modifiers such as `offset` the lowest precedence, so its nesting of operators is not used.
 */
export function flatten(source: Source, root: SyntaxNode): Item[] {
  const items: Item[] = [];
  const pending: (SyntaxNode | Item)[] = [root];

  for (let next = pending.pop(); next; next = pending.pop()) {
    if ('span' in next) {
      items.push(next);
    } else {
      pending.push(...partsOf(source, next).reverse());
    }
  }

  return items;
}
