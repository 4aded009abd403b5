import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import type { Entry } from '@ks-apiserver/client/informer/entry';
import { parseRequestInfo, type RequestInfo } from '@ks-apiserver/http/request/request-info';
import { AUDIT_FIELDS, EVENT_FIELDS, LOG_FIELDS } from '@ks-apiserver/search/query/documents';
import type { Scope } from '@ks-apiserver/search/query/search';
import type { Authorizer } from '../authorization/authorizer.ts';
import type { Bindings } from '../authorization/bindings/bindings.ts';
import type { Visibility } from '../authorization/visible-namespaces.ts';
import type { Catalog } from '../resources/catalog/catalog.ts';
import type { ResourceDefinition } from '../resources/query/resource-definition.ts';
import { type NamespaceFilter, passes, passesBoth, restricts } from './namespace-filter.ts';

/** The parts of the documents that a caller may read; undefined for all of them. */
export type Scopes = readonly Scope[] | undefined;

const core = (resource: string, kind: string): ResourceDefinition => ({
  group: '',
  version: 'v1',
  resource,
  kind,
  namespaced: true,
});

const PODS = core('pods', 'Pod');
const EVENTS = core('events', 'Event');

/** Reading a pod's log, and listing events: the rights that decide. */
const READ_LOGS: RequestInfo = {
  ...parseRequestInfo('GET', '/api/v1/pods'),
  verb: 'get',
  subresource: 'log',
};
const LIST_EVENTS: RequestInfo = parseRequestInfo('GET', '/api/v1/events');

/**
 * Most scopes of a caller who may read everything: where there are more, their search is not
 * restricted at all.
 */
const MAX_SCOPES_OF_ALL = 256;

/** Before every document: for names that no namespace or workspace has. */
const YEAR_ONE = Date.parse('0001-01-01T00:00:00Z');

/** Whether a caller may read something everywhere, and else the namespaces where they may. */
type Reach = ReadonlySet<string> | undefined;

/**
 * Finds the parts of logs, events and audit records that a caller may read. Documents that are
 * older than their namespace belong to an earlier one of the same name, and are kept from all who
 * may not read logs everywhere.
 */
export class ReadableScopes {
  readonly #authorizer: Authorizer;
  readonly #bindings: Bindings;
  readonly #visibility: Visibility;
  readonly #catalog: Catalog;

  constructor(
    authorizer: Authorizer,
    bindings: Bindings,
    visibility: Visibility,
    catalog: Catalog,
  ) {
    this.#authorizer = authorizer;
    this.#bindings = bindings;
    this.#visibility = visibility;
    this.#catalog = catalog;
  }

  /** Returns the namespaces of which a caller may read the logs. */
  ofLogs(user: UserInfo, filter: NamespaceFilter): Scopes {
    const reach = this.#reach(user, READ_LOGS, PODS);
    const field = LOG_FIELDS.namespace;

    if (!reach) {
      const isOpen = !restricts(filter.namespace);
      return isOpen
        ? undefined
        : this.#namespaces(reach, filter).map(({ name }) => ({
            field,
            value: name,
          }));
    }

    return this.#namespaces(reach, filter).map(since(field));
  }

  /** Returns the namespaces of which a caller may read events, and events outside of namespaces. */
  ofEvents(user: UserInfo, filter: NamespaceFilter): Scopes {
    const reach = this.#reach(user, LIST_EVENTS, EVENTS);
    const field = EVENT_FIELDS.namespace;
    const scopes: Scope[] = this.#namespaces(reach, filter).map(since(field));

    if (reach || isRestricted(filter)) {
      return scopes;
    }

    return scopes.length > MAX_SCOPES_OF_ALL ? undefined : [...scopes, { field, value: undefined }];
  }

  /** Returns the namespaces and workspaces of which a caller may read audit records. */
  async ofAuditing(user: UserInfo, filter: NamespaceFilter, signal: AbortSignal): Promise<Scopes> {
    const reach = this.#reach(user, LIST_EVENTS, EVENTS);
    const { namespace, workspace } = AUDIT_FIELDS;
    const workspaces = await this.#workspaces(user, reach, signal);

    const scopes = [
      ...this.#namespaces(reach, filter).map(since(namespace)),
      ...workspaces.filter(({ name }) => passes(filter.workspace, name)).map(since(workspace)),
    ];

    if (reach || isRestricted(filter)) {
      return scopes;
    }

    const outside = [namespace, workspace].map((field) => ({ field, value: '', since: YEAR_ONE }));

    return scopes.length > MAX_SCOPES_OF_ALL ? undefined : [...scopes, ...outside];
  }

  #reach(user: UserInfo, info: RequestInfo, definition: ResourceDefinition): Reach {
    return this.#visibility.of(user, info, definition, undefined)?.names;
  }

  /** Returns the namespaces within a caller's reach that pass a filter. */
  #namespaces(reach: Reach, filter: NamespaceFilter): Entry[] {
    const { store } = this.#catalog.informerOf('namespaces');
    const { names } = filter.namespace;
    const candidates = names.length > 0 ? new Set(names) : reach;

    if (!candidates) {
      return [...store.values()].filter((entry) => passesBoth(filter, entry));
    }

    return [...candidates]
      .filter((name) => !reach || reach.has(name))
      .flatMap((name) => store.get(name) ?? [])
      .filter((entry) => passesBoth(filter, entry));
  }

  /** Returns the workspaces in which a caller may list events. */
  async #workspaces(user: UserInfo, reach: Reach, signal: AbortSignal): Promise<Entry[]> {
    const definition = this.#catalog.definition('workspaces');
    const store = await this.#catalog.synced(definition, { signal });

    if (!reach) {
      return [...store.list('name')];
    }

    return this.#bindings
      .workspacesOf(user)
      .filter((workspace) =>
        this.#authorizer.allows(user, { ...LIST_EVENTS, workspace, scope: 'Workspace' }),
      )
      .flatMap((name) => store.get(name) ?? []);
  }
}

function isRestricted({ namespace, workspace }: NamespaceFilter): boolean {
  return restricts(namespace) || restricts(workspace);
}

const since =
  (field: Extract<Scope, { value: string }>['field']) =>
  ({ name, created }: Entry): Scope => ({ field, value: name, since: created });
