import { expired, type StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { RouteRequest } from '@ks-apiserver/apiserver/routes/route';
import { requireSecretAccess } from '../../models/authorization/secret-access.ts';
import type { VisibleNamespaces } from '../../models/authorization/visible-namespaces.ts';
import type { ResourceDefinition } from '../../models/resources/definition.ts';
import type { ResourceParts } from './resources.ts';

/** What of a list its caller may see. */
export interface CallerView {
  /** Namespaces that are left out. */
  hidden: ReadonlySet<string> | undefined;
  /** The only namespaces that are shown; undefined for all. */
  visible: VisibleNamespaces | undefined;
  /** Why the list must not go on as it began; undefined while the caller may see just the same. */
  changed: () => StatusError | undefined;
}

type Call = Pick<RouteRequest, 'params' | 'query' | 'user' | 'info'>;

/** Finds out what a caller may see of a list; takes `scope` and `workspace` out of its query. Throws Forbidden. */
export function viewOf(parts: ResourceParts, row: ResourceDefinition, call: Call): CallerView | Promise<CallerView> {
  const { query, user, info } = call;
  if (!info.visibleOnly) return lookedAt(parts, row, call, undefined);
  query.delete('scope');
  if (row.namespaced) {
    const workspace = query.get('workspace') ?? undefined;
    query.delete('workspace');
    return lookedAt(parts, row, call, { workspace });
  }
  // What has no namespace takes the right to the whole list, now and for as long as it goes on.
  info.visibleOnly = false;
  const pending = parts.authorizer.authorizeCall(user, info);
  const look = () => lookedAt(parts, row, call, undefined);
  return pending ? pending.then(look) : look();
}

/** `narrowed`: only what the caller may see, of one workspace if it is given. */
function lookedAt(
  { authorizer, visibility }: ResourceParts,
  row: ResourceDefinition,
  { user, info, params }: Call,
  narrowed: { workspace: string | undefined } | undefined,
): CallerView {
  const look = () => {
    const visible = narrowed && visibility.of(user, info, narrowed.workspace);
    if (row.resource === 'secrets' && !visible) requireSecretAccess(authorizer, user, params.namespace);
    return { visible, hidden: visible ? undefined : authorizer.hiddenFrom(user, info) };
  };
  const first = look();
  let { version } = visibility;
  const changed = () => {
    // Nothing to look at while nobody's rights have changed.
    if (visibility.version === version) return undefined;
    version = visibility.version;
    try {
      const now = look();
      const same = now.visible?.key === first.visible?.key && !now.visible === !first.visible;
      return same && now.hidden === first.hidden ? undefined : lost(row);
    } catch (error) {
      return error as StatusError;
    }
  };
  return { ...first, changed };
}

function lost(row: ResourceDefinition): StatusError {
  return expired(`what the caller may see of ${row.resource} has changed: begin again without resourceVersion`);
}
