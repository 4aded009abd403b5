/** A document is not well-formed, or holds what Jenkins' documents do not. */
export class XmlError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'XmlError';
  }
}

/** Characters that no document can hold, not even as references (XML 1.1, "Char"). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: NUL is one of them.
const IMPOSSIBLE = /[\u0000\uFFFE\uFFFF]|\p{Surrogate}/u;

/**
 * Characters that mean something to XML, or that XML 1.1 would take for a line end or refuse when
 * they are not written as references. Tabs and line feeds of texts stay.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is escaped.
const ESCAPED = /[<>&'"\u0001-\u0008\u000B-\u001F\u007F-\u009F\u2028]/g;

const NAMED: Readonly<Record<string, string>> = {
  lt: '<',
  gt: '>',
  amp: '&',
  apos: "'",
  quot: '"',
};

const NAMES = new Map(Object.entries(NAMED).map(([name, character]) => [character, name]));

/**
 * Escapes a text for a document of XML 1.1. Throws an XmlError for a character that none can hold.
 */
export function escapeText(text: string): string {
  const [impossible] = IMPOSSIBLE.exec(text) ?? [];
  if (impossible !== undefined) {
    const code = impossible.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
    throw new XmlError(`a text contains the character U+${code}, which XML cannot hold`);
  }

  return text.replace(
    ESCAPED,
    (character) => `&${NAMES.get(character) ?? `#x${character.charCodeAt(0).toString(16)}`};`,
  );
}

/** Escapes the value of an attribute, in which white space would be changed. */
export function escapeAttribute(text: string): string {
  return escapeText(text).replace(
    /[\t\n]/g,
    (character) => `&#x${character.charCodeAt(0).toString(16)};`,
  );
}

/**
 * Replaces references to characters. Throws an XmlError for any other reference: Jenkins writes
 * none, and entities that stand for others could make a small document endless.
 */
export function unescapeText(text: string): string {
  return text.replace(/&(#x[\da-f]{1,6}|#\d{1,7}|\w{1,10})?;?/gi, (whole, name?: string) => {
    const character = name !== undefined && whole.endsWith(';') ? characterOf(name) : undefined;
    if (character === undefined) {
      throw new XmlError(`the reference "${whole}" is unknown`);
    }

    return character;
  });
}

function characterOf(name: string): string | undefined {
  if (!name.startsWith('#')) {
    return Object.hasOwn(NAMED, name) ? NAMED[name] : undefined;
  }

  const code = /^#x/i.test(name)
    ? Number.parseInt(name.slice(2), 16)
    : Number.parseInt(name.slice(1), 10);
  const isCharacter = code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);

  return isCharacter ? String.fromCodePoint(code) : undefined;
}
