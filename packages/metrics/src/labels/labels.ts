import { compareText } from '@ks-apiserver/apimachinery/text/compare-text';
import type { LabelSet } from '@ks-apiserver/promql/query-api';

/**
 * Labels of a series: names and values in turn, sorted by name, none of them empty; the metric's
 * name is the value of `__name__`.
 */
export type Labels = readonly string[];

/** The label that holds the metric's name. */
export const NAME_LABEL = '__name__';

const SEPARATOR = '\u0001';

/** Makes labels of pairs in any order; the last pair of a name counts, an empty value removes it. */
export function makeLabels(pairs: Iterable<readonly [name: string, value: string]>): Labels {
  const values = new Map(pairs);
  const names = [...values.keys()].sort(compareText);

  return names.flatMap((name) => {
    const value = values.get(name);
    return value === undefined || value === '' ? [] : [name, value];
  });
}

/** Returns the pairs of labels. */
export function* labelPairs(labels: Labels): Generator<[name: string, value: string]> {
  for (let at = 0; at + 1 < labels.length; at += 2) {
    yield [labels[at] ?? '', labels[at + 1] ?? ''];
  }
}

/** Returns the value of a label, '' when there is none. */
export function labelValue(labels: Labels, name: string): string {
  for (let at = 0; at < labels.length; at += 2) {
    if (labels[at] === name) {
      return labels[at + 1] ?? '';
    }
  }

  return '';
}

/** Returns a text that two labels share only if they are the same. */
export function labelKey(labels: Labels): string {
  let key = '';

  for (const part of labels) {
    const text = part.includes(SEPARATOR) ? part.replaceAll(SEPARATOR, '\u0001\u0001') : part;
    key += `${text}${SEPARATOR}`;
  }

  return key;
}

/** Returns labels as an object without a prototype's properties. */
export function toLabelSet(labels: Labels): LabelSet {
  return Object.fromEntries(labelPairs(labels));
}

/** Compares labels pair by pair, for sorting: negative, zero or positive. */
export function compareLabels(a: Labels, b: Labels): number {
  const shared = Math.min(a.length, b.length);

  for (let at = 0; at < shared; at++) {
    const order = compareText(a[at] ?? '', b[at] ?? '');
    if (order !== 0) {
      return order;
    }
  }

  return a.length - b.length;
}
