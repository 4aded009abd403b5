/** What is wrong with a line of an exposition page; the page's reader adds the line's number. */
export class SyntaxProblem extends Error {
  override name = 'SyntaxProblem';
}

/** A page of metrics that cannot be read. The message names the line, not its content. */
export class ExpositionError extends Error {
  override name = 'ExpositionError';
  /** Number of the line, from 1. */
  readonly line: number;

  constructor(line: number, problem: string) {
    super(`line ${line}: ${problem}`);
    this.line = line;
  }
}
