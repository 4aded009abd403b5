import { METRIC_NAME } from '../../matching/matcher.ts';
import type { Expression } from '../../syntax/expression.ts';
import { Labels, noLabels } from '../data/labels.ts';

/**
 * Returns the labels that `absent` makes of a selector: those that must have one value. A label
 * that several matchers name is left out.
 */
export function absentLabels(expression: Expression): Labels {
  const selector = expression.kind === 'range' ? expression.selector : expression;

  if (selector.kind !== 'selector') {
    return noLabels;
  }

  const labels = new Map<string, string>();
  const seen = new Set([METRIC_NAME]);

  for (const { name, op, value } of selector.matchers) {
    if (op === '=' && !seen.has(name)) {
      labels.set(name, value);
      seen.add(name);
    } else {
      labels.delete(name);
    }
  }

  return Labels.from(labels);
}
