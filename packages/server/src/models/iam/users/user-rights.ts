import { USER_REF_LABEL } from '@ks-apiserver/api/labels';
import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import { NO_REQUEST } from '@ks-apiserver/http/request/request-info';
import type { Authorizer } from '../../authorization/authorizer.ts';
import type { Bindings } from '../../authorization/bindings/bindings.ts';
import { checkGrant } from '../grants/grants.ts';
import type { GroupRoles } from '../grants/group-roles.ts';
import type { Scope, Scopes } from '../roles/scopes.ts';

const UPDATE = {
  ...NO_REQUEST,
  isResource: true,
  verb: 'update',
  group: 'iam.kubesphere.io',
  version: 'v1alpha2',
  resource: 'users',
};

/** A role that a user has in a scope. */
interface RoleIn {
  scope: Scope;
  role: KubeObject | undefined;
}

/** Compares the rights of users: nobody may gain rights by acting on another user's account. */
export class UserRights {
  readonly #authorizer: Authorizer;
  readonly #scopes: Scopes;
  readonly #bindings: Bindings;
  readonly #groupRoles: GroupRoles;

  constructor(authorizer: Authorizer, scopes: Scopes, bindings: Bindings, groupRoles: GroupRoles) {
    this.#authorizer = authorizer;
    this.#scopes = scopes;
    this.#bindings = bindings;
    this.#groupRoles = groupRoles;
  }

  /**
   * Yields all roles that a user has by name, by the groups of workspaces that they are in, and by
   * the given groups.
   */
  *#rolesOf(name: string, groups: readonly string[]): Generator<RoleIn> {
    for (const scope of this.#scopes.ofUser(name)) {
      for (const { object } of scope.index.entriesOf(name, scope.key)) {
        yield { scope, role: this.#scopes.roleOfBinding(scope, object) };
      }
    }

    for (const { workspace, name: group } of this.#bindings.groups.all(name)) {
      yield* this.#groupRoles.of(workspace, group);
    }

    for (const group of groups) {
      for (const scope of this.#scopes.ofSubject('Group', group)) {
        for (const { object } of scope.index.entriesOf(group, scope.key, 'Group')) {
          yield { scope, role: this.#scopes.roleOfBinding(scope, object) };
        }
      }
    }
  }

  /**
   * Whether a role allows a caller to change a user, or a subresource of one; changing oneself
   * needs no role.
   */
  manages(caller: UserInfo, name: string, subresource = ''): boolean {
    return this.#authorizer.byRoles(caller, { ...UPDATE, subresource, name });
  }

  /** Whether a caller may do everything that a user may, at all levels. */
  outranks(caller: UserInfo, name: string, groups: readonly string[] = []): boolean {
    if (this.#authorizer.holdsEverything(caller)) {
      return true;
    }

    for (const { scope, role } of this.#rolesOf(name, groups)) {
      if (
        !this.#authorizer.covers(caller, scope.level, scope.key, this.#authorizer.rightsOf(role))
      ) {
        return false;
      }
    }

    return true;
  }

  /**
   * Throws Forbidden unless a caller acts on their own account, or may do everything that the other
   * user may.
   */
  checkOutranks(caller: UserInfo, name: string): void {
    if (caller.name === name || this.outranks(caller, name)) {
      return;
    }

    throw new StatusError(
      403,
      'Forbidden',
      `users.iam.kubesphere.io "${name}" is forbidden: "${name}" has rights that user "${caller.name}" lacks; remove them first, or ask a user who has them`,
    );
  }

  /**
   * Checks the name of a new user, which the caller chooses: existing bindings of the name, such as
   * those of Kubernetes' own users, must not give more than the caller has. Bindings that
   * KubeSphere made for a former user do not count: they are removed. Throws Forbidden.
   */
  checkName(caller: UserInfo, name: string): void {
    for (const scope of this.#scopes.ofUser(name)) {
      for (const { object, labels } of scope.index.entriesOf(name, scope.key)) {
        if (labels[USER_REF_LABEL] === name) {
          continue;
        }

        const rights = this.#authorizer.rightsOf(this.#scopes.roleOfBinding(scope, object));
        checkGrant(this.#authorizer, caller, {
          scope,
          verb: 'bind',
          roleName: String(object?.roleRef?.name),
          rules: rights,
        });
      }
    }
  }
}
