import { dnsLabelErrors, labelValueErrors } from '@ks-apiserver/apimachinery/validation/names';
import { listOf } from '../../resources/core-types.ts';
import type { Fields } from '../../resources/defaults/types.ts';
import { type Causes, each } from '../causes.ts';
import {
  validateLabelSelector,
  validateNodeSelector,
  validatePreferredTerm,
} from '../selectors.ts';

const noSelector = 'must not be specified when labelSelector is not set';

function validateLabelKeys(
  keys: readonly string[] | undefined,
  selector: Fields | undefined,
  at: string,
  out: Causes,
): void {
  if (keys === undefined || keys.length === 0) {
    return;
  }

  if (selector === undefined) {
    out.forbidden(at, noSelector);
  } else {
    each(keys, at, (key, path) => out.qualifiedName(path, key));
  }
}

function validateMatchKeys(term: Fields, at: string, out: Causes): void {
  const { matchLabelKeys = [], mismatchLabelKeys = [], labelSelector } = term;
  validateLabelKeys(matchLabelKeys, labelSelector, `${at}.matchLabelKeys`, out);
  validateLabelKeys(mismatchLabelKeys, labelSelector, `${at}.mismatchLabelKeys`, out);

  const seen = new Set(Object.keys(labelSelector?.matchLabels ?? {}));
  const indexes = new Map<string, number>();

  for (const [index, key] of listOf<string>(matchLabelKeys).entries()) {
    if (!indexes.has(key)) {
      indexes.set(key, index);
    }
  }

  const mismatched = new Set<string>(mismatchLabelKeys);

  for (const { key } of labelSelector?.matchExpressions ?? []) {
    const index = indexes.get(key);
    if (index !== undefined && seen.has(key)) {
      out.invalid(`${at}[${index}]`, key, 'exists in both matchLabelKeys and labelSelector');
    }

    seen.add(key);
  }

  each<string>(matchLabelKeys, `${at}.matchLabelKeys`, (key, path) => {
    if (mismatched.has(key)) {
      out.invalid(path, key, 'exists in both matchLabelKeys and mismatchLabelKeys');
    }
  });
}

function validatePodTerm(term: Fields, at: string, out: Causes): void {
  validateLabelSelector(term.labelSelector, `${at}.labelSelector`, out);
  validateLabelSelector(term.namespaceSelector, `${at}.namespaceSelector`, out);

  for (const name of term.namespaces ?? []) {
    out.each(`${at}.namespace`, name, dnsLabelErrors(name));
  }

  validateMatchKeys(term, at, out);

  const { topologyKey = '' } = term;
  if (topologyKey === '') {
    out.required(`${at}.topologyKey`, 'can not be empty');
  }

  out.qualifiedName(`${at}.topologyKey`, topologyKey);
}

function validateWeight(value: number | undefined, at: string, out: Causes): void {
  if (value === undefined || value < 1 || value > 100) {
    out.invalid(`${at}.weight`, value ?? 0, 'must be in the range 1-100');
  }
}

const hard = 'requiredDuringSchedulingIgnoredDuringExecution';
const soft = 'preferredDuringSchedulingIgnoredDuringExecution';

/** Affinity to nodes and to other pods. */
export function validateAffinity(affinity: Fields | undefined, at: string, out: Causes): void {
  const { nodeAffinity } = affinity ?? {};
  if (nodeAffinity?.[hard]) {
    validateNodeSelector(nodeAffinity[hard], `${at}.nodeAffinity.${hard}`, out);
  }

  each(nodeAffinity?.[soft], `${at}.nodeAffinity.${soft}`, (term, path) => {
    validateWeight(term.weight, path, out);
    validatePreferredTerm(term.preference, `${path}.preference`, out);
  });

  for (const name of ['podAffinity', 'podAntiAffinity']) {
    each(affinity?.[name]?.[hard], `${at}.${name}.${hard}`, (term, path) =>
      validatePodTerm(term, path, out),
    );

    each(affinity?.[name]?.[soft], `${at}.${name}.${soft}`, (term, path) => {
      validateWeight(term.weight, path, out);
      validatePodTerm(term.podAffinityTerm ?? {}, `${path}.podAffinityTerm`, out);
    });
  }
}

const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

/** The effect of a taint or a toleration; a toleration may have none. */
export function validateTaintEffect(effect: string, at: string, out: Causes): void {
  if (effect === '') {
    out.required(at);
  } else {
    out.supported(at, effect, effects);
  }
}

/** Tolerations. */
export function validateTolerations(
  list: readonly Fields[] | undefined,
  at: string,
  out: Causes,
): void {
  each(
    list,
    at,
    ({ key = '', operator = '', value = '', effect = '', tolerationSeconds }, path) => {
      if (key !== '') {
        out.qualifiedName(`${path}.key`, key);
      } else if (operator !== 'Exists') {
        const why =
          'operator must be Exists when `key` is empty, which means "match all values and all keys"';
        out.invalid(`${path}.operator`, operator, why);
      }

      if (tolerationSeconds !== undefined && effect !== 'NoExecute') {
        out.invalid(
          `${path}.effect`,
          effect,
          "effect must be 'NoExecute' when `tolerationSeconds` is set",
        );
      }

      if (operator === '' || operator === 'Equal') {
        const errors = labelValueErrors(value);
        if (errors.length > 0) {
          out.invalid(`${path}.operator`, value, errors.join(';'));
        }
      } else if (operator === 'Exists') {
        if (value !== '') {
          out.invalid(`${path}.operator`, value, "value must be empty when `operator` is 'Exists'");
        }
      } else if (operator === 'Lt' || operator === 'Gt') {
        out.unsupported(`${path}.operator`, operator, ['Equal', 'Exists', 'Lt', 'Gt']);
      } else {
        out.unsupported(`${path}.operator`, operator, ['Equal', 'Exists']);
      }

      if (effect !== '') {
        validateTaintEffect(effect, `${path}.effect`, out);
      }
    },
  );
}

/** Topology spread constraints. */
export function validateSpread(list: readonly Fields[] | undefined, at: string, out: Causes): void {
  const pairOf = ({ topologyKey = '', whenUnsatisfiable = '' }: Fields) =>
    JSON.stringify([topologyKey, whenUnsatisfiable]);
  const lastOf = new Map((list ?? []).map((constraint, index) => [pairOf(constraint), index]));
  each(list, at, (constraint, path, index) => {
    const { maxSkew, topologyKey = '', whenUnsatisfiable = '', minDomains } = constraint;
    out.positive(`${path}.maxSkew`, maxSkew);

    if (topologyKey === '') {
      out.required(`${path}.topologyKey`, 'can not be empty');
    }

    out.supported(`${path}.whenUnsatisfiable`, whenUnsatisfiable, [
      'DoNotSchedule',
      'ScheduleAnyway',
    ]);

    if (lastOf.get(pairOf(constraint)) !== index) {
      out.duplicate(
        `${path}.{topologyKey, whenUnsatisfiable}`,
        `{${topologyKey}, ${whenUnsatisfiable}}`,
      );
    }

    if (minDomains !== undefined) {
      out.positive(`${path}.minDomains`, minDomains);

      if (whenUnsatisfiable !== 'DoNotSchedule') {
        const why = `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`;
        out.invalid(`${path}.minDomains`, minDomains, why);
      }
    }

    for (const name of ['nodeAffinityPolicy', 'nodeTaintsPolicy']) {
      if (constraint[name] !== undefined) {
        out.supported(`${path}.${name}`, constraint[name], ['Honor', 'Ignore']);
      }
    }

    validateMatchKeys({ ...constraint, mismatchLabelKeys: [] }, path, out);
    validateLabelSelector(constraint.labelSelector, `${path}.labelSelector`, out);
  });
}
