/** What is wrong with a JSON text, in the words of Go's encoding/json. */
export class JsonError extends Error {}

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

function quoted(char: string): string {
  if (char === "'") return "'\\''";
  if (char === '"') return `'"'`;
  const code = char.charCodeAt(0);
  const short: Record<string, string> = {
    '\n': '\\n',
    '\r': '\\r',
    '\t': '\\t',
    '\\': '\\\\',
    '\b': '\\b',
    '\f': '\\f',
  };
  const hex = code < 0x20 || (code >= 0x7f && code < 0xa1) || code === 0xad;
  if (short[char] !== undefined) return `'${short[char]}'`;
  if (hex) return code < 0x80 ? `'\\x${code.toString(16).padStart(2, '0')}'` : `'\\u00${code.toString(16)}'`;
  return `'${char}'`;
}

/** Merges a repeated field as Go decodes it: into the struct or map that is already there. */
function merged(before: unknown, value: unknown): unknown {
  const isObject = (item: unknown) => item !== null && typeof item === 'object' && !Array.isArray(item);
  if (!isObject(before) || !isObject(value)) return value;
  const result = before as Record<string, unknown>;
  for (const [key, item] of Object.entries(value as object)) {
    result[key] = Object.hasOwn(result, key) ? merged(result[key], item) : item;
  }
  return result;
}

/** A slow reader of JSON for what JSON.parse cannot tell: what is wrong in Go's words, and which fields are repeated. */
export class Scanner {
  readonly #text: string;
  #at = 0;
  /** Path of each field, in the order of the text. */
  readonly fields: string[] = [];
  /** Paths of fields that were there before. */
  readonly repeated = new Set<string>();

  constructor(text: string) {
    this.#text = text;
  }

  parse(): unknown {
    const value = this.#value('');
    const rest = this.#next();
    if (rest !== '') throw this.#unexpected(rest, 'after top-level value');
    return value;
  }

  #unexpected(char: string, where: string): JsonError {
    if (char === '') return new JsonError('unexpected end of JSON input');
    return new JsonError(`invalid character ${quoted(char)} ${where}`);
  }

  /** The next character that is no space; '' at the end. */
  #next(): string {
    while (' \t\r\n'.includes(this.#text.charAt(this.#at)) && this.#at < this.#text.length) this.#at++;
    return this.#text.charAt(this.#at++);
  }

  #value(path: string): unknown {
    const char = this.#next();
    if (char === '{') return this.#object(path);
    if (char === '[') return this.#array(path);
    if (char === '"') return this.#string();
    if (char === '-' || (char >= '0' && char <= '9')) return this.#number(char);
    for (const [word, value] of [
      ['true', true],
      ['false', false],
      ['null', null],
    ] as const) {
      if (char === word[0]) return this.#word(word, value);
    }
    throw this.#unexpected(char, 'looking for beginning of value');
  }

  #word<T>(word: string, value: T): T {
    for (const expected of word.slice(1)) {
      const char = this.#text.charAt(this.#at++);
      if (char !== expected) throw this.#unexpected(char, `in literal ${word} (expecting ${quoted(expected)})`);
    }
    return value;
  }

  #object(path: string): Record<string, unknown> {
    const object: Record<string, unknown> = {};
    let char = this.#next();
    if (char === '}') return object;
    for (;;) {
      if (char !== '"') throw this.#unexpected(char, 'looking for beginning of object key string');
      const key = this.#string();
      char = this.#next();
      if (char !== ':') throw this.#unexpected(char, 'after object key');
      const at = path === '' ? key : `${path}.${key}`;
      this.fields.push(at);
      const isRepeated = Object.hasOwn(object, key);
      if (isRepeated) this.repeated.add(at);
      const value = this.#value(at);
      const kept = isRepeated ? merged(object[key], value) : value;
      Object.defineProperty(object, key, { value: kept, enumerable: true, configurable: true, writable: true });
      char = this.#next();
      if (char === '}') return object;
      if (char !== ',') throw this.#unexpected(char, 'after object key:value pair');
      char = this.#next();
    }
  }

  #array(path: string): unknown[] {
    const items: unknown[] = [];
    if (this.#next() === ']') return items;
    this.#at--;
    for (;;) {
      items.push(this.#value(`${path}[${items.length}]`));
      const char = this.#next();
      if (char === ']') return items;
      if (char !== ',') throw this.#unexpected(char, 'after array element');
    }
  }

  #string(): string {
    let value = '';
    for (;;) {
      const char = this.#text.charAt(this.#at++);
      if (char === '"') return value;
      if (char === '' || char < ' ') throw this.#unexpected(char, 'in string literal');
      value += char === '\\' ? this.#escape() : char;
    }
  }

  #escape(): string {
    const char = this.#text.charAt(this.#at++);
    if (char !== 'u') {
      if (ESCAPES[char] === undefined) throw this.#unexpected(char, 'in string escape code');
      return ESCAPES[char];
    }
    const start = this.#at;
    for (let i = 0; i < 4; i++) {
      const digit = this.#text.charAt(this.#at++);
      if (!/^[0-9a-fA-F]$/.test(digit)) throw this.#unexpected(digit, 'in \\u hexadecimal character escape');
    }
    return String.fromCharCode(Number.parseInt(this.#text.slice(start, this.#at), 16));
  }

  #number(first: string): number {
    const start = this.#at - 1;
    const digits = (where: string) => {
      const char = this.#text.charAt(this.#at);
      if (!(char >= '0' && char <= '9')) throw this.#unexpected(char, where);
      while (this.#text.charAt(this.#at) >= '0' && this.#text.charAt(this.#at) <= '9') this.#at++;
    };
    let lead = first;
    if (first === '-') {
      lead = this.#text.charAt(this.#at);
      if (!(lead >= '0' && lead <= '9')) throw this.#unexpected(lead, 'in numeric literal');
      this.#at++;
    }
    if (lead !== '0') while (this.#text.charAt(this.#at) >= '0' && this.#text.charAt(this.#at) <= '9') this.#at++;
    if (this.#text.charAt(this.#at) === '.') {
      this.#at++;
      digits('after decimal point in numeric literal');
    }
    if (/[eE]/.test(this.#text.charAt(this.#at))) {
      this.#at++;
      if (/[+-]/.test(this.#text.charAt(this.#at))) this.#at++;
      digits('in exponent of numeric literal');
    }
    return Number(this.#text.slice(start, this.#at));
  }
}
