/** One part of a pattern: a character, any character, or any characters. */
type Part = { readonly literal: string } | 'one' | 'any';

function partsOf(pattern: string): Part[] {
  const parts: Part[] = [];
  const characters = [...pattern];

  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] ?? '';

    if (character === '*') {
      // Several in a row mean the same as one.
      if (parts.at(-1) !== 'any') {
        parts.push('any');
      }
    } else if (character === '?') {
      parts.push('one');
    } else if (character === '\\' && at + 1 < characters.length) {
      at += 1;
      parts.push({ literal: characters[at] ?? '' });
    } else {
      parts.push({ literal: character });
    }
  }

  return parts;
}

/**
 * Translates a pattern of Elasticsearch (`*`, `?`, and a backslash before what is meant literally)
 * to one of SQLite's GLOB.
 */
export function globOf(pattern: string): string {
  const glob = (part: Part) => {
    if (typeof part === 'string') {
      return part === 'any' ? '*' : '?';
    }

    return /[*?[]/.test(part.literal) ? `[${part.literal}]` : part.literal;
  };

  return partsOf(pattern).map(glob).join('');
}

/** Returns a test for whole texts by a pattern; its time grows with both lengths at most. */
export function wildcardTest(pattern: string): (text: string) => boolean {
  const parts = partsOf(pattern);

  return (text) => {
    const characters = [...text];
    let at = 0;
    let part = 0;
    // Where to go on when what follows the last `*` does not match.
    let retry: { part: number; at: number } | undefined;

    while (at < characters.length) {
      const next = parts[part];

      if (next === 'any') {
        retry = { part, at };
        part += 1;
      } else if (next !== undefined && (next === 'one' || next.literal === characters[at])) {
        part += 1;
        at += 1;
      } else if (retry) {
        retry.at += 1;
        part = retry.part + 1;
        at = retry.at;
      } else {
        return false;
      }
    }

    return parts.slice(part).every((left) => left === 'any');
  };
}
