import type { SyntaxNode } from '@lezer/common';
import type { Cardinality, VectorMatching } from './expression.ts';
import { labelName } from './selectors.ts';
import type { Source } from './text/source.ts';
import { childrenOf } from './text/tree.ts';

const labelsIn = (source: Source, brackets: SyntaxNode | null | undefined): string[] =>
  (brackets ? childrenOf(brackets) : []).map((name) => labelName(source, name));

/** Returns the labels of a clause `by (…)` or `without (…)`; none if it is missing. */
export function groupingLabels(source: Source, clause: SyntaxNode | null): string[] {
  return labelsIn(source, clause?.getChild('GroupingLabels'));
}

function cardinalityOf(clause: SyntaxNode): Cardinality {
  if (clause.getChild('GroupLeft')) {
    return 'many-to-one';
  }

  return clause.getChild('GroupRight') ? 'one-to-many' : 'one-to-one';
}

/** Returns what the modifiers behind an operator say; no matching where none is written. */
export function operatorModifiers(
  source: Source,
  nodes: readonly SyntaxNode[],
): { bool: boolean; matching: VectorMatching | undefined } {
  const clause = nodes.find(({ name }) => name === 'MatchingModifierClause');
  const fill = nodes.find(({ name }) => name === 'FillModifier');
  const bool = nodes.some(({ name }) => name === 'BoolModifier');

  if (fill) {
    throw source.error(fill.from, 'unexpected fill modifier');
  }

  if (!clause) {
    return { bool, matching: undefined };
  }

  const [labels, include] = clause.getChildren('GroupingLabels');

  const matching: VectorMatching = {
    cardinality: cardinalityOf(clause),
    clause: clause.getChild('On') ? 'on' : 'ignoring',
    labels: labelsIn(source, labels),
    include: labelsIn(source, include),
  };

  return { bool, matching };
}
