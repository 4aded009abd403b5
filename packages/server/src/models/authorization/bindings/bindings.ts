import { WORKSPACE_LABEL } from '@ks-apiserver/api/labels';
import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import type { Catalog } from '../../resources/catalog/catalog.ts';
import { BindingIndex } from './binding-index.ts';
import { GroupIndex } from './group-index.ts';

/**
 * All bindings of the platform by their four scopes. Authorization and lists of members read the
 * same indexes.
 */
export class Bindings {
  readonly global: BindingIndex;
  /** By workspace. */
  readonly workspace: BindingIndex;
  /** By namespace. */
  readonly namespace: BindingIndex;
  readonly cluster: BindingIndex;
  readonly groups: GroupIndex;
  readonly #workspaceOf: (namespace: string) => string | undefined;

  /**
   * `host` are the bindings of another cluster whose users, global roles and workspaces count in this
   * one.
   */
  constructor(catalog: Catalog, host?: Bindings) {
    const platform = () => '';
    this.global =
      host?.global ?? new BindingIndex(catalog.informerOf('globalrolebindings'), platform);

    this.workspace =
      host?.workspace ??
      new BindingIndex(
        catalog.informerOf('workspacerolebindings'),
        (entry) => entry.labels[WORKSPACE_LABEL] ?? '',
      );

    this.namespace = new BindingIndex(
      catalog.informerOf('rolebindings'),
      (entry) => entry.namespace,
    );
    this.cluster = new BindingIndex(catalog.informerOf('clusterrolebindings'), platform);
    this.groups =
      host?.groups ??
      new GroupIndex(catalog.informerOf('groups'), catalog.informerOf('groupbindings'));

    const namespaces = catalog.informerOf('namespaces');
    this.#workspaceOf = (namespace) => namespaces.store.get(namespace)?.labels[WORKSPACE_LABEL];
  }

  /** Workspaces in which a user has a role, directly or by a group. */
  workspacesOf(user: UserInfo): string[] {
    const own = this.groups
      .all(user.name)
      .filter(
        ({ workspace, name }) => this.workspace.entriesOf(name, workspace, 'Group').length > 0,
      );

    const byName = this.workspace.scopesOf(user.name);
    const byGroup = user.groups.flatMap((group) => this.workspace.scopesOf(group, 'Group'));

    return [...new Set([...byName, ...byGroup, ...own.map(({ workspace }) => workspace)])];
  }

  /**
   * Namespaces in which a user has a role, directly or by a group; a workspace's group counts only
   * in the workspace's namespaces.
   */
  namespacesOf(user: UserInfo): string[] {
    const own = this.groups
      .all(user.name)
      .flatMap(({ workspace, name }) =>
        this.namespace
          .scopesOf(name, 'Group')
          .filter((namespace) => this.#workspaceOf(namespace) === workspace),
      );

    const byGroup = user.groups.flatMap((group) => this.namespace.scopesOf(group, 'Group'));

    return [...new Set([...this.namespace.scopesOf(user.name), ...byGroup, ...own])];
  }
}
