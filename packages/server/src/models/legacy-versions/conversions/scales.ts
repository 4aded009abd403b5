import type { Conversion } from '../conversion.ts';
import { type Fields, isAbsent, isFields, mapFields } from '../fields.ts';

const EQUALITY = /^([^=!()\s,]+)=([^=!()\s,]*)$/;

/**
 * Returns the labels of a selector in text form; undefined if it requires more than equal labels.
 */
function labelsOf(selector: string): Fields | undefined {
  const labels: Fields = {};

  for (const requirement of selector.split(',')) {
    const [, name, value] = EQUALITY.exec(requirement) ?? [];
    if (name === undefined) {
      return undefined;
    }

    labels[name] = value;
  }

  return labels;
}

/**
 * Scales of extensions and of older versions of apps, which have the selector as labels, and again
 * as text.
 */
export const scales: Conversion = {
  toServed: (object) =>
    mapFields(object, 'status', ({ selector, targetSelector, ...status }) => {
      const labels = isFields(selector)
        ? Object.entries(selector)
            .map(([name, value]) => `${name}=${value}`)
            .sort()
            .join(',')
        : undefined;

      const text = isAbsent(targetSelector) || targetSelector === '' ? labels : targetSelector;

      return { ...status, ...(text !== undefined && { selector: text }) };
    }),
  toLegacy: (object) =>
    mapFields(object, 'status', ({ selector, ...status }) => {
      if (typeof selector !== 'string' || selector === '') {
        return status;
      }

      const labels = labelsOf(selector);

      return { ...status, ...(labels && { selector: labels }), targetSelector: selector };
    }),
};
