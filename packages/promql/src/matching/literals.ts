/** `.*` or `.+`, which the ends of an alternative may be: neither matches a line break. */
type Wildcard = '' | '.*' | '.+';

interface Alternative {
  readonly before: Wildcard;
  readonly literal: string;
  readonly after: Wildcard;
}

const special = /[\\^$.*+?()[\]{}|]/;
const escaped = /\\([!-/:-@[-`{-~])/g;
const shape = /^\^?(\.[*+])?((?:[^\\^$.*+?()[\]{}|]|\\[!-/:-@[-`{-~])*)(\.[*+])?\$?$/;

function isWildcard(text: string): text is Wildcard {
  return text === '' || text === '.*' || text === '.+';
}

/** Reads an alternative that is a literal with `.*` or `.+` around it; undefined for others. */
function readAlternative(text: string): Alternative | undefined {
  const [matched, before = '', literal = '', after = ''] = shape.exec(text) ?? [];

  if (matched === undefined || !isWildcard(before) || !isWildcard(after)) {
    return undefined;
  }

  // Two wildcards in a row must not each match a half of one character, and neither a line break.
  if (before !== '' && after !== '' && (literal === '' || literal.includes('\n'))) {
    return undefined;
  }

  return { before, literal: literal.replace(escaped, '$1'), after };
}

/** Splits a pattern at `|`; undefined if it has groups, classes or quoted text around one. */
function splitAlternatives(pattern: string): string[] | undefined {
  const inner = /^\((?:\?:)?([^()]*)\)$/.exec(pattern)?.[1] ?? pattern;
  return /[()[\]]|\\[Q|]/.test(inner) ? undefined : inner.split('|');
}

const fits = (gap: string, wildcard: Wildcard): boolean =>
  (wildcard !== '.+' || gap !== '') && (wildcard !== '' || gap === '') && !gap.includes('\n');

/** Tests an alternative that has a wildcard; a literal between two may be at any place. */
function testAlternative({ before, literal, after }: Alternative, value: string): boolean {
  if (after === '') {
    const gap = value.length - literal.length;
    return value.endsWith(literal) && fits(value.slice(0, gap), before);
  }

  if (before === '') {
    return value.startsWith(literal) && fits(value.slice(literal.length), after);
  }

  if (value.includes('\n')) {
    return false;
  }

  const first = before === '.+' ? 1 : 0;
  const last = value.length - literal.length - (after === '.+' ? 1 : 0);
  const at = value.indexOf(literal, first);

  return at >= first && at <= last;
}

/**
 * Returns a test for the whole value without a regular expression, for patterns such as `a|b`,
 * `.+`, `prefix.*`; undefined for all others.
 */
export function literalTest(pattern: string): ((value: string) => boolean) | undefined {
  if (!special.test(pattern)) {
    return (value) => value === pattern;
  }

  const literals = new Set<string>();
  const others: Alternative[] = [];

  for (const text of splitAlternatives(pattern) ?? ['[']) {
    const alternative = readAlternative(text);
    if (!alternative) {
      return undefined;
    }

    if (alternative.before === '' && alternative.after === '') {
      literals.add(alternative.literal);
    } else {
      others.push(alternative);
    }
  }

  return (value) => literals.has(value) || others.some((other) => testAlternative(other, value));
}
