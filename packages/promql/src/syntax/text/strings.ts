/** Quoted strings, also those that do not end, and comments. */
export const stringOrComment = /"(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.)*'?|`[^`]*`?|#.*/g;

const simple: ReadonlyMap<string, number> = new Map([
  ['a', 7],
  ['b', 8],
  ['f', 12],
  ['n', 10],
  ['r', 13],
  ['t', 9],
  ['v', 11],
  ['\\', 92],
]);

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const encoder = new TextEncoder();
const wellFormed = (text: string): string => decoder.decode(encoder.encode(text));
const escapeSequence =
  /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{3})|(.))|[^\\]+|\\/gsu;

/** Returns the bytes of one escape sequence; undefined if there is no such escape. */
function escapedBytes(match: RegExpMatchArray, quote: string): Uint8Array | undefined {
  const [, hex, short, long, octal, letter] = match;
  const point = short ?? long;

  if (point !== undefined) {
    const code = Number.parseInt(point, 16);
    return code <= 0x10ffff ? encoder.encode(String.fromCodePoint(code)) : undefined;
  }

  if (letter !== undefined) {
    const code = letter === quote ? quote.charCodeAt(0) : simple.get(letter);
    return code === undefined ? undefined : Uint8Array.of(code);
  }

  const byte = hex === undefined ? Number.parseInt(octal ?? '400', 8) : Number.parseInt(hex, 16);

  return byte <= 0xff ? Uint8Array.of(byte) : undefined;
}

/**
 * Returns the text of a quoted string with Go's escapes; undefined if it does not end or has an
 * unknown escape. Bytes that are no UTF-8 become U+FFFD.
 */
export function unquote(quoted: string): string | undefined {
  const quote = quoted.charAt(0);
  const inner = quoted.slice(1, -1);

  if (quoted.length < 2 || !quoted.endsWith(quote)) {
    return undefined;
  }

  if (quote === '`' || !inner.includes('\\')) {
    return wellFormed(inner);
  }

  const parts: Uint8Array[] = [];
  for (const match of inner.matchAll(escapeSequence)) {
    const part = match[0].startsWith('\\') ? escapedBytes(match, quote) : encoder.encode(match[0]);
    if (!part) {
      return undefined;
    }

    parts.push(part);
  }

  return decoder.decode(Buffer.concat(parts));
}

/**
 * Returns a string in double quotes that Prometheus and `unquote` read as the same text. Prometheus
 * refuses U+FFFD where it is not escaped.
 */
export function quote(text: string): string {
  const escaped = wellFormed(text).replace(/[\\"\p{Cc}\u2028\u2029\ufffd]/gu, (character) =>
    character === '"' || character === '\\'
      ? `\\${character}`
      : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

  return `"${escaped}"`;
}
