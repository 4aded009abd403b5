import { METRIC_NAME } from '../../matching/matcher.ts';
import { type Labels, noLabels } from '../data/labels.ts';

/** How series are grouped. */
export interface Grouping {
  readonly clause: 'by' | 'without';
  readonly labels: readonly string[];
}

/** Tells the groups of series apart. */
export interface Groups {
  /** Returns a text that is the same for all series of a group. */
  keyOf(labels: Labels): string;
  /** Returns the labels of the group of a series. */
  labelsOf(labels: Labels): Labels;
}

/** Returns how a grouping tells groups apart. */
export function groupsOf({ clause, labels: names }: Grouping): Groups {
  if (clause === 'without') {
    const removed = new Set([...names, METRIC_NAME]);
    return {
      keyOf: (labels) => labels.without(removed).key,
      labelsOf: (labels) => labels.without(removed),
    };
  }

  const kept = new Set(names);

  return {
    keyOf: (labels) => labels.keyOf(names),
    labelsOf: (labels) => (names.length === 0 ? noLabels : labels.keep(kept)),
  };
}
