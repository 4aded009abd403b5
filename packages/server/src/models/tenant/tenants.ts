import { DEVOPS_LABEL, WORKSPACE_LABEL } from '@ks-apiserver/api/labels';
import type { Cancellable } from '@ks-apiserver/apimachinery/concurrency/cancellable';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import type { Entry } from '@ks-apiserver/client/informer/entry';
import type { Authorizer } from '../authorization/authorizer.ts';
import type { Bindings } from '../authorization/bindings/bindings.ts';
import type { Catalog } from '../resources/catalog/catalog.ts';
import { listPage, type Page, pageEntries } from '../resources/list/list.ts';
import type { ListedStore } from '../resources/list/listed-store.ts';
import type { ListQuery } from '../resources/query/query.ts';
import type { ResourceDefinition } from '../resources/query/resource-definition.ts';

/** A page and the definition of its entries. */
export interface TenantPage {
  page: Page;
  definition: ResourceDefinition;
}

/**
 * The parts of the platform that a user sees: everything if a role allows them to list it, else
 * what they are a member of.
 */
export class Tenants {
  readonly #catalog: Catalog;
  readonly #authorizer: Authorizer;
  readonly #bindings: Bindings;

  constructor(catalog: Catalog, authorizer: Authorizer, bindings: Bindings) {
    this.#catalog = catalog;
    this.#authorizer = authorizer;
    this.#bindings = bindings;
  }

  async #pageOfStore(
    store: ListedStore,
    definition: ResourceDefinition,
    query: ListQuery,
  ): Promise<TenantPage> {
    const page = await listPage({ store, definition, catalog: this.#catalog }, query);
    return { page, definition };
  }

  /**
   * Returns a page of given entries, so that the cost grows with what the user has, not with all.
   */
  async #pageOfEntries(
    entries: readonly Entry[],
    definition: ResourceDefinition,
    query: ListQuery,
  ): Promise<TenantPage> {
    const page = await pageEntries(entries, definition, query, this.#catalog);
    return { page, definition };
  }

  /** Whether a user may know of a workspace: they have a role in it, or one that lists all. */
  seesWorkspace(user: UserInfo, workspace: string): boolean {
    if (this.#authorizer.allowsGlobally(user, 'list', '*', 'workspaces')) {
      return true;
    }
    if (this.#authorizer.isMemberOf(user, 'workspace', workspace)) {
      return true;
    }

    return this.#authorizer.allowsIn(user, workspace, 'get', 'tenant.kubesphere.io', 'workspaces');
  }

  /**
   * Whether a user may know of a namespace of a workspace: they have a role in it, or one that
   * lists the workspace's namespaces.
   */
  seesNamespace(user: UserInfo, workspace: string, namespace: string): boolean {
    if (this.#authorizer.isMemberOf(user, 'namespace', namespace)) {
      return true;
    }
    return this.#authorizer.allowsIn(user, workspace, 'list', '', 'namespaces');
  }

  /** Whether a user may see the roles of other members of a workspace. */
  inspectsMembers(user: UserInfo, workspace: string): boolean {
    return this.#authorizer.allowsIn(
      user,
      workspace,
      'list',
      'iam.kubesphere.io',
      'workspacemembers',
    );
  }

  /** Whether a user manages all workspaces of the platform. */
  managesWorkspaces(user: UserInfo): boolean {
    return this.#authorizer.allowsGlobally(user, 'update', 'tenant.kubesphere.io', 'workspaces');
  }

  /** Returns the workspaces of a user, as templates or as the objects made from them. */
  async workspaces(
    user: UserInfo,
    query: ListQuery,
    call: Cancellable,
    resource: 'workspacetemplates' | 'workspaces' = 'workspacetemplates',
  ): Promise<TenantPage> {
    const definition = this.#catalog.definition(resource);
    const store = await this.#catalog.synced(definition, call);

    if (this.#authorizer.allowsGlobally(user, 'list', '*', 'workspaces')) {
      return this.#pageOfStore(store, definition, query);
    }

    const own = this.#bindings.workspacesOf(user).flatMap((name) => store.get(name) ?? []);

    return this.#pageOfEntries(own, definition, query);
  }

  /** Returns the namespaces of a user, in one workspace if it is given. */
  async namespaces(
    user: UserInfo,
    workspace: string,
    query: ListQuery,
    call: Cancellable,
  ): Promise<TenantPage> {
    const definition = this.#catalog.definition('namespaces');
    const store = await this.#catalog.synced(definition, call);
    const narrowed = inWorkspace(query, workspace);

    if (this.#authorizer.allowsIn(user, workspace, 'list', '', 'namespaces')) {
      return this.#pageOfStore(store, definition, narrowed);
    }

    const own = this.#bindings.namespacesOf(user).flatMap((name) => store.get(name) ?? []);

    return this.#pageOfEntries(own, definition, narrowed);
  }

  /** Returns the DevOps projects of a user in a workspace. */
  async devopsProjects(
    user: UserInfo,
    workspace: string,
    query: ListQuery,
    call: Cancellable,
  ): Promise<TenantPage> {
    const definition = this.#catalog.definition('devopsprojects');
    const store = await this.#catalog.synced(definition, call);
    const narrowed = inWorkspace(query, workspace);

    if (this.#authorizer.allowsIn(user, workspace, 'list', '', 'devops')) {
      return this.#pageOfStore(store, definition, narrowed);
    }

    const namespaces = this.#catalog.informerOf('namespaces').store;
    const projects = this.#bindings
      .namespacesOf(user)
      .map((name) => namespaces.get(name)?.labels[DEVOPS_LABEL] ?? '');
    const own = [...new Set(projects)].flatMap((name) => store.get(name) ?? []);

    return this.#pageOfEntries(own, definition, narrowed);
  }

  /** Returns the federated namespaces of a user; undefined if the cluster has no such kind. */
  async federatedNamespaces(
    user: UserInfo,
    workspace: string,
    query: ListQuery,
    call: Cancellable,
  ): Promise<TenantPage | undefined> {
    const definition = this.#catalog.find('federatednamespaces');
    if (!definition) {
      return undefined;
    }

    const store = await this.#catalog.synced(definition, call);
    const narrowed = inWorkspace(query, workspace);

    if (this.#authorizer.allowsIn(user, workspace, 'list', '', 'namespaces')) {
      return this.#pageOfStore(store, definition, narrowed);
    }

    const own = this.#bindings.namespacesOf(user).flatMap((name) => store.get(name, name) ?? []);

    return this.#pageOfEntries(own, definition, narrowed);
  }

  /** Returns the clusters on which a user's workspaces are placed, or all of them. */
  async clusters(user: UserInfo, call: Cancellable): Promise<TenantPage> {
    const definition = this.#catalog.definition('clusters');
    const store = await this.#catalog.synced(definition, call);
    const all = ['clusters', 'workspaces'].some((resource) =>
      this.#authorizer.allowsGlobally(user, 'list', '', resource),
    );

    if (all) {
      return pageOfAll(store.list('name'), definition);
    }

    const templates = await this.#catalog.synced(
      this.#catalog.definition('workspacetemplates'),
      call,
    );
    const names = this.#bindings
      .workspacesOf(user)
      .flatMap((name) => placedOn(templates.get(name)?.object) ?? []);

    return pageOfAll(
      [...new Set(names)].flatMap((name) => store.get(name) ?? []),
      definition,
    );
  }

  /**
   * Returns the clusters on which a workspace is placed: those it names, else those its selector
   * matches.
   */
  async workspaceClusters(workspace: string, call: Cancellable): Promise<TenantPage | undefined> {
    const definition = this.#catalog.definition('clusters');
    const store = await this.#catalog.synced(definition, call);
    const template = (
      await this.#catalog.synced(this.#catalog.definition('workspacetemplates'), call)
    ).get(workspace)?.object;

    if (!template) {
      return undefined;
    }

    const named = placedOn(template);
    if (named) {
      return pageOfAll(
        named.flatMap((name) => store.get(name) ?? []),
        definition,
      );
    }

    const selector: { matchLabels?: Record<string, string> } | undefined =
      template.spec?.placement?.clusterSelector;

    if (!selector) {
      return pageOfAll([], definition);
    }

    const wanted = Object.entries(selector.matchLabels ?? {});

    return pageOfAll(
      store
        .list('name')
        .filter(({ labels }) => wanted.every(([key, value]) => labels[key] === value)),
      definition,
    );
  }
}

function pageOfAll(entries: readonly Entry[], definition: ResourceDefinition): TenantPage {
  return { page: { entries, total: entries.length }, definition };
}

/** Returns the clusters that a template names; undefined if it names none. */
function placedOn(template: KubeObject | undefined): string[] | undefined {
  const clusters: { name?: string }[] | null | undefined = template?.spec?.placement?.clusters;

  return Array.isArray(clusters) ? clusters.flatMap(({ name }) => name ?? []) : undefined;
}

/** Restricts a query to the path's workspace, whatever label it asks for. */
function inWorkspace(query: ListQuery, workspace: string): ListQuery {
  if (workspace === '') {
    return query;
  }

  return {
    ...query,
    filters: new Map(query.filters).set('label', `${WORKSPACE_LABEL}=${workspace}`),
  };
}
