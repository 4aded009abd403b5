import { METRIC_NAME } from '../../matching/matcher.ts';
import type { VectorMatching } from '../../syntax/expression.ts';
import type { Labels } from '../data/labels.ts';
import type { Series } from '../data/series.ts';

/** Returns the labels by which series are matched. */
export function matchedLabels({
  clause,
  labels: names,
}: VectorMatching): (labels: Labels) => Labels {
  const set = new Set(clause === 'on' ? names : [...names, METRIC_NAME]);
  return (labels) => (clause === 'on' ? labels.keep(set) : labels.without(set));
}

/** Returns the function of a text that series have in common which belong together. */
export function signature({ clause, labels: names }: VectorMatching): (labels: Labels) => string {
  if (clause === 'on') {
    return (labels) => labels.keyOf(names);
  }

  const matched = matchedLabels({ clause, labels: names, cardinality: 'one-to-one', include: [] });

  return (labels) => matched(labels).key;
}

/** Returns where at least one of some series has a value. */
export function presentIn(series: Iterable<Series>, steps: number): Uint8Array {
  const present = new Uint8Array(steps);

  for (const one of series) {
    for (let step = 0; step < steps; step += 1) {
      present[step] = (present[step] ?? 0) | (one.present[step] ?? 0);
    }
  }

  return present;
}
