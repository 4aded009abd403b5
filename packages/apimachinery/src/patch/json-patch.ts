import {
  assertNesting,
  cloneJson,
  equalJson,
  getOwn,
  isObject,
  type JsonObject,
  setOwn,
} from '../json/json.ts';
import { badRequest, StatusError } from '../meta/errors.ts';
import type { Json } from '../meta/types.ts';
import { jsonTypeName } from './merge-patch.ts';

const maxOperations = 10_000;
const maxPointer = 64 * 1024;
const maxCopiedBytes = 3 * 1024 * 1024;

/** How many elements of lists all insertions and removals may move. */
const maxMoved = 50_000_000;

/**
 * The answer of Kubernetes to a patch that cannot be applied: it does not say which operation
 * failed.
 */
function rejected(cause: string): StatusError {
  const message = 'the server rejected our request due to an error in our request';
  return new StatusError(422, 'Invalid', message, {}, { cause: new Error(cause) });
}

interface Operation {
  op: string;
  path: readonly string[];
  from: readonly string[] | undefined;
  value: Json;
  hasValue: boolean;
}

/**
 * Returns the reference tokens of a JSON pointer (RFC 6901) of at most 64 KB; the whole document
 * has none.
 */
export function parsePointer(pointer: unknown): string[] | undefined {
  if (pointer === '') {
    return [];
  }
  if (typeof pointer !== 'string' || pointer.length > maxPointer || !pointer.startsWith('/')) {
    return undefined;
  }

  return pointer
    .slice(1)
    .split('/')
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function parseOperation(operation: Json): Operation {
  if (!isObject(operation)) {
    throw badRequest(
      `error decoding patch: json: cannot unmarshal ${jsonTypeName(operation)} into Go value of type handlers.jsonPatchOp`,
    );
  }

  const path = parsePointer(getOwn(operation, 'path'));
  if (path === undefined) {
    throw rejected('missing or malformed path');
  }

  const value = getOwn(operation, 'value');

  return {
    op: String(getOwn(operation, 'op')),
    path,
    from: parsePointer(getOwn(operation, 'from')),
    value: value ?? null,
    hasValue: value !== undefined,
  };
}

/** Returns the last token of a path that is not the whole document's. */
function lastToken(path: readonly string[]): string {
  return path.at(-1) ?? '';
}

/**
 * Returns the array index of a token; `extra` is 1 where the position behind the end is allowed
 * too. Negative indices count from the end.
 */
function indexOf(token: string, length: number, extra: 0 | 1): number {
  if (!/^(0|-?[1-9]\d{0,9})$/.test(token)) {
    throw rejected(`not an array index: ${token}`);
  }

  let index = Number(token);
  if (index < 0) {
    index += length + extra;
  }
  if (index < 0 || index >= length + extra) {
    throw rejected(`no such index: ${token}`);
  }

  return index;
}

class Document {
  root: Json;
  #copied = 0;
  #moved = 0;

  constructor(root: Json) {
    this.root = root;
  }

  #container(path: readonly string[]): JsonObject | Json[] {
    let at: Json | undefined = this.root;

    for (const token of path.slice(0, -1)) {
      if (Array.isArray(at)) {
        at = at[indexOf(token, at.length, 0)];
      } else if (isObject(at)) {
        at = getOwn(at, token);
      } else {
        at = undefined;
      }
    }

    if (Array.isArray(at) || isObject(at)) {
      return at;
    }

    throw rejected('missing path');
  }

  get(path: readonly string[]): Json | undefined {
    if (path.length === 0) {
      return this.root;
    }

    const container = this.#container(path);
    const token = lastToken(path);

    return Array.isArray(container)
      ? container[indexOf(token, container.length, 0)]
      : getOwn(container, token);
  }

  copy(path: readonly string[]): Json {
    const value = this.get(path) ?? null;
    this.#copied += JSON.stringify(value).length;

    if (this.#copied > maxCopiedBytes) {
      throw rejected('copies are too large');
    }

    return cloneJson(value);
  }

  /** Inserts a value into a list, or removes one, which moves all that follow. */
  #splice(list: Json[], index: number, removed: 0 | 1, ...added: Json[]): void {
    this.#moved += list.length - index;

    if (this.#moved > maxMoved) {
      throw rejected('too many elements of lists are moved');
    }

    list.splice(index, removed, ...added);
  }

  add(path: readonly string[], value: Json): void {
    if (path.length === 0) {
      this.root = value;
      return;
    }

    const container = this.#container(path);
    const token = lastToken(path);

    if (!Array.isArray(container)) {
      setOwn(container, token, value);
    } else if (token === '-') {
      container.push(value);
    } else {
      this.#splice(container, indexOf(token, container.length, 1), 0, value);
    }
  }

  replace(path: readonly string[], value: Json): void {
    const container = path.length === 0 ? undefined : this.#container(path);
    if (Array.isArray(container)) {
      container[indexOf(lastToken(path), container.length, 0)] = value;
    } else {
      this.add(path, value);
    }
  }

  remove(path: readonly string[]): void {
    if (path.length === 0) {
      throw rejected('the whole document cannot be removed');
    }

    const container = this.#container(path);
    const token = lastToken(path);

    if (Array.isArray(container)) {
      this.#splice(container, indexOf(token, container.length, 0), 1);
    } else if (Object.hasOwn(container, token)) {
      delete container[token];
    } else {
      throw rejected(`missing path: ${token}`);
    }
  }
}

function startsWith(path: readonly string[], prefix: readonly string[]): boolean {
  return prefix.length <= path.length && prefix.every((token, index) => path[index] === token);
}

function perform(document: Document, { op, path, from, value, hasValue }: Operation): void {
  switch (op) {
    case 'add':
      document.add(path, cloneJson(value));
      break;
    case 'replace':
      document.replace(path, cloneJson(value));
      break;
    case 'remove':
      document.remove(path);
      break;
    case 'test': {
      const actual = document.get(path);
      if (hasValue ? !equalJson(actual ?? null, value) : actual !== undefined && actual !== null) {
        throw rejected('test failed');
      }

      break;
    }
    case 'move': {
      if (from === undefined || (from.length < path.length && startsWith(path, from))) {
        throw rejected('malformed from');
      }

      const moved = document.get(from) ?? null;

      document.remove(from);
      document.add(path, moved);
      break;
    }
    case 'copy':
      if (from === undefined) {
        throw rejected('malformed from');
      }

      document.add(path, document.copy(from));
      break;
    default:
      throw rejected(`unexpected kind of operation: ${op}`);
  }
}

/**
 * Performs an operation. When it fails, the error's cause names the operation as evanphx/json-patch
 * does.
 */
function performTold(document: Document, operation: Operation): void {
  try {
    perform(document, operation);
  } catch (error) {
    // A value that was moved into itself again and again is nested too deeply for any recursion.
    if (error instanceof RangeError) {
      throw rejected('the document is nested too deeply');
    }
    if (!(error instanceof StatusError) || !(error.cause instanceof Error)) {
      throw error;
    }

    const path = operation.path
      .map((token) => `/${token.replaceAll('~', '~0').replaceAll('/', '~1')}`)
      .join('');
    const { op } = operation;
    if (op === 'test') {
      throw rejected(`testing value ${path} failed: test failed`);
    }

    const shown = op === 'replace' ? path : `"${path}"`;

    throw rejected(`${op} operation does not apply: doc is missing path: ${shown}: missing value`);
  }
}

/**
 * Applies a JSON patch (RFC 6902) and returns the new object; the arguments are not changed. Like
 * Kubernetes, `replace` also adds a missing key of an object. Throws a StatusError: 400 for what is
 * no patch, 413 above 10,000 operations, 422 when it does not apply.
 */
export function applyJsonPatch(doc: JsonObject, operations: Json): JsonObject {
  if (!Array.isArray(operations)) {
    throw badRequest(
      `error decoding patch: json: cannot unmarshal ${jsonTypeName(operations)} into Go value of type []handlers.jsonPatchOp`,
    );
  }

  if (operations.length > maxOperations) {
    const message = `Request entity too large: The allowed maximum operations in a JSON patch is ${maxOperations}, got ${operations.length}`;
    throw new StatusError(413, 'RequestEntityTooLarge', message);
  }

  assertNesting(operations);

  const document = new Document(cloneJson(doc));

  for (const operation of operations) {
    performTold(document, parseOperation(operation));
  }

  if (!isObject(document.root)) {
    throw rejected('the document is no object any more');
  }

  assertNesting(document.root);

  return document.root;
}
