/** A bracket after these characters is an index; after others it begins a list. */
const ENDS_VALUE = /[\w)\]}'"]/;

interface Bracket {
  /** Whether a bracket begins a list or map literal. */
  isLiteral: boolean;
}

/** The index after a string literal that begins at a quote. */
function skipString(text: string, at: number): number {
  const single = text.charAt(at);
  const quote = text.startsWith(single.repeat(3), at) ? single.repeat(3) : single;
  const isRaw = /(^|\W)([rR][bB]?|[bB][rR])$/.test(text.slice(Math.max(0, at - 3), at));

  for (let i = at + quote.length; i < text.length; i++) {
    if (text[i] === '\\' && !isRaw) {
      i++;
    } else if (text.startsWith(quote, i)) {
      return i + quote.length;
    }
  }

  return text.length;
}

function beginsList(before: string): boolean {
  const trimmed = before.trimEnd();
  return !ENDS_VALUE.test(trimmed.at(-1) ?? '') || /(^|\W)in$/.test(trimmed);
}

/**
 * Rewrites optional entries of list and map literals (`[?x]`, `{?'a': x}`), which the library's
 * parser does not know: each `?` becomes a `!`. Returns the new text and the positions of these
 * marks.
 */
export function markOptionalEntries(text: string): { text: string; marks: ReadonlySet<number> } {
  const marks = new Set<number>();

  if (!/[[{,]\s*\?/.test(text)) {
    return { text, marks };
  }

  const open: Bracket[] = [];
  let result = '';
  let last = '';

  for (let i = 0; i < text.length; ) {
    const char = text.charAt(i);
    if (char === "'" || char === '"') {
      const end = skipString(text, i);
      result += text.slice(i, end);
      last = char;
      i = end;
      continue;
    }

    if (char === '[') {
      open.push({ isLiteral: beginsList(text.slice(0, i)) });
    } else if (char === '{') {
      open.push({ isLiteral: true });
    } else if (char === '(') {
      open.push({ isLiteral: false });
    } else if (/[)\]}]/.test(char)) {
      open.pop();
    }

    const marked = char === '?' && /[[{,]/.test(last) && open.at(-1)?.isLiteral === true;
    if (marked) {
      marks.add(i);
    }

    result += marked ? '!' : char;

    if (/\S/.test(char)) {
      last = char;
    }

    i++;
  }

  return { text: result, marks };
}
