import { functions } from '../functions.ts';
import { stringOrComment } from './strings.ts';

const token =
  /\s*(?<name>[a-zA-Z_:][\w:]*)|\s*(?<number>\.?\d[\w.]*)|\s*(?<text>"(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.)*'?|`[^`]*`?)|\s*(?<operator>[=!]~|[=!<>]=|\S)/y;

const aggregations =
  /^(?:avg|bottomk|count|count_values|group|max|min|quantile|stddev|stdvar|sum|topk)$/i;

const keywords = /^(?:bool|by|group_left|group_right|ignoring|offset|on|without|start|end)$/i;
const operators = /^(?:[-+*/%^<>]|[=!<>]=|[=!]~|=|and|or|unless|atan2)$/i;

/** Characters of a string that a message shows. */
const MAX_SHOWN = 10;

/** Longest name of a function that a message tells. */
const MAX_NAME = 64;

/** Describes a token of a message as Prometheus does. */
function describe(groups: Readonly<Record<string, string | undefined>>): string {
  const { name, number, text, operator } = groups;
  const word = name ?? operator;

  if (number !== undefined) {
    return `${/[a-zA-Z]$/.test(number) ? 'duration' : 'number'} "${number}"`;
  }

  if (text !== undefined) {
    const shown = JSON.stringify(text.slice(0, MAX_SHOWN));
    return `string ${shown}${text.length > MAX_SHOWN ? '...' : ''}`;
  }

  if (word !== undefined && operators.test(word)) {
    return `<op:${word}>`;
  }

  if (name === undefined) {
    return `"${operator}"`;
  }

  if (aggregations.test(name)) {
    return `<aggr:${name}>`;
  }

  return keywords.test(name) ? `<${name}>` : `identifier "${name}"`;
}

/** Returns the name at the end of a text, which may be a function's, and where it begins. */
function lastName(text: string): { from: number; name: string } | undefined {
  const end = text.trimEnd();
  const name = /[a-zA-Z_:][\w:]*$/.exec(end.slice(-MAX_NAME))?.[0];

  return name && !keywords.test(name) ? { from: end.length - name.length, name } : undefined;
}

/** Returns where a string begins that does not end. */
function openString(text: string): number | undefined {
  const strings = [...text.matchAll(stringOrComment)].filter(([match]) => !match.startsWith('#'));
  return strings.find(([match]) => match.length < 2 || match[0] !== match.at(-1))?.index;
}

/**
 * Returns the place and the message of the error for a text that the grammar refuses at an offset.
 */
export function unexpectedToken(text: string, offset: number): [from: number, message: string] {
  if (text.replace(/#.*/g, '').trim() === '') {
    return [0, 'no expression found in input'];
  }

  token.lastIndex = offset;
  const match = token.exec(text);

  if (!match?.groups) {
    const open = openString(text);
    return open === undefined
      ? [offset, 'unexpected end of input']
      : [open, 'unterminated quoted string'];
  }

  const called = lastName(text.slice(0, offset));
  const from = offset + match[0].length - match[0].trimStart().length;

  if (called && match.groups.operator === '(' && !functions.has(called.name)) {
    return [called.from, `unknown function with name "${called.name}"`];
  }

  if (match.groups.text !== undefined && !/^(["'`]).*\1$/s.test(match.groups.text)) {
    return [from, 'unterminated quoted string'];
  }

  return [from, `unexpected ${describe(match.groups)}`];
}
