import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import { badRequest, StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import {
  type FieldRequirement,
  parseFieldSelector,
} from '@ks-apiserver/apimachinery/selectors/fields';
import { parseLabelSelector } from '@ks-apiserver/apimachinery/selectors/labels';
import { checkConditions } from '@ks-apiserver/apimachinery/selectors/limits';
import { type FieldPath, parsePath } from './field-path.ts';

/** Longest part of a parameter's value that an error quotes, in characters. */
const QUOTED = 128;

/** Most fields that a query may read: each is read from every object the first time. */
const MAX_FIELDS = 8;

/** A label selector, or several of which one must match. */
export interface LabelTest {
  /** As it was written. */
  text: string;
  matches(labels: Readonly<Record<string, string>>): boolean;
}

/** A condition on a field, with the field's parsed path. */
export interface FieldCondition extends FieldRequirement {
  path: FieldPath;
}

/** Returns 400 with a parameter and its value. */
export function badParameter(name: string, value: string, why: string): StatusError {
  const shown = value.length > QUOTED ? `${value.slice(0, QUOTED)}…` : value;
  return badRequest(`parameter ${name}="${shown}" cannot be read: ${why}`);
}

function checkSelector(name: string, text: string, form: 'labels' | 'fields'): void {
  try {
    checkConditions(text, form);
  } catch (error) {
    throw badParameter(name, text, messageOf(error));
  }
}

/**
 * Splits a text at `||`; a bar after a backslash does not separate, and the backslash is removed.
 */
function splitAlternatives(text: string): string[] {
  const alternatives = [''];

  for (const [token] of text.matchAll(/\\.|\|\||./gs)) {
    if (token === '||') {
      alternatives.push('');
    } else {
      alternatives[alternatives.length - 1] += token === '\\|' ? '|' : token;
    }
  }

  return alternatives;
}

function parseEach<T>(
  name: string,
  text: string,
  parts: readonly string[],
  read: (part: string) => T,
): T[] {
  return parts.map((part) => {
    if (parts.length > 1 && part.trim() === '') {
      throw badParameter(name, text, 'one side of || is empty');
    }

    try {
      return read(part);
    } catch (error) {
      if (error instanceof StatusError && error.code === 400) {
        throw badParameter(name, text, error.message);
      }
      throw error;
    }
  });
}

/**
 * Parses `labelSelector`: Kubernetes' form, or several joined by `||`; undefined for an empty one.
 * Throws BadRequest.
 */
export function parseLabels(text: string): LabelTest | undefined {
  if (text === '') {
    return undefined;
  }

  checkSelector('labelSelector', text, 'labels');

  // Labels and their values have no bars.
  const selectors = parseEach('labelSelector', text, text.split('||'), parseLabelSelector);

  return { text, matches: (labels) => selectors.some((selector) => selector.matches(labels)) };
}

/**
 * Parses `fieldSelector`: alternatives of conditions that must all hold; undefined for an empty
 * one. Throws BadRequest.
 */
export function parseFields(text: string): readonly (readonly FieldCondition[])[] | undefined {
  if (text === '') {
    return undefined;
  }

  checkSelector('fieldSelector', text, 'fields');

  const read = parseEach('fieldSelector', text, splitAlternatives(text), (part) =>
    parseFieldSelector(part).requirements.map((requirement): FieldCondition => {
      const path = parsePath(requirement.field);
      if (!path) {
        throw badRequest(`"${requirement.field}" is no path of a field, such as spec.nodeName`);
      }

      return { ...requirement, path };
    }),
  );

  if (new Set(read.flat().map(({ field }) => field)).size > MAX_FIELDS) {
    throw badParameter('fieldSelector', text, `at most ${MAX_FIELDS} fields can be selected`);
  }

  return read.some((conditions) => conditions.length === 0) ? undefined : read;
}
