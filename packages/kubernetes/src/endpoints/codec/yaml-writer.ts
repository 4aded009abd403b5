/** Characters of a piece of YAML. */
const PIECE = 32 * 1024;

/** Strings that YAML 1.1 reads as other types, in lower case. */
const WORDS = new Set([
  'y',
  'yes',
  'on',
  'true',
  'n',
  'no',
  'off',
  'false',
  'null',
  'nan',
  'inf',
  'infinity',
]);

/** Strings that YAML 1.1 or 1.2 reads as a number, also of base 60, or as a timestamp. */
const NUMBER =
  /^[-+]?(?:0b[01_]+|0o?[0-7_]+|0x[0-9a-f_]+|[0-9][0-9_]*(?::[0-9_]+)*(?:\.[0-9_]*)?|[0-9_]*(?:\.[0-9_]*)?e[-+]?[0-9_]+)$/i;
const TIME = /^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt\s].*)?$/;

/**
 * Strings that begin with a letter, digit or slash and have no characters with a meaning in YAML.
 */
const PLAIN = /^[A-Za-z0-9_/][A-Za-z0-9_.,/@%+*=~()-]*(?:[: ]+[A-Za-z0-9_.,/@%+*=~()-]+)*$/;

/**
 * Characters of a literal block; strings with carriage returns and other control characters are
 * quoted.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what no block may hold.
const BLOCK = /^[^\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\ufeff\ud800-\udfff]*$/;

function isPlain(text: string): boolean {
  if (text.length >= 256 || WORDS.has(text.toLowerCase()) || NUMBER.test(text) || TIME.test(text)) {
    return false;
  }
  return !text.includes(': ') && PLAIN.test(text);
}

function quote(text: string): string {
  const escaped = (char: string) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(text).replace(/[\u007f-\u009f\u2028\u2029\ufeff]/g, escaped);
}

/** A string of several lines as a literal block; undefined where it cannot be one. */
function formatBlock(text: string, indent: string): string | undefined {
  if (!text.includes('\n') || /^[ \t\n]/.test(text) || !BLOCK.test(text)) {
    return undefined;
  }

  const body = text.replace(/\n+$/, '');
  const ends = text.length - body.length;
  const keepsMore = ends === 1 ? '' : '+';
  const chomping = ends === 0 ? '-' : keepsMore;

  return `|${chomping}\n${text.slice(0, text.length - Math.min(ends, 1)).replace(/^(?=.)/gm, indent)}`;
}

function scalar(value: unknown, indent: string): string {
  if (typeof value === 'string') {
    return isPlain(value) ? value : (formatBlock(value, indent) ?? quote(value));
  }
  return value === null || value === undefined ? 'null' : String(value);
}

function isFilled(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0;
}

/** Where a value is written. */
interface Position {
  /** What its lines begin with. */
  indent: string;
  /** True after a dash, where the first line has begun already. */
  inItem: boolean;
}

/** Writes the lines of a list or an object that is not empty. */
function* lines(value: object, { indent, inItem }: Position): Generator<string, void> {
  let begin = inItem ? '' : indent;

  if (Array.isArray(value)) {
    for (const item of value) {
      yield `${begin}- `;
      yield* after(item, { indent: `${indent}  `, inItem: true });
      begin = indent;
    }

    return;
  }

  for (const key of Object.keys(value).sort()) {
    const item = (value as Record<string, unknown>)[key];
    if (item === undefined) {
      continue;
    }

    const name = isPlain(key) ? key : quote(key);

    // A longer key must be explicit.
    yield name.length > 1000 ? `${begin}? ${name}\n${indent}:` : `${begin}${name}:`;
    yield isFilled(item) ? '\n' : ' ';
    yield* after(item, {
      indent: Array.isArray(item) ? indent : `${indent}  `,
      inItem: false,
    });
    begin = indent;
  }
}

/** Writes a value after its key or dash. */
function* after(value: unknown, position: Position): Generator<string, void> {
  const { indent } = position;

  if (isFilled(value)) {
    yield* lines(value, position);
  } else if (typeof value === 'object' && value !== null) {
    yield Array.isArray(value) ? '[]\n' : '{}\n';
  } else {
    yield `${scalar(value, indent === '' ? '  ' : indent)}\n`;
  }
}

/**
 * Writes a JSON value as YAML 1.1 as Kubernetes does: keys in order, lists at the indentation of
 * their key. Yields pieces, so that other requests can run while a large value is written.
 */
export function yamlPieces(value: unknown): Generator<string, void> {
  return pieces('', after(value, { indent: '', inItem: false }));
}

/** The same for an item of a list. */
export function yamlItemPieces(value: unknown): Generator<string, void> {
  return pieces('- ', after(value, { indent: '  ', inItem: true }));
}

function* pieces(begin: string, parts: Iterable<string>): Generator<string, void> {
  let piece = begin;

  for (const part of parts) {
    piece += part;
    if (piece.length < PIECE) {
      continue;
    }

    yield piece;
    piece = '';
  }

  if (piece !== '') {
    yield piece;
  }
}
