import type { ReadableScopes } from '../../../models/observability/readable-scopes.ts';
import type { SearchBackends } from '../../../models/observability/searches.ts';

/** What the searches of logs, events and audit records work with. */
export interface SearchDependencies {
  readonly scopes: ReadableScopes;
  readonly backends: SearchBackends;
}
