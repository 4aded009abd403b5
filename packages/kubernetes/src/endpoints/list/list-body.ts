import { yieldToEventLoop } from '@ks-apiserver/apimachinery/concurrency/time-slice';
import type { KubeBody, KubeResponse } from '@ks-apiserver/apimachinery/transport/transport';
import type { StoredObject } from '../../storage/stored-object.ts';
import type { Call } from '../call.ts';
import { isForPeople } from '../codec/pretty.ts';
import { rawJson, takesGzip } from '../respond.ts';
import { MAX_KEPT_BYTES } from './list-cache.ts';
import { type ListForm, storedForm } from './list-forms.ts';

/**
 * The items of a list: those of a page are read already, others are read while they are used
 * (`scan`).
 */
export type ListItems = readonly StoredObject[] | Iterable<StoredObject | undefined>;

/** Pages of up to this many items are collected at once. */
export const SHORT_LIST = 1000;

/** Cached lists of up to this many bytes are sent as one piece. */
const SMALL_BYTES = 64 * 1024;

/**
 * Lists of up to this many bytes are collected before they are sent, so that their snapshot need
 * not outlive the call.
 */
const EAGER_BYTES = 4 * 1024 * 1024;

/** Which objects a list has. */
interface ListSelection {
  /** True where a selector leaves some out, so that the next item may be far from the last one. */
  isSelected: boolean;
}

/** The response to a list call. */
export async function listResponse(
  call: Call,
  form: ListForm,
  items: ListItems,
  { isSelected }: ListSelection,
): Promise<KubeResponse> {
  if (form.isStored && isShort(items)) {
    const bytes = [...itemBytes(form, items)].filter((piece) => piece !== undefined);
    return wholeResponse(call, [form.open, ...bytes, form.close], EAGER_BYTES);
  }

  const body = await pieces(call, form, items, { isSelected: isSelected || !form.isStored });

  return { status: 200, headers: { 'content-type': form.contentType }, body };
}

/** The response to a list call whose items are cached, as `allItems` made them. */
export function keptResponse(call: Call, metadata: unknown, items: Buffer): KubeResponse {
  return wholeResponse(call, [storedForm(call, metadata).open, items], SMALL_BYTES);
}

function isShort(items: ListItems): items is readonly StoredObject[] {
  return Array.isArray(items) && items.length <= SHORT_LIST;
}

/**
 * A response whose pieces are all known: one piece up to `small` bytes, or where it will be
 * compressed or indented.
 */
function wholeResponse(
  { request, query }: Call,
  parts: readonly Buffer[],
  small: number,
): KubeResponse {
  const size = parts.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const isWhole =
    size < small || (size <= MAX_KEPT_BYTES && (takesGzip(request) || isForPeople(request, query)));
  if (isWhole) {
    return rawJson(Buffer.concat(parts, size));
  }

  const response = rawJson(parts);

  return { ...response, headers: { ...response.headers, 'content-length': String(size) } };
}

/** The bytes of all items and of the list's end; undefined where they are too many to cache. */
export async function allItems(call: Call, items: ListItems): Promise<Buffer | undefined> {
  const collected: Buffer[] = [];
  let size = 0;
  const form = storedForm(call, {});
  for (const piece of itemBytes(form, items)) {
    if (!piece) {
      await yieldToEventLoop();
      continue;
    }

    collected.push(piece);
    size += piece.byteLength;
    if (size > MAX_KEPT_BYTES) {
      return undefined;
    }
  }

  collected.push(form.close);
  size += form.close.byteLength;

  return Buffer.concat(collected, size);
}

/** Bytes of items that are made before other requests run. */
const STEP_BYTES = 32 * 1024;

/** Yields the bytes of items with the separators, and undefined where other requests should run. */
function* itemBytes(form: ListForm, items: ListItems): Generator<Buffer | undefined, undefined> {
  let first = true;
  let made = 0;

  for (const item of items) {
    if (!item) {
      yield undefined;
      continue;
    }

    if (!first && form.comma) {
      yield form.comma;
    }

    first = false;

    for (const piece of form.item(item)) {
      yield piece;

      if (!form.isStored) {
        made += piece.byteLength;
      }
      if (made < STEP_BYTES) {
        continue;
      }

      made = 0;
      yield undefined;
    }
  }

  return undefined;
}

function* parts(form: ListForm, items: ListItems): Generator<Buffer | undefined, undefined> {
  const iterator = itemBytes(form, items);

  try {
    let next = iterator.next();
    while (!next.done && !next.value) {
      yield undefined;
      next = iterator.next();
    }

    if (next.done && form.none) {
      yield form.none;
      return undefined;
    }

    yield form.open;

    for (; !next.done; next = iterator.next()) {
      yield next.value;
    }

    yield form.close;

    return undefined;
  } finally {
    iterator.return(undefined);
  }
}

/** The bytes of a list; small lists as one piece, large ones while they are sent. */
async function pieces(
  call: Call,
  form: ListForm,
  items: ListItems,
  { isSelected }: ListSelection,
): Promise<KubeBody> {
  const iterator = parts(form, items);
  const collected: Buffer[] = [];
  let size = 0;
  for (;;) {
    const next = iterator.next();
    if (next.done) {
      return Buffer.concat(collected, size);
    }

    if (next.value) {
      collected.push(next.value);
      size += next.value.byteLength;
      if (size > EAGER_BYTES) {
        break;
      }
    } else {
      await yieldToEventLoop();
    }
  }

  const { signal } = call.request;
  signal?.addEventListener('abort', () => iterator.return(undefined), { once: true });

  if (signal?.aborted) {
    iterator.return(undefined);
  }

  return isSelected ? rareParts(collected, iterator) : allParts(collected, iterator);
}

/** The rest of a list without a selector: there is always a next piece to send. */
function* allParts(
  collected: readonly Buffer[],
  rest: Iterator<Buffer | undefined>,
): Generator<Buffer> {
  try {
    yield* collected;

    for (let next = rest.next(); !next.done; next = rest.next()) {
      if (next.value) {
        yield next.value;
      }
    }
  } finally {
    rest.return?.();
  }
}

/**
 * The rest of a list whose next item may be far: collected items are sent before it is searched.
 */
async function* rareParts(
  collected: Buffer[],
  rest: Iterator<Buffer | undefined>,
): AsyncGenerator<Buffer> {
  try {
    let found = collected;
    let size = EAGER_BYTES;

    for (let next = rest.next(); !next.done; next = rest.next()) {
      if (next.value) {
        found.push(next.value);
        size += next.value.byteLength;
        if (size < EAGER_BYTES) {
          continue;
        }
      }

      if (found.length > 0) {
        yield Buffer.concat(found);
      }

      found = [];
      size = 0;

      if (!next.value) {
        await yieldToEventLoop();
      }
    }

    if (found.length > 0) {
      yield Buffer.concat(found);
    }
  } finally {
    rest.return?.();
  }
}
