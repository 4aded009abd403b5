import type { Awaitable } from '@ks-apiserver/apimachinery/concurrency/when-ready';
import { expired, StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import { parseRequestInfo } from '@ks-apiserver/http/request/request-info';
import type { RouteRequest } from '@ks-apiserver/http/routes/route';
import type { Authorizer } from '../../models/authorization/authorizer.ts';
import { requireOwnRight } from '../../models/authorization/restrictions/own-right.ts';
import type { VisibleNamespaces } from '../../models/authorization/visible-namespaces.ts';
import type { ResourceDefinition } from '../../models/resources/query/resource-definition.ts';
import { BASE, type ResourceDependencies } from './dependencies.ts';

/** What of a list its caller may see. */
export interface CallerAccess {
  /** Namespaces that are left out. */
  hidden: ReadonlySet<string> | undefined;
  /** The only namespaces that are shown; undefined for all. */
  visible: VisibleNamespaces | undefined;
}

type Call = Pick<RouteRequest, 'params' | 'query' | 'user' | 'info'>;

/**
 * Throws Forbidden where more is needed than the right to the path. The namespace in it says
 * nothing about what has none: a member of one project would read all users.
 */
export function requireRights(
  authorizer: Authorizer,
  definition: ResourceDefinition,
  { params, user }: Call,
): void {
  const { resources = '', namespace, name } = params;

  if (definition.needsOwnRight) {
    requireOwnRight(authorizer, user, definition, namespace, name);
  }

  if (!definition.namespaced && namespace !== undefined) {
    authorizer.authorize(
      user,
      parseRequestInfo('GET', [BASE, resources, ...(name ? [name] : [])].join('/')),
    );
  }
}

/** Finds out what a caller may see of a list. Throws Forbidden. */
export function accessOf(
  dependencies: ResourceDependencies,
  definition: ResourceDefinition,
  call: Call,
): Awaitable<CallerAccess> {
  const { user, info } = call;
  if (!info.visibleOnly || definition.namespaced) {
    return look(dependencies, definition, call);
  }

  // What has no namespace takes the right to the whole list, now and for as long as it goes on.
  info.visibleOnly = false;

  const pending = dependencies.authorizer.authorizeCall(user, info);

  return pending
    ? pending.then(() => look(dependencies, definition, call))
    : look(dependencies, definition, call);
}

/**
 * Finds out what a caller may see of a list in another cluster, or in this one for a list of several
 * clusters; undefined for nothing. Modules of roles are not evaluated.
 */
export function accessWithin(
  scope: Pick<ResourceDependencies, 'authorizer' | 'visibility'>,
  definition: ResourceDefinition,
  { params, query, info: asked }: Call,
  user: UserInfo,
): CallerAccess | undefined {
  const info = { ...asked, visibleOnly: asked.visibleOnly && definition.namespaced };

  try {
    if (!info.visibleOnly) {
      scope.authorizer.authorize(user, info);
    }

    const access = look(scope, definition, { params, query, user, info });

    return access.visible?.names.size === 0 ? undefined : access;
  } catch (error) {
    if (error instanceof StatusError && error.code === 403) {
      return undefined;
    }
    throw error;
  }
}

function look(
  { authorizer, visibility }: Pick<ResourceDependencies, 'authorizer' | 'visibility'>,
  definition: ResourceDefinition,
  call: Call,
): CallerAccess {
  const { query, user, info } = call;
  const visible = info.visibleOnly
    ? visibility.of(user, info, definition, query.get('workspace') ?? undefined)
    : undefined;

  if (!visible) {
    requireRights(authorizer, definition, call);
  }

  return { visible, hidden: visible ? undefined : authorizer.hiddenFrom(user, info) };
}

/**
 * Tells, whenever it is asked, why a list must not go on as it began; undefined while its caller
 * may see just the same.
 */
export function sightCheck(
  dependencies: ResourceDependencies,
  definition: ResourceDefinition,
  { params, query, user, info }: Call,
  first: CallerAccess,
): () => StatusError | undefined {
  // The query loses its parameters while it is read.
  const call = { params, query: new URLSearchParams(query), user, info };
  let { version } = dependencies.visibility;

  return () => {
    // Nothing to look at while nobody's rights have changed.
    if (dependencies.visibility.version === version) {
      return undefined;
    }

    version = dependencies.visibility.version;

    try {
      const { visible, hidden } = look(dependencies, definition, call);
      if (visible?.key === first.visible?.key && hidden === first.hidden) {
        return undefined;
      }

      return expired(
        `the access of the caller to ${definition.resource} has changed: begin again without resourceVersion`,
      );
    } catch (error) {
      return error as StatusError;
    }
  };
}

/** Takes the parameters that say what a caller wants to see out of a query: they are no filters. */
export function withoutSight(
  query: URLSearchParams,
  { namespaced }: ResourceDefinition,
): URLSearchParams {
  const rest = new URLSearchParams(query);
  rest.delete('scope');

  if (namespaced) {
    rest.delete('workspace');
  }

  return rest;
}
