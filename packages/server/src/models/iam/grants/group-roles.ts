import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import type { Authorizer } from '../../authorization/authorizer.ts';
import type { Bindings } from '../../authorization/bindings/bindings.ts';
import type { Scope, Scopes } from '../roles/scopes.ts';
import { checkGrant } from './grants.ts';

/** A role that the members of a group have in a scope. */
export interface GroupRole {
  scope: Scope;
  name: string;
  role: KubeObject | undefined;
}

/** The roles of the groups of workspaces. */
export class GroupRoles {
  readonly #scopes: Scopes;
  readonly #bindings: Bindings;
  readonly #authorizer: Authorizer;

  constructor(scopes: Scopes, bindings: Bindings, authorizer: Authorizer) {
    this.#scopes = scopes;
    this.#bindings = bindings;
    this.#authorizer = authorizer;
  }

  /**
   * Returns the scopes in which a workspace's group may have roles: the workspace, and those of its
   * namespaces with a binding of the group.
   */
  #scopesOf(workspace: string, group: string): Scope[] {
    const namespaces = this.#bindings.namespace
      .scopesOf(group, 'Group')
      .filter((namespace) => this.#authorizer.held.workspaceOf(namespace) === workspace);

    return [
      this.#scopes.workspace(workspace),
      ...namespaces.map((namespace) => this.#scopes.namespace(namespace)),
    ];
  }

  /** Returns all roles of a workspace's group, even of one that does not exist yet. */
  of(workspace: string, group: string): GroupRole[] {
    if (workspace === '') {
      return [];
    }

    return this.#scopesOf(workspace, group).flatMap((scope) =>
      scope.index.entriesOf(group, scope.key, 'Group').map(({ object }) => ({
        scope,
        name: String(object?.roleRef?.name),
        role: this.#scopes.roleOfBinding(scope, object),
      })),
    );
  }

  /** Throws Forbidden unless a caller may give each of a group's roles to others. */
  checkMembership(caller: UserInfo, workspace: string, group: string): void {
    for (const { scope, name, role } of this.of(workspace, group)) {
      checkGrant(this.#authorizer, caller, {
        scope,
        verb: 'bind',
        roleName: name,
        rules: this.#authorizer.rightsOf(role),
      });
    }
  }
}
