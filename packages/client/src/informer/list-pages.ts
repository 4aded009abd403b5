import { Deadline } from '@ks-apiserver/apimachinery/transport/deadline';
import type { KubeClient } from '../kube/client.ts';
import { queryOf, resourcePath } from '../kube/resource-path.ts';
import type { InformerOptions } from './informer-options.ts';
import { type ListItem, splitItems } from './split-items.ts';

/**
 * Objects in one page of the first list, and the size in bytes that a page should have: small pages
 * keep less in memory at once.
 */
const PAGE = { first: 100, min: 50, max: 500, bytes: 1024 * 1024 };

/**
 * How long one page of a list may take to arrive, in milliseconds: a connection may die without
 * notice.
 */
const LIST_TIMEOUT_MS = 120_000;

/** One page of a list: its objects, and the resource version of the list. */
export interface ListPage {
  items: readonly ListItem[];
  resourceVersion: string;
}

/**
 * Yields the pages of a list until the last one, or until `signal` is aborted. Throws a StatusError
 * when the API refuses a page.
 */
export async function* listPages(
  client: KubeClient,
  { resource, namespace, labelSelector, unread = [] }: InformerOptions,
  signal: AbortSignal,
): AsyncGenerator<ListPage, void> {
  let next: string | undefined;
  let limit = PAGE.first;
  let resourceVersion = '';

  do {
    const query = queryOf({ limit, continue: next, labelSelector });
    const deadline = new Deadline(LIST_TIMEOUT_MS, signal);
    const page = await client
      .raw('GET', resourcePath(resource, namespace) + query, undefined, deadline.signal)
      .finally(() => deadline.end());
    const { items, list } = splitItems(page, ['managedFields', ...unread]);

    if (items.length > 0) {
      const wanted = Math.round((PAGE.bytes / page.byteLength) * items.length);
      limit = Math.max(PAGE.min, Math.min(PAGE.max, wanted));
    }

    next = list.metadata?.continue;
    resourceVersion = list.metadata?.resourceVersion ?? resourceVersion;
    yield { items, resourceVersion };
  } while (next && !signal.aborted);
}
