import { apiVersionOf } from '@ks-apiserver/apimachinery/meta/types';
import type { KubeResponse } from '@ks-apiserver/client/kube/transport';
import { isConverted, prepareObjects, presentItem, presentObject } from '../registry/present.ts';
import { storagePrefix } from '../registry/resource-type.ts';
import type { StoredObject } from '../storage/stored-object.ts';
import type { Call } from './call.ts';
import { MAX_KEPT_BYTES } from './list-cache.ts';
import { continueToken, type ListOptions, listOptions } from './list-options.ts';
import { partialObject, tableOf } from './meta-forms.ts';
import { negotiate } from './negotiate.ts';
import { isForPeople } from './pretty.ts';
import { encoded, rawJson, takesGzip } from './respond.ts';
import { type Selection, selectionOf } from './selection.ts';

interface Page {
  revision: number;
  items: Iterable<StoredObject>;
  continue?: string;
  /** Storage key, without the prefix, of the first item of the next page. */
  next?: string;
  remaining?: number;
}

const COMMA = Buffer.from(',');
const END = Buffer.from(']}');
/** Kept lists up to here are sent as one piece. */
const SMALL_BYTES = 64 * 1024;
/** Up to here a list is collected before it is sent, so that its snapshot need not outlive the call. */
const EAGER_BYTES = 4 * 1024 * 1024;

/** `GET` of a collection. */
export async function list(call: Call): Promise<KubeResponse> {
  const form = negotiate(call.request.headers.accept, { type: call.type, as: 'list' });
  const prefix = storagePrefix(call.type, call.path.namespace);
  const options = listOptions(call.query, prefix, call.api.store.backend);
  const selection = selectionOf(call);
  if (form.as === 'object' && form.encoding === 'json' && canBeKept(call, selection, options)) {
    const kept = keptList(call, prefix, selection, options);
    if (kept) return kept;
  }
  const page = pageOf(call, prefix, selection, options);
  if (isConverted(call.type)) {
    const items = [...page.items];
    await prepareObjects(call.type, items);
    page.items = items;
  }
  const metadata = {
    resourceVersion: String(page.revision),
    // Lists of custom resources are written field by field.
    ...(page.continue ? { continue: page.continue } : call.type.custom && form.as !== 'Table' && { continue: '' }),
    ...(page.remaining !== undefined && { remainingItemCount: page.remaining }),
  };
  if (form.as === 'object' && form.encoding === 'json') {
    return rawJson(pieces(call, metadata, page.items, call.request.signal));
  }
  const objects = Array.from(page.items, (item) => presentObject(call.type, item));
  if (form.as === 'Table') {
    const includeObject = call.query.get('includeObject') ?? 'Metadata';
    const table = tableOf(call.type, objects, form, includeObject, metadata);
    return encoded(form, Buffer.from(JSON.stringify(table)), 200);
  }
  const partial = form.as !== 'object';
  const value = {
    kind: partial ? 'PartialObjectMetadataList' : call.type.listKind,
    apiVersion: partial ? `meta.k8s.io/${form.version}` : apiVersionOf(call.type),
    metadata,
    items: partial ? objects.map((object) => partialObject(object, form)) : objects,
  };
  return encoded(form, Buffer.from(JSON.stringify(value)), 200);
}

/** Lists of all there is now in a resource or in a namespace; custom resources may be shown otherwise tomorrow. */
function canBeKept({ type }: Call, selection: Selection, { revision, start }: ListOptions): boolean {
  return (
    !type.custom && !selection.matches && selection.name === undefined && revision === undefined && start === undefined
  );
}

/** A list out of what is kept of it; undefined where it is to be made anew. */
function keptList(call: Call, prefix: string, selection: Selection, options: ListOptions): KubeResponse | undefined {
  const { lists, store } = call.api;
  const key = `${apiVersionOf(call.type)} ${prefix} ${options.limit}`;
  let kept = lists.get(key, prefix);
  if (!kept) {
    if (!lists.isWanted(key, prefix)) return undefined;
    const page = pageOf(call, prefix, selection, options);
    const items = allItems(call, page.items);
    if (!items) {
      lists.refuse(key);
      return undefined;
    }
    const { next, remaining } = page;
    kept = { items, ...(next && { next }), ...(remaining !== undefined && { remaining }) };
    lists.put(key, prefix, kept);
  }
  const { revision } = store.backend;
  const { next, remaining, items } = kept;
  const metadata = {
    resourceVersion: String(revision),
    ...(next && { continue: continueToken(revision, next, remaining) }),
    ...(remaining !== undefined && { remainingItemCount: remaining }),
  };
  const parts = [headOf(call, metadata), items];
  const { request } = call;
  // These are made of the whole.
  const whole = takesGzip(request) || isForPeople(request, call.query);
  if (whole || items.byteLength < SMALL_BYTES) return rawJson(Buffer.concat(parts));
  const response = rawJson(parts);
  return {
    ...response,
    headers: { ...response.headers, 'content-length': String(parts[0]!.byteLength + items.byteLength) },
  };
}

/** The bytes of all items and of the list's end; undefined where they are too many to keep. */
function allItems(call: Call, items: Iterable<StoredObject>): Buffer | undefined {
  const collected: Buffer[] = [];
  let size = 0;
  for (const piece of itemBytes(call, items)) {
    collected.push(piece);
    size += piece.byteLength;
    if (size > MAX_KEPT_BYTES) return undefined;
  }
  collected.push(END);
  size += END.byteLength;
  return Buffer.concat(collected, size);
}

/** The bytes of items with the commas between them. */
function* itemBytes({ type }: Call, items: Iterable<StoredObject>): Generator<Buffer, undefined> {
  let first = true;
  for (const item of items) {
    if (!first) yield COMMA;
    first = false;
    yield* presentItem(type, item);
  }
  return undefined;
}

function headOf({ type }: Call, metadata: unknown): Buffer {
  return Buffer.from(
    `{"kind":"${type.listKind}","apiVersion":"${apiVersionOf(type)}","metadata":${JSON.stringify(metadata)},"items":[`,
  );
}

/** The bytes of a list, made of the stored ones; small lists as one piece, large ones while they are sent. */
function pieces(
  call: Call,
  metadata: unknown,
  items: Iterable<StoredObject>,
  signal?: AbortSignal,
): KubeResponse['body'] {
  const iterator = parts(call, headOf(call, metadata), items);
  const collected: Buffer[] = [];
  let size = 0;
  for (;;) {
    const next = iterator.next();
    if (next.done) return Buffer.concat(collected, size);
    collected.push(next.value);
    size += next.value.byteLength;
    if (size > EAGER_BYTES) break;
  }
  signal?.addEventListener('abort', () => iterator.return(undefined), { once: true });
  return (function* () {
    try {
      yield* collected;
      yield* iterator;
    } finally {
      iterator.return(undefined);
    }
  })();
}

function* parts(call: Call, head: Buffer, items: Iterable<StoredObject>): Generator<Buffer, undefined> {
  yield head;
  yield* itemBytes(call, items);
  yield END;
  return undefined;
}

function pageOf(call: Call, prefix: string, selection: Selection, options: ListOptions): Page {
  const { backend } = call.api.store;
  const revision = options.revision ?? backend.revision;
  if (
    selection.name !== undefined &&
    (!call.type.namespaced || call.path.namespace) &&
    options.revision === undefined
  ) {
    const object = backend.get(prefix + selection.name);
    return { revision, items: object && (!selection.matches || selection.matches(object)) ? [object] : [] };
  }
  const snapshot = backend.range({
    prefix,
    ...(options.start !== undefined && { start: options.start }),
    ...(options.revision !== undefined && { revision: options.revision }),
  });
  const { matches } = selection;
  if (options.limit === 0) return { revision, items: matches ? matching(snapshot, matches) : snapshot };
  const items: StoredObject[] = [];
  let next: StoredObject | undefined;
  for (const object of snapshot) {
    if (matches && !matches(object)) continue;
    if (items.length === options.limit) {
      next = object;
      break;
    }
    items.push(object);
  }
  snapshot.return();
  if (!next) return { revision, items };
  // Only unselected lists know what remains without looking at it.
  const total = matches
    ? undefined
    : (options.remaining ?? (options.revision === undefined ? backend.count(prefix) : undefined));
  const remaining = total === undefined ? undefined : Math.max(1, total - items.length);
  return {
    revision,
    items,
    next: next.key.slice(prefix.length),
    continue: continueToken(revision, next.key.slice(prefix.length), remaining),
    ...(remaining !== undefined && { remaining }),
  };
}

function* matching(objects: Iterable<StoredObject>, matches: (object: StoredObject) => boolean) {
  for (const object of objects) if (matches(object)) yield object;
}
