/** Kinds of tokens in a label selector's query form. */
export type TokenKind =
  | 'identifier'
  | 'end'
  | '('
  | ')'
  | ','
  | '!'
  | '='
  | '=='
  | '!='
  | 'gt'
  | 'lt'
  | 'error';

/** One token and the text it stands for. */
export interface Token {
  kind: TokenKind;
  text: string;
}

const special = new Set(['=', '!', '(', ')', ',', '>', '<']);
const blank = new Set([' ', '\t', '\r', '\n']);

const symbols: readonly (readonly [string, TokenKind])[] = [
  ['==', '=='],
  ['!=', '!='],
  ['=', '='],
  ['!', '!'],
  ['(', '('],
  [')', ')'],
  [',', ','],
  ['>', 'gt'],
  ['<', 'lt'],
];

/**
 * Splits a label selector into tokens; `in` and `notin` are keywords only where an operator may
 * stand.
 */
export class LabelLexer {
  #text: string;
  #position = 0;
  #ahead: Token | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  #scan(): Token {
    const text = this.#text;
    while (blank.has(text[this.#position] ?? '')) {
      this.#position++;
    }

    if (this.#position >= text.length) {
      return { kind: 'end', text: '' };
    }

    for (const [symbol, kind] of symbols) {
      if (text.startsWith(symbol, this.#position)) {
        this.#position += symbol.length;
        return { kind, text: symbol };
      }
    }

    const start = this.#position;

    while (
      this.#position < text.length &&
      !special.has(text.charAt(this.#position)) &&
      !blank.has(text.charAt(this.#position))
    ) {
      this.#position++;
    }

    return { kind: 'identifier', text: text.slice(start, this.#position) };
  }

  /** Returns the next token without taking it. */
  peek(): Token {
    this.#ahead ??= this.#scan();
    return this.#ahead;
  }

  /** Takes the next token. */
  next(): Token {
    const token = this.peek();
    this.#ahead = undefined;
    return token;
  }

  /** Takes the next token if it is a binary operator. */
  nextOperator(): '=' | '==' | '!=' | 'in' | 'notin' | 'gt' | 'lt' | undefined {
    const { kind, text } = this.peek();
    if (kind === 'identifier' && (text === 'in' || text === 'notin')) {
      this.next();
      return text;
    }

    if (kind === '=' || kind === '==' || kind === '!=' || kind === 'gt' || kind === 'lt') {
      this.next();
      return kind;
    }

    return undefined;
  }
}
