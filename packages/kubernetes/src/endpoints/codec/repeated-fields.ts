import { isObject, setOwn } from '@ks-apiserver/apimachinery/json/json';
import { fieldOf, itemsOf, type KnownField } from '@ks-apiserver/apimachinery/schema/prune';
import type { FieldPath, StrictErrors } from './strict-errors.ts';

const BACKSLASH = 0x5c;
const SPACE = 0x20;

/** Where a string of valid JSON ends that begins at `start`: the index of its closing quote. */
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

/** Merges a repeated field as Go decodes it: into the struct or map that is already there. */
function merged(before: unknown, value: unknown): unknown {
  if (!isObject(before) || !isObject(value)) {
    return value;
  }

  for (const [key, item] of Object.entries(value)) {
    setOwn(before, key, (Object.hasOwn(before, key) ? merged(before[key], item) : item) as never);
  }

  return before;
}

/**
 * What is told of a field that stands a second time in its object: `at` is where its value begins.
 */
export type TellRepeated = (path: FieldPath, at: number) => string;

/**
 * Walks a valid JSON text field by field, which JSON.parse cannot be asked for: it keeps the last
 * of repeated fields only.
 */
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

  /** The value at the beginning of the text. */
  read(schema: KnownField): unknown {
    return this.#value(schema, { isRoot: true });
  }

  /** The next character that is no space, which is not passed. */
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
      const known = fieldOf(schema, key, isRoot);
      if (known === 'unknown') {
        this.#errors?.unknown(this.#path);
      } else if (isRepeated) {
        this.#repeated();
      }

      // Nothing is told of what stands inside of an unknown field.
      const value =
        known === 'unknown' ? new FieldWalk(this.#text).#from(this) : this.#value(known);
      setOwn(object, key, isRepeated ? merged(object[key], value) : value);
      this.#path.pop();
    }

    this.#at++;

    return object;
  }

  /** Reads a value for another walk, silently. */
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

/**
 * The value of a valid JSON text in which fields are repeated: as Go does, each is merged into what
 * was there.
 */
export function readMerged(text: string): unknown {
  return new FieldWalk(text).read('open');
}

/**
 * Tells the fields of a valid JSON text that a schema does not know, and those that are repeated,
 * in the order of the text.
 */
export function tellFields(
  text: string,
  schema: KnownField,
  errors: StrictErrors,
  tell: TellRepeated,
): void {
  new FieldWalk(text, errors, tell).read(schema);
}
