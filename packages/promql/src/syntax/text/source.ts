import { QueryError } from '../../query-api.ts';

/** Part of an expression's text: offsets of its first character and behind its last one. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** The text of an expression, which errors name places of. */
export class Source {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** Returns the text of a part. */
  slice({ from, to }: Span): string {
    return this.text.slice(from, to);
  }

  /** Returns the error that names a place of the text: lines and bytes of a line count from 1. */
  error(from: number, message: string): QueryError {
    const before = this.text.slice(0, from);
    const line = before.split('\n').length;
    const column = Buffer.byteLength(before.slice(before.lastIndexOf('\n') + 1)) + 1;

    return new QueryError('bad_data', `${line}:${column}: parse error: ${message}`);
  }
}
