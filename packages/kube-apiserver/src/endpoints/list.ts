import { apiVersionOf } from '@ks-apiserver/apimachinery/meta/types';
import type { KubeResponse } from '@ks-apiserver/client/kube/transport';
import { isConverted, prepareObjects, presentItem, presentObject } from '../registry/present.ts';
import { storagePrefix } from '../registry/resource-type.ts';
import type { StoredObject } from '../storage/stored-object.ts';
import type { Call } from './call.ts';
import { continueToken, type ListOptions, listOptions } from './list-options.ts';
import { partialObject, tableOf } from './meta-forms.ts';
import { negotiate } from './negotiate.ts';
import { encoded, rawJson } from './respond.ts';
import { type Selection, selectionOf } from './selection.ts';

interface Page {
  revision: number;
  items: Iterable<StoredObject>;
  continue?: string;
  remaining?: number;
}

const COMMA = Buffer.from(',');
const END = Buffer.from(']}');
/** Up to here a list is collected before it is sent, so that its snapshot need not outlive the call. */
const EAGER_BYTES = 4 * 1024 * 1024;

/** `GET` of a collection. */
export async function list(call: Call): Promise<KubeResponse> {
  const form = negotiate(call.request.headers.accept, { type: call.type, as: 'list' });
  const prefix = storagePrefix(call.type, call.path.namespace);
  const options = listOptions(call.query, prefix, call.api.store.backend);
  const page = pageOf(call, prefix, selectionOf(call), options);
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

/** The bytes of a list, made of the stored ones; small lists as one piece, large ones while they are sent. */
function pieces(
  call: Call,
  metadata: unknown,
  items: Iterable<StoredObject>,
  signal?: AbortSignal,
): KubeResponse['body'] {
  const { listKind } = call.type;
  const head = `{"kind":"${listKind}","apiVersion":"${apiVersionOf(call.type)}","metadata":${JSON.stringify(metadata)},"items":[`;
  const iterator = parts(call, Buffer.from(head), items);
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
  let first = true;
  for (const item of items) {
    if (!first) yield COMMA;
    first = false;
    yield* presentItem(call.type, item);
  }
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
    continue: continueToken(revision, next.key.slice(prefix.length), remaining),
    ...(remaining !== undefined && { remaining }),
  };
}

function* matching(objects: Iterable<StoredObject>, matches: (object: StoredObject) => boolean) {
  for (const object of objects) if (matches(object)) yield object;
}
