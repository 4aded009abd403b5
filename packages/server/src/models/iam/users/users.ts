import {
  GLOBAL_ROLE_ANNOTATION,
  PASSWORD_ENCRYPTED,
  UNINITIALIZED,
} from '@ks-apiserver/api/annotations';
import { IAM_GROUP } from '@ks-apiserver/api/groups';
import { USERS } from '@ks-apiserver/api/resources';
import type { User } from '@ks-apiserver/api/user';
import { badRequest, StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import { timestamp } from '@ks-apiserver/apimachinery/meta/time';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { KubeReader, WriteOptions } from '@ks-apiserver/client/kube/client';
import type { CallerWriters } from '../../authorization/caller-writer.ts';
import { withoutPasswordDuty } from '../../authorization/restrictions/first-password.ts';
import { missing, requireName } from '../errors.ts';
import type { Login } from '../login/login.ts';
import type { LoginSource } from '../login/login-source.ts';
import type { Members } from '../roles/members.ts';
import type { Scopes } from '../roles/scopes.ts';
import { keepLink } from './provider-links.ts';
import type { UserRights } from './user-rights.ts';
import { waitForUser } from './wait-for-user.ts';

export interface UsersDependencies {
  /** Makes the writers of callers: the gate. */
  gate: CallerWriters;
  client: KubeReader;
  /** The informer of the users by which log-ins are decided. */
  users: Informer;
  scopes: Scopes;
  members: Members;
  rights: UserRights;
  login: Login;
}

/**
 * Returns a user as edited: password, status and what marks an encrypted password stay, and the
 * global role is no field of the object.
 */
function editedUser(stored: User, given: User): User {
  const encrypted = stored.metadata.annotations?.[PASSWORD_ENCRYPTED];
  const { finalizers, ownerReferences } = stored.metadata;
  const { finalizers: _finalizers, ownerReferences: _owners, ...metadata } = given.metadata;
  const { [GLOBAL_ROLE_ANNOTATION]: _role, ...annotations } = { ...metadata.annotations };
  const { password: _password, ...spec } = given.spec ?? {};

  return {
    ...given,
    apiVersion: 'iam.kubesphere.io/v1alpha2',
    kind: 'User',
    metadata: {
      ...metadata,
      annotations: {
        ...annotations,
        ...(encrypted !== undefined && { [PASSWORD_ENCRYPTED]: encrypted }),
      },
      ...(finalizers && { finalizers }),
      ...(ownerReferences && { ownerReferences }),
    },
    spec,
    ...(stored.status && { status: stored.status }),
  };
}

/** Users of the platform, their passwords and the global role of each. */
export class Users {
  readonly #dependencies: UsersDependencies;

  constructor(dependencies: UsersDependencies) {
    this.#dependencies = dependencies;
  }

  /** The rights of callers over other users' accounts. */
  get rights(): UserRights {
    return this.#dependencies.rights;
  }

  /**
   * Creates a user, Active at once, and binds them to the global role of their annotation. Throws
   * NotFound for an unknown role, Forbidden for one with more rights than the caller's and Invalid
   * for a name that cannot be bound, before anything is stored.
   */
  async create(given: User, caller: UserInfo, options: WriteOptions = {}): Promise<KubeObject> {
    const { gate, members, scopes } = this.#dependencies;
    const client = gate.clientFor(caller);
    const role = given.metadata.annotations?.[GLOBAL_ROLE_ANNOTATION];
    const global = scopes.global();

    if (role) {
      const { name = '' } = given.metadata;
      await members.checkGrantable(global, { username: name, roleRef: role }, client);
    }

    const { status: _status, ...object } = given;

    const user: User = {
      ...object,
      apiVersion: 'iam.kubesphere.io/v1alpha2',
      kind: 'User',
      metadata: { ...given.metadata },
      spec: { ...given.spec },
      status: { state: 'Active', lastTransitionTime: timestamp() },
    };

    const created = await client.create<User>(USERS, user, options);
    const { name: username = '', uid, annotations } = created.metadata;

    if (role) {
      await members.set(global, [{ username, roleRef: role }], client, {
        ...options,
        uidOf: () => uid,
      });
    }

    if (!options.dryRun) {
      await waitForUser(this.#dependencies.users, created);
    }

    // 3.0 answers with the annotation that names the role.
    return role
      ? {
          ...created,
          metadata: {
            ...created.metadata,
            annotations: { ...annotations, [GLOBAL_ROLE_ANNOTATION]: role },
          },
        }
      : created;
  }

  /**
   * Replaces the fields of a user that may be edited; password, status and the mark of the
   * encrypted password stay. A changed global role is checked before anything is stored, where 3.0
   * stores the user first. Throws Forbidden, NotFound, Conflict, Invalid.
   */
  async update(
    name: string,
    given: User,
    caller: UserInfo,
    options: WriteOptions = {},
  ): Promise<KubeObject> {
    const { gate, members, scopes, users } = this.#dependencies;

    requireName(given, name);

    const stored = await this.#requireUser(name);
    const client = gate.clientFor(caller);
    const manages = this.rights.manages(caller, name);
    const roleRef = this.#changedRole(given);

    const setRole = async (how: WriteOptions) => {
      if (roleRef !== undefined) {
        await members.set(scopes.global(), [{ username: name, roleRef }], client, how);
      }
    };

    if (roleRef !== undefined && !manages) {
      throw new StatusError(
        403,
        'Forbidden',
        `user.iam.kubesphere.io "${name}" is forbidden: update global role binding is not allowed`,
      );
    }

    await setRole({ dryRun: true });

    const metadata = manages ? given.metadata : keepLink(stored.metadata, given.metadata);
    const user = editedUser(stored, { ...given, metadata });
    const updated = await client.update<User>(USERS, user, options);

    await setRole(options);

    if (!options.dryRun) {
      await waitForUser(users, updated);
    }

    return updated;
  }

  /** Returns the global role that a user's annotation names, if they have another one or none. */
  #changedRole({ metadata: { name = '', annotations } }: User): string | undefined {
    const role = annotations?.[GLOBAL_ROLE_ANNOTATION];
    const [binding] = this.#dependencies.scopes.global().index.entriesOf(name, '');
    const before: string | undefined = binding?.object?.roleRef?.name;

    return role === undefined || role === '' || role === before ? undefined : role;
  }

  /** Deletes a user; a controller removes what belongs to them. Throws NotFound, Forbidden. */
  async delete(name: string, caller: UserInfo, options: WriteOptions = {}): Promise<void> {
    await this.#dependencies.gate.clientFor(caller).delete({ resource: USERS, name }, options);
  }

  /**
   * Sets a password and ends the user's sessions. The current password must be right, unless the
   * caller may set others' passwords and has all rights of the user. Throws NotFound, BadRequest,
   * Forbidden.
   */
  async setPassword(
    name: string,
    { current, password }: { current: string; password: string },
    caller: UserInfo,
    source: LoginSource,
    options: WriteOptions = {},
  ): Promise<void> {
    const { gate, login, users } = this.#dependencies;
    const user = login.find(name);
    if (!user || name.includes('@')) {
      throw missing('user', IAM_GROUP, name);
    }

    if (password === '') {
      throw badRequest('password must not be empty');
    }

    const manages = current === '' && this.rights.manages(caller, name, 'password');
    if (manages) {
      this.rights.checkOutranks(caller, name);
    } else if (!(await login.confirm(user, current, source))) {
      throw badRequest('incorrect old password');
    }

    // A locked user is unlocked; a disabled one stays disabled.
    const status =
      user.status?.state === 'AuthLimitExceeded'
        ? { status: { state: 'Active', reason: null, lastTransitionTime: timestamp() } }
        : {};

    const metadata = { annotations: { [UNINITIALIZED]: null } };

    // The current password, or the right to manage users, is proved: the gate need not require a
    // first password.
    const setter = withoutPasswordDuty(manages ? caller : { ...caller, name });
    const changed = await gate
      .clientFor(setter)
      .patch({ resource: USERS, name }, { metadata, spec: { password }, ...status }, options);

    if (!options.dryRun) {
      await waitForUser(users, changed);
    }
  }

  async #requireUser(name: string): Promise<User> {
    const stored = await this.#dependencies.client.find<User>({ resource: USERS, name });
    if (!stored) {
      throw missing('user', IAM_GROUP, name);
    }

    return stored;
  }
}
