import { equalJson } from '@ks-apiserver/apimachinery/json/json';
import type { Conversion } from '../conversion.ts';
import { type Fields, isFields, mapFields } from '../fields.ts';

/**
 * A label that no pod has, by which Kubernetes distinguishes the empty selectors of both versions.
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

/** Replaces the empty selector by `empty`, and `toEmpty` by the empty selector. */
function replaceSelector(
  object: Fields,
  { empty, toEmpty }: { empty: Fields; toEmpty: Fields },
): Fields {
  return mapFields(object, 'spec.selector', (selector) => {
    if (isEmpty(selector)) {
      return empty;
    }

    return equalJson(selector, toEmpty) ? {} : selector;
  });
}

/** PodDisruptionBudgets of policy/v1beta1. */
export const disruptionBudgets: Conversion = {
  toServed: (object) => replaceSelector(object, { empty: NOTHING, toEmpty: EVERYTHING }),
  toLegacy: (object) => replaceSelector(object, { empty: EVERYTHING, toEmpty: NOTHING }),
};
