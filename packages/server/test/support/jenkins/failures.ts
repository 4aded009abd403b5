import type { JenkinsRequest } from './exchange.ts';

/** Something that goes wrong with a call. */
export interface JenkinsFailure {
  /** Chooses the calls that fail; all by default. */
  when?: (request: JenkinsRequest) => boolean;
  /** How many calls fail; all that fit by default. */
  times?: number;
  /** Answers with this status and a page, and does nothing. */
  status?: number;
  /** Body of that answer. */
  body?: string;
  headers?: Record<string, string>;
  /** Waits this long before anything else, in milliseconds. */
  delayMs?: number;
  /** Ends the connection: before anything is done, or after it, so that the caller cannot know. */
  drop?: 'before' | 'after';
}

/** The failures that tests have ordered. */
export class JenkinsFailures {
  readonly #ordered: { failure: JenkinsFailure; left: number }[] = [];

  /** Orders a failure; the one ordered first is met first. */
  add(failure: JenkinsFailure): void {
    this.#ordered.push({ failure, left: failure.times ?? Number.POSITIVE_INFINITY });
  }

  /** Forgets all failures. */
  clear(): void {
    this.#ordered.length = 0;
  }

  /** Returns the failure of a call, if there is one, and counts it. */
  next(request: JenkinsRequest): JenkinsFailure | undefined {
    const found = this.#ordered.find(
      ({ failure, left }) => left > 0 && (failure.when?.(request) ?? true),
    );

    if (found) {
      found.left -= 1;
    }

    return found?.failure;
  }
}
