/** Most errors that are reported (as in sigs.k8s.io/json). */
const MAX_ERRORS = 100;

/** Most characters of all errors: a path may be as long as the body. */
const MAX_TEXT = 16 * 1024;
const MAX_PATH = 1024;

/** The path of a field while a body is walked; formatted only when it is reported. */
export type FieldPath = readonly (string | number)[];

/** A path as in messages: `spec.containers[0].name`; a very long one is cut. */
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
 * Errors of fields in a body that is accepted all the same: unknown and repeated ones, each
 * reported once.
 */
export class StrictErrors {
  readonly #messages = new Set<string>();
  #size = 0;

  /** Whether no more errors will be reported. */
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

  /** Reports a field that the schema does not have. */
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
