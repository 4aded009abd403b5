import type { SeriesSyntax } from '../exposition/series-syntax.ts';
import { type Labels, labelPairs, makeLabels } from '../labels/labels.ts';

/** How the labels of a target and those of its series become one. */
export interface TargetLabels {
  /** Labels that all series of the target get: `job`, `instance` and others. */
  readonly labels: Readonly<Record<string, string>>;
  /**
   * What becomes of a series' own label of the same name as one of the target's: it is kept, an
   * empty one too, or renamed to `exported_…`, the default.
   */
  readonly ownLabels?: 'keep' | 'rename';
}

/** Returns the labels of a series with those of its target, as Prometheus joins them. */
export function withTargetLabels(
  { labels, empty }: Pick<SeriesSyntax, 'labels' | 'empty'>,
  target: TargetLabels,
): Labels {
  const ofTarget = Object.entries(target.labels);

  return target.ownLabels === 'keep'
    ? makeLabels([...ofTarget.filter(([name]) => !empty.includes(name)), ...labelPairs(labels)])
    : makeLabels([...renamed(labels, target.labels), ...ofTarget]);
}

/** Returns the labels of a series under names that none of the target's labels has. */
function renamed(labels: Labels, ofTarget: TargetLabels['labels']): [string, string][] {
  const pairs = [...labelPairs(labels)];
  const taken = new Set([...pairs.map(([name]) => name), ...Object.keys(ofTarget)]);

  // A short name gets its new one first.
  const conflicts = pairs
    .filter(([name]) => Object.hasOwn(ofTarget, name))
    .sort(([a], [b]) => a.length - b.length);

  for (const pair of conflicts) {
    do {
      pair[0] = `exported_${pair[0]}`;
    } while (taken.has(pair[0]));

    taken.add(pair[0]);
  }

  return pairs;
}
