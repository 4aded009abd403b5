import { badRequest, StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { PolicyRule } from '@ks-apiserver/apiserver/authorization/rules';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import type { UserInfo } from '@ks-apiserver/client/kube/transport';
import type { Authorizer } from '../authorization/authorizer.ts';
import type { Catalog } from '../resources/catalog.ts';
import { withoutPassword } from '../resources/redact.ts';
import { missing } from './errors.ts';
import type { Login } from './login.ts';
import { hashPassword, PASSWORD_LIMIT } from './passwords.ts';
import { userSubject } from './subject.ts';
import {
  GLOBAL_ROLE_ANNOTATION,
  GLOBAL_ROLE_BINDINGS,
  PASSWORD_ENCRYPTED,
  USER_REF_LABEL,
  USERS,
  type User,
} from './types.ts';

const GROUP = 'iam.kubesphere.io';

/** What the users' model works with. */
export interface UsersParts {
  client: KubeClient;
  catalog: Catalog;
  authorizer: Authorizer;
  login: Login;
}

/** Users of the platform and the global role of each. */
export class Users {
  readonly #parts: UsersParts;

  constructor(parts: UsersParts) {
    this.#parts = parts;
  }

  /** A global role that a caller may grant: one that exists and gives nothing that the caller has not. Throws 404 or 403. */
  #grantable(role: string, caller: UserInfo): void {
    const { catalog, authorizer } = this.#parts;
    const found = catalog.row('globalroles').store.get(role)?.object;
    if (!found) throw missing('globalrole', GROUP, role);
    if (!authorizer.coversGlobally(caller, (found.rules ?? []) as PolicyRule[])) {
      throw new StatusError(
        403,
        'Forbidden',
        `globalrole.iam.kubesphere.io "${role}" is forbidden: it grants more than user "${caller.name}" may do`,
      );
    }
  }

  /**
   * Makes a user, Active at once with his password hashed before it is stored, and binds him to the global role of his
   * annotation. Throws NotFound for an unknown role, before anything is made; AlreadyExists; Invalid.
   */
  async create(given: User, caller: UserInfo): Promise<KubeObject> {
    const { client, login } = this.#parts;
    const annotations = { ...given.metadata.annotations };
    const role = annotations[GLOBAL_ROLE_ANNOTATION];
    if (role) this.#grantable(role, caller);
    const email = given.spec?.email;
    if (email) {
      const other = login.find(email);
      if (other && other.metadata.name !== given.metadata.name)
        throw new StatusError(409, 'AlreadyExists', `user email: ${email} already exists`);
    }
    const password = given.spec?.password;
    if (password !== undefined && Buffer.byteLength(password) > PASSWORD_LIMIT)
      throw badRequest(`spec.password: must have at most ${PASSWORD_LIMIT} bytes`);
    // A hash is taken as a password of that text: who could store hashes could log in with ones he made elsewhere.
    const hashed = password ? await hashPassword(password) : undefined;
    const { status: _status, ...object } = given;
    annotations[PASSWORD_ENCRYPTED] = 'true';
    const created = await client.create<User>(USERS, {
      ...object,
      apiVersion: 'iam.kubesphere.io/v1alpha2',
      kind: 'User',
      metadata: { ...given.metadata, annotations },
      spec: { ...given.spec, ...(hashed && { password: hashed }) },
      status: { state: 'Active', lastTransitionTime: new Date().toISOString().replace(/\.\d+Z$/, 'Z') },
    });
    if (role) await this.bindGlobalRole(created.metadata.name!, role);
    return withoutPassword(created);
  }

  /** Binds a user to exactly one global role. */
  async bindGlobalRole(user: string, role: string): Promise<void> {
    const { client } = this.#parts;
    const { items } = await client.list(GLOBAL_ROLE_BINDINGS, { labelSelector: `${USER_REF_LABEL}=${user}` });
    let bound = false;
    for (const binding of items) {
      if (binding.roleRef?.name === role) bound = true;
      else await client.delete({ resource: GLOBAL_ROLE_BINDINGS, name: binding.metadata.name! });
    }
    if (bound) return;
    await client.create(GLOBAL_ROLE_BINDINGS, {
      apiVersion: 'iam.kubesphere.io/v1alpha2',
      kind: 'GlobalRoleBinding',
      metadata: { name: `${user}-${role}`, labels: { [USER_REF_LABEL]: user } },
      subjects: [userSubject(user)],
      roleRef: { apiGroup: GROUP, kind: 'GlobalRole', name: role },
    });
  }
}
