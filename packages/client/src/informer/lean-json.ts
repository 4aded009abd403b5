import { skipNested, skipString } from './split-items.ts';

const QUOTE = 0x22;
const COLON = 0x3a;
const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;
const SPACES: ReadonlySet<number | undefined> = new Set([0x20, 0x0a, 0x0d, 0x09]);

/** Names of members, grouped by their length in bytes. */
export type MemberNames = ReadonlyMap<number, readonly Buffer[]>;

/** Prepares names for `leanText`; ASCII only, without characters that JSON escapes. */
export function memberNames(names: readonly string[]): MemberNames {
  const byLength = new Map<number, Buffer[]>();

  for (const name of names) {
    byLength.set(name.length, [...(byLength.get(name.length) ?? []), Buffer.from(name)]);
  }

  return byLength;
}

function isNamed(json: Buffer, from: number, to: number, names: MemberNames): boolean {
  const sameLength = names.get(to - from);
  if (!sameLength) {
    return false;
  }

  for (const name of sameLength) {
    let i = 0;
    while (i < name.length && json[from + i] === name[i]) {
      i++;
    }

    if (i === name.length) {
      return true;
    }
  }

  return false;
}

/**
 * Returns the text of a JSON value with `null` in place of the objects and arrays that are members
 * of these names, at any depth, so that they need not be parsed. Members of these names with other
 * values stay: a label may have any name. Throws for JSON that breaks off.
 */
export function leanText(json: Buffer, names: MemberNames): string {
  let text = '';
  let copied = 0;

  for (let at = json.indexOf(QUOTE); at >= 0; at = json.indexOf(QUOTE, at)) {
    const end = skipString(json, at);
    const named = isNamed(json, at + 1, end - 1, names);

    at = end;

    if (!named) {
      continue;
    }

    while (SPACES.has(json[at])) {
      at++;
    }

    if (json[at] !== COLON) {
      continue;
    }

    at++;

    while (SPACES.has(json[at])) {
      at++;
    }

    if (json[at] !== OPEN_BRACE && json[at] !== OPEN_BRACKET) {
      continue;
    }

    text += `${json.toString('utf8', copied, at)}null`;
    at = skipNested(json, at);
    copied = at;
  }

  return copied === 0 ? json.toString() : text + json.toString('utf8', copied);
}
