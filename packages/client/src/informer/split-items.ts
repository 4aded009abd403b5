import { internalError } from '@ks-apiserver/apimachinery/meta/errors';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const COLON = 0x3a;
const ITEMS = Buffer.from('"items"');

/** An item of a list. */
export interface ListItem {
  bytes: Buffer;
  /** Where lists begin and end in the bytes that need not be parsed, one after the other. */
  unread: readonly number[];
}

/** Members whose lists are left out, and where the lists that were found begin and end. */
interface Unread {
  names: readonly Buffer[];
  found: number[];
}

/** Returns the index behind the string that starts at `at`. Throws where the text breaks off. */
function skipString(json: Buffer, at: number): number {
  const { length } = json;

  for (let i = at + 1; i < length; ) {
    const quote = json.indexOf(QUOTE, i);
    if (quote < 0) {
      break;
    }

    let slashes = 0;
    while (json[quote - 1 - slashes] === BACKSLASH) {
      slashes += 1;
    }

    if (slashes % 2 === 0) {
      return quote + 1;
    }

    i = quote + 1;
  }

  throw internalError('a list of the Kubernetes API breaks off');
}

/** Whether the text from `start` to `end` is one of some names. */
function isNamed(json: Buffer, start: number, end: number, names: readonly Buffer[]): boolean {
  for (const name of names) {
    if (name.length === end - start && json.compare(name, 0, name.length, start, end) === 0) {
      return true;
    }
  }

  return false;
}

/**
 * Returns the index behind the object or array that starts at `at`. Throws where the text breaks
 * off.
 */
function skipNested(json: Buffer, at: number, unread?: Unread): number {
  const { length } = json;
  let depth = 0;

  for (let i = at; i < length; ) {
    const byte = json[i];
    if (byte === QUOTE) {
      const end = skipString(json, i);
      const isList = unread !== undefined && json[end] === COLON && json[end + 1] === OPEN_BRACKET;

      if (isList && isNamed(json, i + 1, end - 1, unread.names)) {
        i = skipNested(json, end + 1);
        unread.found.push(end + 1 - at, i - at);
      } else {
        i = end;
      }

      continue;
    }

    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      depth += 1;
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      depth -= 1;
      if (depth === 0) {
        return i + 1;
      }
    }

    i += 1;
  }

  throw internalError('a list of the Kubernetes API breaks off');
}

/** Returns the index of the value of the top-level member `items`, or -1. */
function findItems(json: Buffer): number {
  let depth = 0;

  for (let i = 0; i < json.length; ) {
    const byte = json[i];
    if (byte === QUOTE) {
      const end = skipString(json, i);
      if (depth === 1 && json.subarray(i, end).equals(ITEMS)) {
        let at = end;
        while (json[at] === 0x20 || json[at] === 0x0a || json[at] === 0x0d || json[at] === 0x09) {
          at += 1;
        }

        if (json[at] === COLON) {
          return at + 1;
        }
      }

      i = end;
      continue;
    }

    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      depth += 1;
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      depth -= 1;
    }

    i += 1;
  }

  return -1;
}

/** Returns the JSON of an item with empty lists where they need not be parsed. */
export function readText({ bytes, unread }: ListItem): string {
  if (unread.length === 0) {
    return bytes.toString();
  }

  let text = '';
  let from = 0;

  for (let i = 0; i < unread.length; i += 2) {
    text += `${bytes.toString('utf8', from, unread[i])}[]`;
    from = unread[i + 1] as number;
  }

  return text + bytes.toString('utf8', from);
}

/**
 * Splits the JSON of a list: each item, and the list without its items (kind, metadata). Lists
 * inside an item that are members of a name in `unread` are marked. Throws for broken JSON.
 */
export function splitItems(
  json: Buffer,
  unread: readonly string[] = [],
): {
  items: ListItem[];
  list: { metadata?: { resourceVersion?: string; continue?: string } };
} {
  const items: ListItem[] = [];
  const names = unread.map((name) => Buffer.from(name));
  const at = findItems(json);
  if (at < 0) {
    return { items, list: JSON.parse(json.toString()) };
  }

  let i = at;
  while (i < json.length && json[i] !== OPEN_BRACKET && json[i] !== 0x6e) {
    i += 1;
  }

  const start = i;

  // An empty list may have `"items":null`.
  if (json[i] === 0x6e) {
    return { items, list: JSON.parse(json.toString()) };
  }

  i += 1;
  while (i < json.length && json[i] !== CLOSE_BRACKET) {
    if (json[i] === OPEN_BRACE) {
      const found: number[] = [];
      const end = skipNested(json, i, { names, found });

      items.push({ bytes: json.subarray(i, end), unread: found });
      i = end;
    } else {
      i += 1;
    }
  }

  if (i >= json.length) {
    throw internalError('a list of the Kubernetes API breaks off');
  }

  const rest = Buffer.concat([json.subarray(0, start), Buffer.from('[]'), json.subarray(i + 1)]);

  return { items, list: JSON.parse(rest.toString()) };
}
