import { dnsSubdomainErrors, labelValueErrors } from '@ks-apiserver/apimachinery/validation/names';
import type { Fields } from '../resources/defaults/types.ts';
import { type Causes, each } from './causes.ts';

/** A LabelSelector; a missing one is valid. */
export function validateLabelSelector(selector: Fields | undefined, at: string, out: Causes): void {
  if (selector === undefined) {
    return;
  }

  out.labels(`${at}.matchLabels`, selector.matchLabels);

  each(
    selector.matchExpressions,
    `${at}.matchExpressions`,
    ({ key = '', operator = '', values = [] }, path) => {
      if (operator === 'In' || operator === 'NotIn') {
        if (values.length === 0) {
          out.required(`${path}.values`, "must be specified when `operator` is 'In' or 'NotIn'");
        }
      } else if (operator === 'Exists' || operator === 'DoesNotExist') {
        if (values.length > 0) {
          out.forbidden(
            `${path}.values`,
            "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
          );
        }
      } else {
        out.invalid(`${path}.operator`, operator, 'not a valid selector operator');
      }

      out.qualifiedName(`${path}.key`, key);
      each<string>(values, `${path}.values`, (value, place) =>
        out.each(place, value, labelValueErrors(value)),
      );
    },
  );
}

/** An expression of a node selector; of its values only the number is checked. */
function validateNodeExpression(
  { key = '', operator = '', values = [] }: Fields,
  at: string,
  out: Causes,
): void {
  switch (operator) {
    case 'In':
    case 'NotIn':
      if (values.length === 0) {
        out.required(`${at}.values`, "must be specified when `operator` is 'In' or 'NotIn'");
      }

      break;
    case 'Exists':
    case 'DoesNotExist':
      if (values.length > 0) {
        out.forbidden(
          `${at}.values`,
          "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
        );
      }

      break;
    case 'Gt':
    case 'Lt':
      if (values.length !== 1) {
        out.required(
          `${at}.values`,
          "must be specified single value when `operator` is 'Lt' or 'Gt'",
        );
      }

      break;
    default:
      out.invalid(`${at}.operator`, operator, 'not a valid selector operator');
  }

  out.qualifiedName(`${at}.key`, key);
}

function validateRequiredNodeExpression(expression: Fields, at: string, out: Causes): void {
  validateNodeExpression(expression, at, out);

  each<string>(expression.values, `${at}.values`, (value, place) =>
    out.each(place, value, labelValueErrors(value)),
  );
}

function validateNodeField(
  { key = '', operator = '', values = [] }: Fields,
  at: string,
  out: Causes,
): void {
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length !== 1) {
      const why =
        "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
      out.required(`${at}.values`, why);
    }
  } else {
    out.invalid(`${at}.operator`, operator, 'not a valid selector operator');
  }

  if (key !== 'metadata.name') {
    out.invalid(`${at}.key`, key, 'not a valid field selector key');
  } else {
    each<string>(values, `${at}.values`, (value, place) =>
      out.each(place, value, dnsSubdomainErrors(value)),
    );
  }
}

function validateTerm(
  term: Fields | undefined,
  at: string,
  validateExpression: typeof validateNodeExpression,
  out: Causes,
): void {
  each(term?.matchExpressions, `${at}.matchExpressions`, (item, path) =>
    validateExpression(item, path, out),
  );
  each(term?.matchFields, `${at}.matchFields`, (item, path) => validateNodeField(item, path, out));
}

/** The term of a preference, whose values Kubernetes does not check. */
export function validatePreferredTerm(term: Fields | undefined, at: string, out: Causes): void {
  validateTerm(term, at, validateNodeExpression, out);
}

/** A NodeSelector. */
export function validateNodeSelector(selector: Fields, at: string, out: Causes): void {
  const { nodeSelectorTerms = [] } = selector;
  const field = `${at}.nodeSelectorTerms`;

  if (nodeSelectorTerms.length === 0) {
    out.required(field, 'must have at least one node selector term');
  }

  each(nodeSelectorTerms, field, (term, path) =>
    validateTerm(term, path, validateRequiredNodeExpression, out),
  );
}
