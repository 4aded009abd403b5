import { type FieldPath, parsePath } from './field-path.ts';
import { badParameter } from './selectors.ts';

/** One key of an order in a form that 3.0 does not have. */
export interface SortTerm {
  /** As it was written, for errors. */
  text: string;
  descending: boolean;
  by:
    | { kind: 'key'; key: string }
    | { kind: 'label' | 'annotation'; key: string }
    | { kind: 'field'; path: FieldPath; field: string };
}

/** Keys of one order: each may have to be read from every object. */
const MAX_TERMS = 8;

function termOf(text: string, descending: boolean, whole: string): SortTerm {
  const [, kind, key = ''] = /^(label|annotation):(.+)$/.exec(text) ?? [];
  if (kind) {
    return { text, descending, by: { kind: kind as 'label', key } };
  }
  if (!/[.[\]:]/.test(text)) {
    return { text, descending, by: { kind: 'key', key: text } };
  }

  const path = parsePath(text);
  if (!path) {
    throw badParameter('sortBy', whole, `"${text}" is no path of a field, such as spec.replicas`);
  }

  return { text, descending, by: { kind: 'field', path, field: text } };
}

/**
 * Reads `sortBy` where it has a form of its own: keys between commas, `-` before what descends, or
 * one `label:`, `annotation:` or path of a field, which `ascending` turns as it turns 3.0's keys.
 * Undefined for 3.0's. Throws BadRequest.
 */
export function parseSort(text: string, ascending: boolean): readonly SortTerm[] | undefined {
  if (!/^-|[,.:[\]]/.test(text)) {
    return undefined;
  }
  if (!text.startsWith('-') && !text.includes(',')) {
    return [termOf(text, !ascending, text)];
  }

  const terms = text.split(',');
  if (terms.length > MAX_TERMS) {
    throw badParameter('sortBy', text, `at most ${MAX_TERMS} keys are sorted by`);
  }

  return terms.map((term) => {
    const descending = term.startsWith('-');
    const key = descending ? term.slice(1) : term;
    if (key === '') {
      throw badParameter('sortBy', text, 'a key is missing');
    }

    return termOf(key, descending, text);
  });
}
