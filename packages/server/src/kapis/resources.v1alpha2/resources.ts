import { badRequest, StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { Handler, RouteRequest } from '@ks-apiserver/http/routes/route';
import type { Authorizer } from '../../models/authorization/authorizer.ts';
import { requireOwnRight } from '../../models/authorization/restrictions/own-right.ts';
import type { Catalog } from '../../models/resources/catalog/catalog.ts';
import { searchPage } from '../../models/resources/search/search.ts';
import { parseSearchQuery } from '../../models/resources/search/search-query.ts';
import { SEARCH_TYPES } from '../../models/resources/search/search-types.ts';
import { pageReply } from '../page-reply.ts';

const EMPTY = { items: [], total_count: 0 };

/** Lists a resource, of one namespace or of all. */
export function listResources(catalog: Catalog, authorizer: Authorizer): Handler {
  return async ({ params, query, user, info, signal }: RouteRequest) => {
    const { resources = '', namespace } = params;
    const definition = catalog.find(resources);
    if (
      !SEARCH_TYPES.has(resources) ||
      (definition && !definition.namespaced && namespace !== undefined)
    ) {
      throw new StatusError(500, 'InternalError', `resource ${resources} is not supported`);
    }

    // A rule for one name allows this list by its field selector, which is no parameter of
    // v1alpha2.
    if (info.name !== '') {
      throw badRequest('parameter fieldSelector: lists of v1alpha2 do not select by fields');
    }

    const search = { ...parseSearchQuery(query), hidden: authorizer.hiddenFrom(user, info) };

    // The CRD of Applications may not be installed.
    if (!definition) {
      return EMPTY;
    }
    if (definition.needsOwnRight) {
      requireOwnRight(authorizer, user, definition, namespace);
    }

    const store = await catalog.synced(definition, { signal });

    const page = await searchPage({ store, definition, catalog }, search, namespace);

    return pageReply(page, definition, catalog, 'total_count');
  };
}
