/** More are not told (as in sigs.k8s.io/json). */
const MAX_ERRORS = 100;

/** Characters of all of them together: a path may be as long as the body. */
const MAX_TEXT = 16 * 1024;
const MAX_PATH = 1024;

/** Where a field stands while a body is walked; its text is put together only where it is told. */
export type FieldPath = readonly (string | number)[];

/** A path as messages show it: `spec.containers[0].name`; of a very long one the beginning. */
export function pathText(path: FieldPath): string {
  let text = '';

  for (const part of path) {
    if (text.length > MAX_PATH) {
      break;
    }

    if (typeof part === 'number') {
      text += `[${part}]`;
    } else {
      text += text === '' ? part : `.${part}`;
    }
  }

  return shortened(text);
}

function shortened(path: string): string {
  return path.length > MAX_PATH ? `${path.slice(0, MAX_PATH)}...` : path;
}

/**
 * What is wrong with fields of a body that is read all the same: unknown and repeated ones, each
 * told once.
 */
export class StrictErrors {
  readonly #messages = new Set<string>();
  #size = 0;

  /** Whether nothing more will be told. */
  get isFull(): boolean {
    return this.#messages.size >= MAX_ERRORS || this.#size > MAX_TEXT;
  }

  add(message: string): void {
    if (this.isFull || this.#messages.has(message)) {
      return;
    }

    this.#messages.add(message);
    this.#size += message.length;
  }

  /** Tells of a field that the schema does not know. */
  unknown(path: string | FieldPath): void {
    if (this.isFull) {
      return;
    }

    this.add(
      `unknown field ${JSON.stringify(typeof path === 'string' ? shortened(path) : pathText(path))}`,
    );
  }

  /** In the order in which they were found. */
  list(): string[] {
    return [...this.#messages];
  }
}
