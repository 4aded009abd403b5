import { badRequest } from '../meta/errors.ts';
import { checkConditions } from './limits.ts';

/** One condition on one field. */
export interface FieldRequirement {
  field: string;
  operator: '=' | '!=';
  value: string;
}

/** Conditions on fields that must all hold (Kubernetes "Field Selectors"). */
export interface FieldSelector {
  requirements: readonly FieldRequirement[];
  /** `get` gives a field's value, '' where it is not set. */
  matches(get: (field: string) => string): boolean;
  /** Whether it matches everything. */
  empty: boolean;
  /** The canonical query form. */
  toString(): string;
}

function splitTerms(text: string): string[] {
  const terms: string[] = [];
  let start = 0;

  for (let i = 0; i < text.length; i++) {
    if (text[i] === '\\') {
      i++;
    } else if (text[i] === ',') {
      terms.push(text.slice(start, i));
      start = i + 1;
    }
  }

  terms.push(text.slice(start));

  return terms;
}

function unescapeValue(value: string): string {
  if (!/[\\,=]/.test(value)) {
    return value;
  }

  let out = '';

  for (let i = 0; i < value.length; i++) {
    const char = value.charAt(i);
    if (char === '\\') {
      const next = value[++i];
      if (next !== '\\' && next !== ',' && next !== '=') {
        throw badRequest(`invalid field selector: invalid escape sequence: \\${next ?? ''}`);
      }

      out += next;
    } else if (char === ',' || char === '=') {
      throw badRequest(
        `invalid field selector: unescaped character in value: ${char.charCodeAt(0)}`,
      );
    } else {
      out += char;
    }
  }

  return out;
}

function escapeValue(value: string): string {
  return value.replace(/[\\,=]/g, '\\$&');
}

/**
 * The selector written in query form (`metadata.name=a,status.phase!=Running`); throws a
 * StatusError 400.
 */
export function parseFieldSelector(text: string): FieldSelector {
  checkConditions(text, 'fields');

  const requirements: FieldRequirement[] = [];

  // Sorted, as Kubernetes reads them: of several faults the first in this order is reported.
  for (const term of splitTerms(text).sort()) {
    if (term === '') {
      continue;
    }

    const parts = /^(.*?)(!=|==|=)(.*)$/s.exec(term);
    if (parts === null) {
      throw badRequest(`invalid selector: '${text}'; can't understand '${term}'`);
    }

    const [, field = '', operator, escaped = ''] = parts;
    const value = unescapeValue(escaped);

    // An empty term asks for nothing.
    if (field !== '' || value !== '') {
      requirements.push({ field, operator: operator === '!=' ? '!=' : '=', value });
    }
  }

  return {
    requirements,
    empty: requirements.length === 0,
    matches(get) {
      for (const { field, operator, value } of requirements) {
        if ((get(field) === value) !== (operator === '=')) {
          return false;
        }
      }

      return true;
    },
    toString: () =>
      requirements
        .map(({ field, operator, value }) => `${field}${operator}${escapeValue(value)}`)
        .join(','),
  };
}
