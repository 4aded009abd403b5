import { getOwn } from '../json/json.ts';
import { badRequest } from '../meta/errors.ts';
import { compareText } from '../text/compare-text.ts';
import { invalidValue, notSupported } from '../validation/field.ts';
import { labelValueErrors, qualifiedNameErrors } from '../validation/names.ts';
import { LabelLexer } from './lexer.ts';
import { checkConditions } from './limits.ts';

/** Operators of a label requirement, as they are written in the query form. */
export type LabelOperator = '=' | '==' | '!=' | 'in' | 'notin' | 'exists' | '!' | 'gt' | 'lt';

/** One condition on one label. */
export interface LabelRequirement {
  key: string;
  operator: LabelOperator;
  /** Sorted, without repetition. */
  values: readonly string[];
}

/** Conditions on labels that must all hold (Kubernetes "Labels and Selectors"). */
export interface LabelSelector {
  matches(labels: Readonly<Record<string, string>> | null | undefined): boolean;
  /** True when it matches everything. */
  empty: boolean;
  requirements: readonly LabelRequirement[];
  /** The canonical query form, requirements sorted by key. */
  toString(): string;
}

/**
 * `matchLabels` and `matchExpressions` as they stand in objects (Kubernetes meta/v1 LabelSelector).
 */
export interface LabelSelectorObject {
  matchLabels?: Readonly<Record<string, string>> | null;
  matchExpressions?:
    | readonly { key: string; operator: string; values?: readonly string[] | null }[]
    | null;
}

const integer = /^[+-]?\d{1,19}$/;

/** Returns all that is wrong with a requirement, in Kubernetes' words. */
function requirementError(
  key: string,
  operator: LabelOperator,
  values: readonly string[],
): string | undefined {
  const errors: string[] = [];
  const add = (at: string, value: string, why: string) =>
    errors.push(`${at}: ${invalidValue('', value, why).message}`);
  const keyErrors = qualifiedNameErrors(key);
  if (keyErrors.length > 0) {
    add('<nil>', key, keyErrors.join('; '));
  }

  if (operator === 'gt' || operator === 'lt') {
    for (const [index, value] of values.entries()) {
      if (!integer.test(value)) {
        add(`values[${index}]`, value, "for 'Gt', 'Lt' operators, the value must be an integer");
      }
    }
  }

  for (const [index, value] of values.entries()) {
    const valueErrors = labelValueErrors(value);
    if (valueErrors.length > 0) {
      add(`values[${index}][${key}]`, value, valueErrors.join('; '));
    }
  }

  return errors.length > 1 ? `[${errors.join(', ')}]` : errors[0];
}

/** Returns a requirement with an index of its values when it has many. */
interface Condition {
  requirement: LabelRequirement;
  values: ReadonlySet<string>;
}

function holds(
  { requirement, values }: Condition,
  labels: Readonly<Record<string, string>>,
): boolean {
  const label = getOwn(labels, requirement.key);
  const has = label !== undefined;
  const [bound] = requirement.values;

  switch (requirement.operator) {
    case 'exists':
      return has;
    case '!':
      return !has;
    case '=':
    case '==':
      return has && label === bound;
    case '!=':
      return !has || label !== bound;
    case 'in':
      return has && values.has(label);
    case 'notin':
      return !has || !values.has(label);
    default: {
      if (!has || bound === undefined || !integer.test(label)) {
        return false;
      }

      const [value, limit] = [BigInt(label.replace('+', '')), BigInt(bound.replace('+', ''))];

      return requirement.operator === 'gt' ? value > limit : value < limit;
    }
  }
}

function text(requirement: LabelRequirement): string {
  const { key, operator, values } = requirement;
  switch (operator) {
    case 'exists':
      return key;
    case '!':
      return `!${key}`;
    case 'in':
    case 'notin':
      return `${key} ${operator} (${values.join(',')})`;
    case 'gt':
      return `${key}>${values[0]}`;
    case 'lt':
      return `${key}<${values[0]}`;
    default:
      return `${key}${operator}${values[0]}`;
  }
}

const noLabels: Readonly<Record<string, string>> = Object.freeze({});

class Requirements implements LabelSelector {
  readonly requirements: readonly LabelRequirement[];
  readonly empty: boolean;
  readonly #conditions: readonly Condition[];

  constructor(requirements: LabelRequirement[]) {
    this.requirements = requirements.sort((a, b) => compareText(a.key, b.key));
    this.empty = requirements.length === 0;

    this.#conditions = requirements.map((requirement) => ({
      requirement,
      values: new Set(requirement.values),
    }));
  }

  matches(labels: Readonly<Record<string, string>> | null | undefined): boolean {
    const own = labels ?? noLabels;

    for (const condition of this.#conditions) {
      if (!holds(condition, own)) {
        return false;
      }
    }

    return true;
  }

  toString(): string {
    return this.requirements.map(text).join(',');
  }
}

/** The selector that matches every object. */
export const everything: LabelSelector = new Requirements([]);

/** The selector that matches no object, such as that of an absent `selector` field. */
export const nothing: LabelSelector = {
  matches: () => false,
  empty: false,
  requirements: [],
  toString: () => '',
};

function expected(found: string, what: string): Error {
  return new SyntaxError(`found '${found}', expected: ${what}`);
}

function parseValues(lexer: LabelLexer): string[] {
  const open = lexer.next();
  if (open.kind !== '(') {
    throw new SyntaxError(`found '${open.text}' expected: '('`);
  }

  const values = new Set<string>();
  let wantsValue = true;
  for (;;) {
    const token = lexer.next();
    if (token.kind === 'identifier' && wantsValue) {
      values.add(token.text);
      wantsValue = false;

      const after = lexer.peek();
      if (after.kind !== ',' && after.kind !== ')') {
        throw expected(after.text, "',' or ')'");
      }
    } else if (token.kind === ',') {
      if (wantsValue) {
        values.add('');
      }
      wantsValue = true;
    } else if (token.kind === ')') {
      if (wantsValue) {
        values.add('');
      }
      return [...values].sort();
    } else {
      throw expected(token.text, "',', ')' or identifier");
    }
  }
}

function parseRequirement(lexer: LabelLexer): LabelRequirement {
  let token = lexer.next();
  const negated = token.kind === '!';
  if (negated) {
    token = lexer.next();
  }
  if (token.kind !== 'identifier') {
    throw expected(token.text, 'identifier');
  }

  const key = token.text;
  const keyErrors = qualifiedNameErrors(key);
  if (keyErrors.length > 0) {
    throw new SyntaxError(`<nil>: ${invalidValue('', key, keyErrors.join('; ')).message}`);
  }

  const after = lexer.peek();
  if (negated || after.kind === 'end' || after.kind === ',') {
    return { key, operator: negated ? '!' : 'exists', values: [] };
  }

  const operator = lexer.nextOperator();
  if (operator === undefined) {
    throw expected(after.text, 'in, notin, =, ==, !=, gt, lt');
  }
  if (operator === 'in' || operator === 'notin') {
    return { key, operator, values: parseValues(lexer) };
  }

  const value = lexer.peek();
  if (value.kind === 'end' || value.kind === ',') {
    return { key, operator, values: [''] };
  }
  if (value.kind !== 'identifier') {
    throw expected(value.text, 'identifier');
  }

  lexer.next();

  return { key, operator, values: [value.text] };
}

function parseRequirements(lexer: LabelLexer): LabelRequirement[] {
  const requirements: LabelRequirement[] = [];
  const first = lexer.peek();
  if (first.kind === 'end') {
    return requirements;
  }
  if (first.kind !== 'identifier' && first.kind !== '!') {
    throw expected(first.text, "!, identifier, or 'end of string'");
  }

  for (;;) {
    try {
      const requirement = parseRequirement(lexer);
      const error = requirementError(requirement.key, requirement.operator, requirement.values);
      if (error !== undefined) {
        throw new SyntaxError(error);
      }

      requirements.push(requirement);
    } catch (error) {
      throw new SyntaxError(`unable to parse requirement: ${(error as Error).message}`);
    }

    const token = lexer.next();
    if (token.kind === 'end') {
      return requirements;
    }
    if (token.kind !== ',') {
      throw expected(token.text, "',' or 'end of string'");
    }

    const following = lexer.peek();
    if (following.kind !== 'identifier' && following.kind !== '!') {
      throw expected(following.text, "identifier after ','");
    }
  }
}

/**
 * The selector written in query form (`a=b,c in (d,e),!f`); throws a StatusError 400 in Kubernetes'
 * wording.
 */
export function parseLabelSelector(selector: string): LabelSelector {
  checkConditions(selector, 'labels');

  try {
    return new Requirements(parseRequirements(new LabelLexer(selector)));
  } catch (error) {
    throw badRequest((error as Error).message);
  }
}

const objectOperators: Readonly<Record<string, LabelOperator>> = {
  In: 'in',
  NotIn: 'notin',
  Exists: 'exists',
  DoesNotExist: '!',
};

/**
 * The selector of an object's `selector` field: absent matches nothing, empty matches everything;
 * throws a StatusError 400 where an operator or a value does not fit.
 */
export function labelSelectorFrom(selector: LabelSelectorObject | null | undefined): LabelSelector {
  if (selector === null || selector === undefined) {
    return nothing;
  }

  const requirements: LabelRequirement[] = [];

  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) {
    requirements.push({ key, operator: '=', values: [value] });
  }

  for (const { key, operator, values } of selector.matchExpressions ?? []) {
    const known = Object.hasOwn(objectOperators, operator) ? objectOperators[operator] : undefined;
    if (known === undefined) {
      throw badRequest(
        `${notSupported('operator', operator, Object.keys(objectOperators)).message}`,
      );
    }

    requirements.push({ key, operator: known, values: [...new Set(values ?? [])].sort() });
  }

  for (const { key, operator, values } of requirements) {
    const error = requirementError(key, operator, values);
    if (error !== undefined) {
      throw badRequest(error);
    }
  }

  return new Requirements(requirements);
}
