import { yieldToEventLoop } from '@ks-apiserver/apimachinery/concurrency/time-slice';
import { apiVersionOf } from '@ks-apiserver/apimachinery/meta/types';
import type { KubeResponse } from '@ks-apiserver/apimachinery/transport/transport';
import { storagePrefix } from '../../registry/resources/resource-type.ts';
import { isConverted, prepareObjects } from '../../registry/store/present.ts';
import { collect, scan } from '../../registry/store/scan.ts';
import type { StoredObject } from '../../storage/stored-object.ts';
import type { Call } from '../call.ts';
import { negotiate } from '../codec/negotiate.ts';
import { allItems, keptResponse, type ListItems, listResponse, SHORT_LIST } from './list-body.ts';
import { listForm } from './list-forms.ts';
import { continueToken, type ListOptions, listOptions } from './list-options.ts';
import { type Selection, selectionOf } from './selection.ts';

interface Page {
  revision: number;
  items: ListItems;
  continue?: string;
  /** Storage key, without the prefix, of the first item of the next page. */
  next?: string;
  remaining?: number;
}

/** `GET` of a collection. */
export async function list(call: Call): Promise<KubeResponse> {
  const form = negotiate(call.request.headers.accept, { type: call.type, as: 'list' });
  const prefix = storagePrefix(call.type, call.path.namespace);
  const options = listOptions(call.query, prefix, call.api.store.backend);
  const selection = selectionOf(call);
  if (form.as === 'object' && form.encoding === 'json' && canBeKept(call, selection, options)) {
    const kept = await keptList(call, prefix, selection, options);
    if (kept) {
      return kept;
    }
  }

  const page = await pageOf(call, prefix, selection, options);

  if (isConverted(call.type)) {
    const items = await collect(page.items, (item) => item);
    await prepareObjects(call.type, items);
    page.items = items;
  }

  const metadata = {
    resourceVersion: String(page.revision),
    // Kubernetes writes an empty continue token for custom resources.
    ...(page.continue
      ? { continue: page.continue }
      : call.type.custom && form.as !== 'Table' && { continue: '' }),
    ...(page.remaining !== undefined && { remainingItemCount: page.remaining }),
  };

  return listResponse(call, listForm(call, form, metadata), page.items, {
    isSelected: selection.matches !== undefined,
  });
}

/**
 * Whether a list can be cached: all current objects of a resource or a namespace. Custom resources
 * may be converted differently the next time.
 */
function canBeKept(
  { type }: Call,
  selection: Selection,
  { revision, start, limit }: ListOptions,
): boolean {
  const isWhole =
    !selection.matches &&
    selection.name === undefined &&
    revision === undefined &&
    start === undefined;

  return isWhole && !type.custom && limit <= SHORT_LIST;
}

/** The response from the cached items; undefined where the list must be read. */
async function keptList(
  call: Call,
  prefix: string,
  selection: Selection,
  options: ListOptions,
): Promise<KubeResponse | undefined> {
  const { lists, store } = call.api;
  const key = `${apiVersionOf(call.type)} ${prefix} ${options.limit}`;
  let kept = lists.get(key, prefix);
  if (!kept) {
    if (!lists.isWanted(key, prefix)) {
      return undefined;
    }

    const version = lists.versionOf(prefix);
    const page = await pageOf(call, prefix, selection, options);
    const items = await allItems(call, page.items);
    if (!items) {
      lists.refuse(key);
      return undefined;
    }

    // Changes during the read may be in the list or not.
    if (lists.versionOf(prefix) !== version) {
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

  return keptResponse(call, metadata, items);
}

async function pageOf(
  call: Call,
  prefix: string,
  selection: Selection,
  options: ListOptions,
): Promise<Page> {
  const { backend } = call.api.store;
  const revision = options.revision ?? backend.revision;
  if (
    selection.name !== undefined &&
    (!call.type.namespaced || call.path.namespace) &&
    options.revision === undefined
  ) {
    const object = backend.get(prefix + selection.name);
    return {
      revision,
      items: object && (!selection.matches || selection.matches(object)) ? [object] : [],
    };
  }

  const snapshot = backend.range({
    prefix,
    ...(options.start !== undefined && { start: options.start }),
    ...(options.revision !== undefined && { revision: options.revision }),
  });

  const { matches } = selection;

  if (options.limit === 0) {
    return { revision, items: scan(snapshot, matches) };
  }

  // The rest of a list with a selector cannot be counted without reading it.
  const total = matches
    ? undefined
    : (options.remaining ?? (options.revision === undefined ? backend.count(prefix) : undefined));
  const items: StoredObject[] = [];
  let next: StoredObject | undefined;

  for (const object of scan(snapshot, matches)) {
    if (!object) {
      await yieldToEventLoop();
    } else if (items.length === options.limit) {
      next = object;
      break;
    } else {
      items.push(object);
    }
  }

  snapshot.return();

  if (!next) {
    return { revision, items };
  }

  const remaining = total === undefined ? undefined : Math.max(1, total - items.length);

  return {
    revision,
    items,
    next: next.key.slice(prefix.length),
    continue: continueToken(revision, next.key.slice(prefix.length), remaining),
    ...(remaining !== undefined && { remaining }),
  };
}
