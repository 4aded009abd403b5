/** Codes of the characters that the text formats give a meaning to. */
export const CODE = {
  tab: 9,
  newline: 10,
  carriageReturn: 13,
  space: 32,
  quote: 34,
  hash: 35,
  plus: 43,
  comma: 44,
  minus: 45,
  dot: 46,
  zero: 48,
  nine: 57,
  colon: 58,
  equals: 61,
  underscore: 95,
  backslash: 92,
  lowerN: 110,
  openBrace: 123,
  closeBrace: 125,
} as const;

/** Whether a code is a space or a tab, which separate the parts of a line. */
export function isBlank(code: number): boolean {
  return code === CODE.space || code === CODE.tab;
}

/** Returns the offset of the first character from `at` on that is no space and no tab. */
export function skipBlanks(text: string, at: number): number {
  let end = at;

  while (isBlank(text.charCodeAt(end))) {
    end += 1;
  }

  return end;
}

/** Whether a code is a letter a–z or A–Z, or an underscore. */
export function isNameStart(code: number): boolean {
  const lower = code | 32;
  return (lower >= 97 && lower <= 122) || code === CODE.underscore;
}

/** Whether a code is a digit. */
export function isDigit(code: number): boolean {
  return code >= CODE.zero && code <= CODE.nine;
}

/** Returns the offset behind a metric's name (with colons) or a label's; `at` when there is none. */
export function endOfName(text: string, at: number, kind: 'metric' | 'label'): number {
  let end = at;

  for (; ; end += 1) {
    const code = text.charCodeAt(end);
    const isColon = kind === 'metric' && code === CODE.colon;
    if (!isNameStart(code) && !isColon && !(end > at && isDigit(code))) {
      return end;
    }
  }
}
