import { maxNesting } from '@ks-apiserver/apimachinery/json/json';

/** An error in a JSON text, in the words of Go's encoding/json. */
export class JsonError extends Error {}

/** For a text that is nested more deeply than any object of the API. */
export function tooDeep(): JsonError {
  return new JsonError('exceeded max depth');
}

function quoteChar(char: string): string {
  if (char === "'") {
    return "'\\''";
  }
  if (char === '"') {
    return `'"'`;
  }

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

  if (short[char] !== undefined) {
    return `'${short[char]}'`;
  }

  if (hex) {
    return code < 0x80
      ? `'\\x${code.toString(16).padStart(2, '0')}'`
      : `'\\u00${code.toString(16)}'`;
  }

  return `'${char}'`;
}

const WORDS = { t: 'true', f: 'false', n: 'null' } as const;

/**
 * Scans for the first invalid byte of a JSON text, to report it in Go's words, which JSON.parse
 * does not have.
 */
class FaultFinder {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  /** `text` has the bytes of a JSON text, one per character, as Go prints them. */
  constructor(text: string) {
    this.#text = text;
  }

  /** Throws a JsonError for the first error. */
  check(): void {
    this.#value();

    const rest = this.#next();
    if (rest !== '') {
      throw this.#unexpected(rest, 'after top-level value');
    }
  }

  #unexpected(char: string, where: string): JsonError {
    if (char === '') {
      return new JsonError('unexpected end of JSON input');
    }
    return new JsonError(`invalid character ${quoteChar(char)} ${where}`);
  }

  /** Skips what a sticky expression matches. */
  #skip(expression: RegExp): void {
    expression.lastIndex = this.#at;
    expression.test(this.#text);
    this.#at = expression.lastIndex;
  }

  /** The next character that is no space; '' at the end. */
  #next(): string {
    this.#skip(/[ \t\r\n]*/y);
    return this.#text.charAt(this.#at++);
  }

  #value(): void {
    const char = this.#next();
    if (char === '{') {
      this.#inside(() => this.#object());
    } else if (char === '[') {
      this.#inside(() => this.#array());
    } else if (char === '"') {
      this.#string();
    } else if (char === '-' || (char >= '0' && char <= '9')) {
      this.#number(char);
    } else if (char === 't' || char === 'f' || char === 'n') {
      this.#word(WORDS[char]);
    } else {
      throw this.#unexpected(char, 'looking for beginning of value');
    }
  }

  #inside(check: () => void): void {
    if (++this.#depth > maxNesting) {
      throw tooDeep();
    }

    check();
    this.#depth--;
  }

  #word(word: string): void {
    for (const expected of word.slice(1)) {
      const char = this.#text.charAt(this.#at++);
      if (char !== expected) {
        throw this.#unexpected(char, `in literal ${word} (expecting ${quoteChar(expected)})`);
      }
    }
  }

  #object(): void {
    let char = this.#next();
    if (char === '}') {
      return;
    }

    for (;;) {
      if (char !== '"') {
        throw this.#unexpected(char, 'looking for beginning of object key string');
      }

      this.#string();
      char = this.#next();
      if (char !== ':') {
        throw this.#unexpected(char, 'after object key');
      }

      this.#value();
      char = this.#next();
      if (char === '}') {
        return;
      }
      if (char !== ',') {
        throw this.#unexpected(char, 'after object key:value pair');
      }

      char = this.#next();
    }
  }

  #array(): void {
    if (this.#next() === ']') {
      return;
    }

    this.#at--;

    for (;;) {
      this.#value();

      const char = this.#next();
      if (char === ']') {
        return;
      }
      if (char !== ',') {
        throw this.#unexpected(char, 'after array element');
      }
    }
  }

  #string(): void {
    for (;;) {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters may not stand in a string.
      this.#skip(/[^"\\\u0000-\u001f]*/y);

      const char = this.#text.charAt(this.#at++);
      if (char === '"') {
        return;
      }
      if (char !== '\\') {
        throw this.#unexpected(char, 'in string literal');
      }

      this.#escape();
    }
  }

  #escape(): void {
    const char = this.#text.charAt(this.#at++);
    if (char !== 'u') {
      if (char === '' || !'"\\/bfnrt'.includes(char)) {
        throw this.#unexpected(char, 'in string escape code');
      }
      return;
    }

    for (let i = 0; i < 4; i++) {
      const digit = this.#text.charAt(this.#at++);
      if (!/^[0-9a-fA-F]$/.test(digit)) {
        throw this.#unexpected(digit, 'in \\u hexadecimal character escape');
      }
    }
  }

  #digits(where: string): void {
    const char = this.#text.charAt(this.#at);
    if (!(char >= '0' && char <= '9')) {
      throw this.#unexpected(char, where);
    }

    this.#skip(/[0-9]*/y);
  }

  #number(first: string): void {
    let lead = first;

    if (first === '-') {
      lead = this.#text.charAt(this.#at);
      if (!(lead >= '0' && lead <= '9')) {
        throw this.#unexpected(lead, 'in numeric literal');
      }

      this.#at++;
    }

    if (lead !== '0') {
      this.#skip(/[0-9]*/y);
    }

    if (this.#text.charAt(this.#at) === '.') {
      this.#at++;
      this.#digits('after decimal point in numeric literal');
    }

    if (/[eE]/.test(this.#text.charAt(this.#at))) {
      this.#at++;
      this.#skip(/[+-]?/y);
      this.#digits('in exponent of numeric literal');
    }
  }
}

/** Throws a JsonError in Go's words where a JSON text is invalid; returns for a valid one. */
export function checkJson(body: Buffer): void {
  // One character per byte, as Go prints them.
  new FaultFinder(body.toString('latin1')).check();
}
