import type { Conversion } from '../conversion.ts';
import { type Fields, isAbsent, isFields, mapFields } from '../fields.ts';

const EQUALITY = /^([^=!()\s,]+)=([^=!()\s,]*)$/;

/**
 * Labels that a selector in text form asks for; undefined where it asks for more than equal labels.
 */
function labelsOf(selector: string): Fields | undefined {
  const parts = selector.split(',').map((part) => EQUALITY.exec(part));
  return parts.every((part) => part !== null)
    ? Object.fromEntries(parts.map((part) => [part[1]!, part[2]!]))
    : undefined;
}

/**
 * Scales of extensions and of older versions of apps, which tell a selector as labels, and again as
 * text.
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
