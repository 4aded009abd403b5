import { badRequest, StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import { timestamp } from '@ks-apiserver/apimachinery/meta/time';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { NO_REQUEST } from '@ks-apiserver/apiserver/http/request-info';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import type { UserInfo } from '@ks-apiserver/client/kube/transport';
import type { Authorizer } from '../authorization/authorizer.ts';
import { withoutPassword } from '../resources/redact.ts';
import { hasArrived } from './arrival.ts';
import { missing } from './errors.ts';
import { checkGrant } from './grants.ts';
import type { Login, LoginSource } from './login.ts';
import type { Members } from './members.ts';
import type { PasswordPolicy } from './password-policy.ts';
import { checkPassword, hashPassword } from './passwords.ts';
import { keepingLink, linkOf, type ProviderLinks } from './provider-links.ts';
import type { CheckNameIsFree } from './retired-names.ts';
import type { Scope, Scopes } from './scopes.ts';
import {
  GLOBAL_ROLE_ANNOTATION,
  PASSWORD_ENCRYPTED,
  UNINITIALIZED,
  USER_REF_LABEL,
  USERS,
  type User,
} from './types.ts';

const GROUP = 'iam.kubesphere.io';

/** What the users' model works with. */
export interface UsersParts {
  client: KubeClient;
  /** The copy of the users by which log-ins are decided. */
  users: Informer;
  scopes: Scopes;
  members: Members;
  authorizer: Authorizer;
  login: Login;
  passwords: PasswordPolicy;
  links: ProviderLinks;
  revokeSessions: (username: string) => Promise<void>;
  checkNameIsFree: CheckNameIsFree;
}

/** Users of the platform, their passwords and the global role of each. */
export class Users {
  readonly #parts: UsersParts;

  constructor(parts: UsersParts) {
    this.#parts = parts;
  }

  #checkEmail(user: User): void {
    const email = user.spec?.email;
    if (!email) return;
    if (!/^[^\s@<>"]+@[^\s@<>"]+$/.test(email) || email.length > 254)
      throw badRequest(`spec.email: "${email.slice(0, 64)}" is no e-mail address`);
    const other = this.#parts.login.find(email);
    if (other && other.metadata.name !== user.metadata.name)
      throw new StatusError(409, 'AlreadyExists', `user email: ${email} already exists`);
  }

  /**
   * Makes a user, Active at once with his password hashed before it is stored, and binds him to the global role of his
   * annotation. Throws NotFound for an unknown role and Forbidden for one beyond the caller, before anything is made.
   */
  async create(given: User, caller: UserInfo, dryRun = false): Promise<KubeObject> {
    const { client, members, scopes, authorizer } = this.#parts;
    const annotations = { ...given.metadata.annotations };
    const role = annotations[GLOBAL_ROLE_ANNOTATION];
    if (role) {
      const found = scopes.role(scopes.global(), role);
      if (!found) throw missing('globalrole', GROUP, role);
      checkGrant(authorizer, caller, scopes.global(), 'bind', role, authorizer.rightsOf(found.object));
    }
    this.#checkEmail(given);
    this.checkLink(caller, undefined, given);
    const wanted = given.metadata.name ?? '';
    this.checkName(caller, wanted);
    await this.checkNameIsFree(wanted);
    const { status: _status, ...object } = given;
    annotations[PASSWORD_ENCRYPTED] = 'true';
    const password = await this.hashed(given.spec?.password, given);
    if (password.password && this.#parts.passwords.rules.changeInitial) annotations[UNINITIALIZED] = 'true';
    const user: User = {
      ...object,
      apiVersion: 'iam.kubesphere.io/v1alpha2',
      kind: 'User',
      metadata: { ...given.metadata, annotations },
      spec: { ...given.spec, ...password },
      status: { state: 'Active', lastTransitionTime: timestamp() },
    };
    if (!dryRun) await this.removeLeftOver(wanted);
    const created = await client.create<User>(USERS, user, { dryRun });
    const username = created.metadata.name!;
    const { uid } = created.metadata;
    if (role) await members.set(scopes.global(), [{ username, roleRef: role }], caller, dryRun, () => uid);
    if (!dryRun) await hasArrived(this.#parts.users, created);
    return withoutPassword(created);
  }

  /**
   * Replaces what may be edited of a user; password, status and the mark of its encryption stay. A changed global role is
   * checked before anything is stored, where 3.0 stores the user first. Throws Forbidden, NotFound, Conflict, Invalid.
   */
  async update(name: string, given: User, caller: UserInfo, dryRun = false): Promise<KubeObject> {
    const { client, members, scopes, authorizer } = this.#parts;
    if (given.metadata.name !== name) throw nameMismatch(given.metadata.name ?? '', name);
    const stored = await client.find<User>({ resource: USERS, name });
    if (!stored) throw missing('user', GROUP, name);
    const manages = authorizer.byRoles(caller, { ...USERS_UPDATE, name });
    const metadata = manages ? given.metadata : keepingLink(stored.metadata, given.metadata);
    const { [GLOBAL_ROLE_ANNOTATION]: role, ...annotations } = { ...metadata.annotations };
    const before = scopes.global().index.entriesOf(name, '')[0]?.object?.roleRef?.name as string | undefined;
    const changesRole = role !== undefined && role !== '' && role !== before;
    if (changesRole) {
      const found = scopes.role(scopes.global(), role);
      if (!found) throw missing('globalrole', GROUP, role);
      if (!manages)
        throw new StatusError(
          403,
          'Forbidden',
          `user.iam.kubesphere.io "${name}" is forbidden: update global role binding is not allowed`,
        );
      checkGrant(authorizer, caller, scopes.global(), 'bind', role, authorizer.rightsOf(found.object));
    }
    this.#checkEmail(given);
    this.checkLink(caller, stored, { ...given, metadata });
    // Nobody lifts the duty to change his password from himself.
    const kept = caller.name === name ? [PASSWORD_ENCRYPTED, UNINITIALIZED] : [PASSWORD_ENCRYPTED];
    const marks = Object.fromEntries(
      Object.entries(stored.metadata.annotations ?? {}).filter(([key]) => kept.includes(key)),
    );
    for (const key of kept) delete annotations[key];
    const { password } = stored.spec;
    const user: User = {
      ...given,
      apiVersion: 'iam.kubesphere.io/v1alpha2',
      kind: 'User',
      metadata: {
        ...metadata,
        annotations: { ...annotations, ...marks },
        ...(stored.metadata.finalizers && { finalizers: stored.metadata.finalizers }),
      },
      spec: { ...given.spec, ...(password && { password }) },
      ...(stored.status && { status: stored.status }),
    };
    const updated = await client.update<User>(USERS, user, { dryRun });
    if (changesRole) await members.set(scopes.global(), [{ username: name, roleRef: role }], caller, dryRun);
    if (!dryRun) await hasArrived(this.#parts.users, updated);
    return withoutPassword(updated);
  }

  /**
   * Whether a user may be linked to an account of an identity provider, or unlinked: whose account it is can act as him.
   * Throws Forbidden for who does not manage users, whatever he may do with his own, or has not all rights of this one,
   * and AlreadyExists for an account that another user is linked to.
   */
  checkLink(caller: UserInfo, stored: User | undefined, wished: KubeObject): void {
    const { authorizer, links } = this.#parts;
    const name = wished.metadata.name ?? '';
    if (linkOf(stored) === linkOf(wished)) return;
    if (stored) {
      if (!authorizer.byRoles(caller, { ...USERS_UPDATE, name }))
        throw new StatusError(
          403,
          'Forbidden',
          `user.iam.kubesphere.io "${name}" is forbidden: only who manages users may change the identity provider of one`,
        );
      if (caller.name !== name) this.checkOutranks(caller, name);
    }
    const rival = links.rivalOf(wished);
    if (rival !== undefined)
      throw new StatusError(
        409,
        'AlreadyExists',
        `the account of the identity provider is linked to user ${rival} already`,
      );
  }

  /** Deletes a user; his controller removes what belongs to him. Throws NotFound. */
  async delete(name: string, dryRun = false): Promise<void> {
    await this.#parts.client.delete({ resource: USERS, name }, { dryRun });
  }

  /**
   * Sets a password and ends the user's sessions. The current one must be right, unless the caller may set others'
   * passwords and holds all rights that the user has. Throws NotFound, BadRequest, Forbidden.
   */
  async setPassword(
    name: string,
    { current, password }: { current: string; password: string },
    caller: UserInfo,
    source: LoginSource,
    dryRun = false,
  ): Promise<void> {
    const { client, login, authorizer, revokeSessions } = this.#parts;
    const user = login.find(name);
    if (!user || name.includes('@')) throw missing('user', GROUP, name);
    if (password === '') throw badRequest('password must not be empty');
    const manages = current === '' && authorizer.byRoles(caller, { ...USERS_UPDATE, subresource: 'password', name });
    if (manages) {
      if (caller.name !== name) this.checkOutranks(caller, name);
    } else if (!(await login.confirm(user, current, source))) throw badRequest('incorrect old password');
    const spec = await this.hashed(password, user);
    const initial = caller.name !== name && this.#parts.passwords.rules.changeInitial;
    // The duty to change it is not met by setting the same again.
    if (caller.name === name && user.metadata.annotations?.[UNINITIALIZED] === 'true')
      if (await checkPassword(password, user.spec?.password))
        throw badRequest('spec.password: must be another than the one that you were given');
    const metadata = { annotations: { [PASSWORD_ENCRYPTED]: 'true', [UNINITIALIZED]: initial ? 'true' : null } };
    // A user who was locked is free again; one who was disabled stays so.
    const status =
      user.status?.state === 'AuthLimitExceeded'
        ? { status: { state: 'Active', reason: null, lastTransitionTime: timestamp() } }
        : {};
    const changed = await client.patch({ resource: USERS, name }, 'merge', { metadata, spec, ...status }, { dryRun });
    if (dryRun) return;
    await revokeSessions(name);
    await hasArrived(this.#parts.users, changed);
  }

  /**
   * A plain password as it is stored, if it is good enough. A hash is taken as a password of that text: nobody logs in with
   * one made elsewhere. Throws BadRequest.
   */
  async hashed(password: string | undefined, { metadata, spec }: User): Promise<{ password?: string }> {
    if (!password) return {};
    const email = spec?.email;
    await this.#parts.passwords.check(password, { username: metadata.name ?? '', ...(email && { email }) });
    return { password: await hashPassword(password) };
  }

  /** Whether a password that one user sets for another must be changed by him. */
  get changeInitial(): boolean {
    return this.#parts.passwords.rules.changeInitial;
  }

  /**
   * Who sets somebody's password can act as him: he must hold the rights of that user's roles of the platform and of the
   * cluster. Throws Forbidden.
   */
  checkOutranks(caller: UserInfo, name: string): void {
    this.#checkRoles(caller, name, ({ level }) => level === 'global' || level === 'cluster');
  }

  /** Makes a name free of what KubeSphere gave to a former user of it, before somebody gets it. */
  async removeLeftOver(name: string): Promise<void> {
    const { login, members } = this.#parts;
    if (name !== '' && !name.includes('@') && !login.find(name)) await members.removeLeftOver(name);
  }

  /**
   * Who makes a user chooses his name: bindings that have it already, such as those of Kubernetes' own users, must not give
   * more than he has. Those that KubeSphere made for a former user do not count: they are removed. Throws Forbidden.
   */
  checkName(caller: UserInfo, name: string): void {
    this.#checkRoles(caller, name, (_scope, labels) => labels[USER_REF_LABEL] !== name);
  }

  /** Throws a StatusError 409 for a name that a former user of it could still act under. */
  checkNameIsFree(name: string): Promise<void> {
    return this.#parts.checkNameIsFree(name);
  }

  /** Readies a name for somebody whom nobody makes: it must have no rights. Throws Forbidden. */
  async claimName(name: string): Promise<void> {
    // Not by the name itself, which has these very rights.
    this.checkName({ name: '', groups: [] }, name);
    await this.checkNameIsFree(name);
    await this.removeLeftOver(name);
  }

  #checkRoles(
    caller: UserInfo,
    name: string,
    counts: (scope: Scope, labels: Readonly<Record<string, string>>) => boolean,
  ): void {
    const { authorizer, scopes } = this.#parts;
    for (const scope of scopes.ofUser(name)) {
      for (const { object, labels } of scope.index.entriesOf(name, scope.key)) {
        if (!counts(scope, labels)) continue;
        const rights = authorizer.rightsOf(scopes.roleOfBinding(scope, object));
        checkGrant(authorizer, caller, scope, 'bind', String(object?.roleRef?.name), rights);
      }
    }
  }
}

const USERS_UPDATE = {
  ...NO_REQUEST,
  isResource: true,
  verb: 'update',
  group: GROUP,
  version: 'v1alpha2',
  resource: 'users',
};

/** 400: the body is about another object than the path. */
export function nameMismatch(body: string, path: string): StatusError {
  return badRequest(`the name of the object (${body}) does not match the name on the URL (${path})`);
}
