import { anchoredRegex } from '../../matching/regex.ts';
import { QueryError } from '../../query-api.ts';
import type { Labels } from '../data/labels.ts';

const failed = (message: string) => new QueryError('execution', message);
const validName = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** Returns the labels that a series gets. */
export type Relabel = (labels: Labels) => Labels;

function checkName(name: string, kind: string): void {
  if (!validName.test(name)) {
    throw failed(`invalid ${kind}: ${name}`);
  }
}

function compile(pattern: string) {
  try {
    return anchoredRegex(pattern);
  } catch {
    throw failed(`invalid regular expression in label_replace(): ${pattern}`);
  }
}

/** Most steps that matching an expression with its groups against one value may take. */
const MAX_MATCH_COST = 20_000_000;

/** Longest value of a label that a function makes, in characters. */
const MAX_VALUE = 16 * 1024;

/** Refuses values that are too long: nested functions could double them many times. */
function checkLength(length: number): void {
  if (length > MAX_VALUE) {
    throw failed(`label value is longer than ${MAX_VALUE} characters`);
  }
}

/** An expression whose groups a replacement takes. */
class Replacement {
  readonly #regex: ReturnType<typeof compile>;
  readonly #names: ReadonlyMap<string, number>;
  readonly #template: string;
  readonly #cost: number;

  constructor(pattern: string, template: string) {
    this.#regex = compile(pattern);
    this.#names = new Map(Object.entries(this.#regex.namedGroups()));
    this.#template = template;
    this.#cost = this.#regex.programSize() * (this.#regex.groupCount() + 1);
  }

  /** Returns the replacement of a value; undefined if the expression does not match. */
  of(value: string): string | undefined {
    if (this.#cost * value.length > MAX_MATCH_COST) {
      throw failed('regular expression in label_replace() is too large for the label value');
    }

    const match = this.#regex.exec(value);

    return match ? this.#expand(match) : undefined;
  }

  /** Writes the groups of a match into the template: `$1`, `${1}`, `${name}`, `$$`. */
  #expand(match: readonly unknown[]): string {
    const reference = /\$(?:(\$)|([a-zA-Z0-9_]+)|\{([a-zA-Z0-9_]+)\})/g;
    let length = this.#template.length;

    return this.#template.replace(reference, (_, dollar, bare, braced) => {
      const name = String(bare ?? braced);
      const group = /^\d+$/.test(name) ? Number(name) : this.#names.get(name);
      const text = dollar ?? String((group === undefined ? undefined : match[group]) ?? '');

      length += text.length;
      checkLength(length);

      return text;
    });
  }
}

/** Returns what `label_replace` does with labels. */
export function labelReplace([
  target = '',
  template = '',
  source = '',
  pattern = '',
]: readonly string[]): Relabel {
  const replacement = new Replacement(pattern, template);

  checkName(target, 'destination label name in label_replace()');

  return (labels) => {
    const value = replacement.of(labels.get(source));
    return value === undefined ? labels : labels.with(target, value);
  };
}

/** Returns what `label_join` does with labels. */
export function labelJoin([target = '', separator = '', ...sources]: readonly string[]): Relabel {
  for (const source of sources) {
    checkName(source, 'source label name in label_join()');
  }

  checkName(target, 'destination label name in label_join()');

  return (labels) => {
    const values = sources.map((source) => labels.get(source));

    checkLength(values.reduce((sum, value) => sum + value.length + separator.length, 0));

    return labels.with(target, values.join(separator));
  };
}
