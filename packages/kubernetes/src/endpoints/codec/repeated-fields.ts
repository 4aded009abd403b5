import { isObject, setOwn } from '@ks-apiserver/apimachinery/json/json';
import { fieldOf, itemsOf, type KnownField } from '@ks-apiserver/apimachinery/schema/prune';
import type { FieldPath, StrictErrors } from './strict-errors.ts';

const BACKSLASH = 0x5c;
const SPACE = 0x20;

/** The index of the closing quote of a JSON string that begins at `start`. */
function endOfString(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let slashes = 0;
    while (text.charCodeAt(at - 1 - slashes) === BACKSLASH) {
      slashes++;
    }

    if (slashes % 2 === 0) {
      return at;
    }
  }

  return text.length;
}

/** Merges a repeated field as Go decodes it: into the value of the field before. */
function mergeRepeated(before: unknown, value: unknown): unknown {
  if (!isObject(before) || !isObject(value)) {
    return value;
  }

  for (const [key, item] of Object.entries(value)) {
    setOwn(
      before,
      key,
      (Object.hasOwn(before, key) ? mergeRepeated(before[key], item) : item) as never,
    );
  }

  return before;
}

/** Formats the message about a repeated field, whose value begins at `at`. */
export type TellRepeated = (path: FieldPath, at: number) => string;

/** Walks a valid JSON text field by field; JSON.parse keeps only the last of repeated fields. */
class FieldWalk {
  readonly #text: string;
  readonly #errors: StrictErrors | undefined;
  readonly #tell: TellRepeated | undefined;
  #at = 0;
  readonly #path: (string | number)[] = [];

  constructor(text: string, errors?: StrictErrors, tell?: TellRepeated) {
    this.#text = text;
    this.#errors = errors;
    this.#tell = tell;
  }

  /** Reads the value at the beginning of the text. */
  read(schema: KnownField): unknown {
    return this.#value(schema, { isRoot: true });
  }

  /** The next character that is no space, without consuming it. */
  #peek(): string {
    while (this.#text.charCodeAt(this.#at) <= SPACE) {
      this.#at++;
    }
    return this.#text.charAt(this.#at);
  }

  #value(schema: KnownField, { isRoot } = { isRoot: false }): unknown {
    const char = this.#peek();
    if (char === '{') {
      return this.#object(schema, { isRoot });
    }
    if (char === '[') {
      return this.#array(schema);
    }

    const start = this.#at;

    if (char === '"') {
      this.#at = endOfString(this.#text, start) + 1;
    } else {
      const end = /[\s,\]}]|$/g;
      end.lastIndex = start;
      this.#at = end.exec(this.#text)?.index ?? this.#text.length;
    }

    return JSON.parse(this.#text.slice(start, this.#at));
  }

  #key(): string {
    const start = this.#at;
    this.#at = endOfString(this.#text, start) + 1;
    return String(JSON.parse(this.#text.slice(start, this.#at)));
  }

  #object(schema: KnownField, { isRoot }: { isRoot: boolean }): Record<string, unknown> {
    const object: Record<string, unknown> = {};

    this.#at++;

    while (this.#peek() !== '}') {
      if (this.#text.charAt(this.#at) === ',') {
        this.#at++;
        this.#peek();
      }

      const key = this.#key();

      this.#peek();
      this.#at++;
      this.#peek();
      this.#path.push(key);

      const isRepeated = Object.hasOwn(object, key);
      const known = fieldOf(schema, key, { isRoot });
      if (known === 'unknown') {
        this.#errors?.unknown(this.#path);
      } else if (isRepeated) {
        this.#repeated();
      }

      // Nothing is reported inside of an unknown field.
      const value =
        known === 'unknown' ? new FieldWalk(this.#text).#from(this) : this.#value(known);
      setOwn(object, key, isRepeated ? mergeRepeated(object[key], value) : value);
      this.#path.pop();
    }

    this.#at++;

    return object;
  }

  /** Reads a value from the position of another walk, without reporting. */
  #from(other: FieldWalk): unknown {
    this.#at = other.#at;
    const value = this.#value('open');
    other.#at = this.#at;
    return value;
  }

  #repeated(): void {
    if (this.#errors && !this.#errors.isFull && this.#tell) {
      this.#errors.add(this.#tell(this.#path, this.#at));
    }
  }

  #array(schema: KnownField): unknown[] {
    const items: unknown[] = [];
    const below = itemsOf(schema);

    this.#at++;

    while (this.#peek() !== ']') {
      if (this.#text.charAt(this.#at) === ',') {
        this.#at++;
      }

      this.#path.push(items.length);
      items.push(this.#value(below));
      this.#path.pop();
    }

    this.#at++;

    return items;
  }
}

/** Parses a valid JSON text with repeated fields: like Go, merges each into the one before. */
export function readMerged(text: string): unknown {
  return new FieldWalk(text).read('open');
}

/** Reports unknown and repeated fields of a valid JSON text, in the order of the text. */
export function tellFields(
  text: string,
  schema: KnownField,
  errors: StrictErrors,
  tell: TellRepeated,
): void {
  new FieldWalk(text, errors, tell).read(schema);
}
