import { endOfName, skipBlanks } from './characters.ts';
import { decodeText, unescapeText } from './series-syntax.ts';

/** What a comment line tells about a metric. */
export interface Description {
  readonly kind: 'HELP' | 'TYPE' | 'UNIT';
  readonly metric: string;
  readonly text: string;
}

const KINDS = ['HELP', 'TYPE', 'UNIT'] as const;

/** The line that ends a page of OpenMetrics. */
export const END_LINE = '# EOF';

/** Reads a line that begins with `#`; undefined for a comment without a meaning. */
export function parseComment(line: string): Description | undefined {
  const start = skipBlanks(line, 1);
  const kind = KINDS.find((one) => line.startsWith(`${one} `, start));
  if (!kind) {
    return undefined;
  }

  const name = skipBlanks(line, start + kind.length);
  const end = endOfName(line, name, 'metric');
  if (end === name) {
    return undefined;
  }

  const text = line.slice(skipBlanks(line, end)).trimEnd();

  return { kind, metric: line.slice(name, end), text: unescapeText(decodeText(text)) };
}
