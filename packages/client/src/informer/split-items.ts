import { internalError } from '@ks-apiserver/apimachinery/meta/errors';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const ITEMS = Buffer.from('"items"');

/** Returns the index behind the string that starts at `at`. Throws where the text breaks off. */
function skipString(json: Buffer, at: number): number {
  for (let i = at + 1; i < json.length; ) {
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

/**
 * Returns the index behind the object or array that starts at `at`. Throws where the text breaks
 * off.
 */
function skipNested(json: Buffer, at: number): number {
  let depth = 0;

  for (let i = at; i < json.length; ) {
    const byte = json[i];
    if (byte === QUOTE) {
      i = skipString(json, i);
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

        if (json[at] === 0x3a) {
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

/**
 * Splits the JSON of a list: the bytes of each item, and the list without its items (kind,
 * metadata). Throws for broken JSON.
 */
export function splitItems(json: Buffer): {
  items: Buffer[];
  list: { metadata?: { resourceVersion?: string; continue?: string } };
} {
  const items: Buffer[] = [];
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
      const end = skipNested(json, i);
      items.push(json.subarray(i, end));
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
