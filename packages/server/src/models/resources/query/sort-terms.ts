import { type FieldPath, parsePath } from './field-path.ts';
import { badParameter } from './selectors.ts';

/** A key of an order in a form that 3.0 does not have. */
export interface SortTerm {
  /** As it was written, for errors. */
  text: string;
  descending: boolean;
  by:
    | { kind: 'key'; key: string }
    | { kind: 'label' | 'annotation'; key: string }
    | { kind: 'field'; path: FieldPath; field: string };
}

/** Most keys of one order: each may have to be read from every object. */
const MAX_TERMS = 8;

function parseKey(text: string, whole: string): SortTerm['by'] {
  const [, kind, key = ''] = /^(label|annotation):(.+)$/.exec(text) ?? [];
  if (kind === 'label' || kind === 'annotation') {
    return { kind, key };
  }
  if (!/[.[\]:]/.test(text)) {
    return { kind: 'key', key: text };
  }

  const path = parsePath(text);
  if (!path) {
    throw badParameter('sortBy', whole, `"${text}" is no path of a field, such as spec.replicas`);
  }

  return { kind: 'field', path, field: text };
}

/**
 * Parses `sortBy` in the forms that 3.0 does not have: keys separated by commas, each descending
 * with `-`, or one `label:`, `annotation:` or path of a field, which `ascending` orders like 3.0's
 * keys. Undefined for 3.0's form. Throws BadRequest.
 */
export function parseSort(
  text: string,
  { ascending }: { ascending: boolean },
): readonly SortTerm[] | undefined {
  if (!/^-|[,.:[\]]/.test(text)) {
    return undefined;
  }
  if (!text.startsWith('-') && !text.includes(',')) {
    return [{ text, descending: !ascending, by: parseKey(text, text) }];
  }

  const terms = text.split(',');
  if (terms.length > MAX_TERMS) {
    throw badParameter('sortBy', text, `at most ${MAX_TERMS} keys can be sorted by`);
  }

  return terms.map((term) => {
    const descending = term.startsWith('-');
    const key = descending ? term.slice(1) : term;
    if (key === '') {
      throw badParameter('sortBy', text, 'a key is missing');
    }

    return { text: key, descending, by: parseKey(key, text) };
  });
}
