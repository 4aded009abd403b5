import type { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { RouteReply, RouteRequest, RouteStream } from '@ks-apiserver/http/routes/route';
import { originOf } from '../../models/live/live-lists.ts';
import { type ListQuery, parseListQuery } from '../../models/resources/query/query.ts';
import type { TenantPage } from '../../models/tenant/tenants.ts';
import { liveReply } from '../live-reply.ts';
import { pageReply } from '../page-reply.ts';
import { takeWatch } from '../watch-request.ts';
import type { TenantDependencies } from './dependencies.ts';

const EMPTY = { items: [], totalItems: 0 };

/**
 * Answers a list of what belongs to somebody; with `watch=true` it goes on, also when he becomes a
 * member of more or less. `read` makes the page, undefined where there is no such kind; `check`
 * tells why the caller may not read it any more.
 */
export async function tenantList(
  { catalog, live, visibility }: TenantDependencies,
  { url, query, user, headers }: RouteRequest,
  read: (query: ListQuery) => Promise<TenantPage | undefined>,
  check: () => StatusError | undefined = () => undefined,
): Promise<RouteReply | RouteStream | typeof EMPTY> {
  const watch = takeWatch(query, headers);
  const given = parseListQuery(query);
  const first = await read(given);
  if (!first) {
    return EMPTY;
  }

  const { definition } = first;
  const store = catalog.storeOf(definition);
  if (!watch || !store) {
    return pageReply(first.page, definition, catalog);
  }

  query.sort();

  const list = {
    origin: originOf(definition, store, catalog),
    key: JSON.stringify([url.split('?', 1)[0], query.toString(), user.name, user.groups]),
    page: async () => (await read(given))?.page ?? { entries: [], total: 0 },
    matches: undefined,
    offset: given.limit === -1 ? undefined : Math.max(0, (given.page - 1) * given.limit),
    others: visibility.deciding.filter((other) => other !== store),
  };

  return liveReply(live, list, { ...watch, check }, headers, catalog.staleness(definition));
}
