import { equalJson } from '@ks-apiserver/apimachinery/json/json';
import type { Conversion } from '../conversion.ts';
import { type Fields, isFields, mapFields } from '../fields.ts';

/**
 * A label that no pod has: Kubernetes tells by it which of both versions' empty selectors is meant.
 */
const NO_LABEL = 'pdb.kubernetes.io/deprecated-v1beta1-empty-selector-match';

/** Selects nothing in policy/v1, where the empty selector selects everything. */
const NOTHING = { matchExpressions: [{ key: NO_LABEL, operator: 'Exists' }] };

/** Selects everything in policy/v1beta1, where the empty selector selects nothing. */
const EVERYTHING = { matchExpressions: [{ key: NO_LABEL, operator: 'DoesNotExist' }] };

function isEmpty(selector: Fields): boolean {
  return Object.values(selector).every((part) =>
    Array.isArray(part) ? part.length === 0 : isFields(part) && Object.keys(part).length === 0,
  );
}

/** PodDisruptionBudgets of policy/v1beta1. */
export const disruptionBudgets: Conversion = {
  toServed: (object) =>
    mapFields(object, 'spec.selector', (selector) =>
      isEmpty(selector) ? NOTHING : equalJson(selector, EVERYTHING) ? {} : selector,
    ),
  toLegacy: (object) =>
    mapFields(object, 'spec.selector', (selector) =>
      isEmpty(selector) ? EVERYTHING : equalJson(selector, NOTHING) ? {} : selector,
    ),
};
