import {
  GLOBAL_ROLE_ANNOTATION,
  PASSWORD_ENCRYPTED,
  UNINITIALIZED,
} from '@ks-apiserver/api/annotations';
import { IAM_GROUP } from '@ks-apiserver/api/groups';
import type { User } from '@ks-apiserver/api/user';
import { equalJson } from '@ks-apiserver/apimachinery/json/json';
import { LAST_APPLIED } from '@ks-apiserver/apimachinery/meta/annotations';
import { badRequest, StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import type { Authorizer } from '../../../authorization/authorizer.ts';
import { isApiTokenCaller } from '../../../authorization/restrictions/api-tokens.ts';
import {
  mustSetPassword,
  passwordRequired,
} from '../../../authorization/restrictions/first-password.ts';
import type { Login } from '../../../iam/login/login.ts';
import type { PasswordPolicy } from '../../../iam/passwords/password-policy.ts';
import { checkPassword, hashPassword } from '../../../iam/passwords/passwords.ts';
import type { Members } from '../../../iam/roles/members.ts';
import { linkOf, type ProviderLinks } from '../../../iam/users/provider-links.ts';
import type { CheckNameIsFree } from '../../../iam/users/retired-names.ts';
import { checkUserName } from '../../../iam/users/user-names.ts';
import type { UserRights } from '../../../iam/users/user-rights.ts';
import { nameOf, type Rule, type Verdict, type WriteAttempt } from '../../attempt.ts';

export interface UserRuleDependencies {
  authorizer: Authorizer;
  rights: UserRights;
  members: Members;
  login: Login;
  passwords: PasswordPolicy;
  links: ProviderLinks;
  revokeSessions: (username: string) => Promise<void>;
  checkNameIsFree: CheckNameIsFree;
}

function refusal(name: string, why: string): StatusError {
  return new StatusError(403, 'Forbidden', `user.iam.kubesphere.io "${name}" is forbidden: ${why}`);
}

function stateOf(user: User | undefined): string {
  return user?.status?.state ?? '';
}

/**
 * Returns a user without what setting a first password changes: the password, its marks, and fields
 * that the API sets.
 */
function besidesPassword({ metadata, spec, ...user }: User): unknown {
  const {
    annotations,
    managedFields: _fields,
    resourceVersion: _version,
    generation: _generation,
    ...rest
  } = metadata;

  const {
    [UNINITIALIZED]: _duty,
    [PASSWORD_ENCRYPTED]: _mark,
    [LAST_APPLIED]: _copy,
    ...others
  } = annotations ?? {};

  const { password: _password, ...fields } = spec ?? {};

  return { ...user, metadata: { ...rest, annotations: others }, spec: fields };
}

/**
 * Throws Forbidden if a caller who must set a password first changes anything else of their user,
 * or sets no password.
 */
function checkOnlyPassword(caller: UserInfo, stored: User | undefined, proposed: User): void {
  if (!mustSetPassword(caller)) {
    return;
  }

  const name = proposed.metadata.name ?? '';
  if (!stored || name !== caller.name) {
    throw passwordRequired(caller.name, 'set one of your own first');
  }

  const given = proposed.spec?.password;
  if (!given || given === stored.spec?.password) {
    throw passwordRequired(name, 'it cannot be kept, set one of your own');
  }

  if (!equalJson(besidesPassword(stored), besidesPassword(proposed))) {
    throw passwordRequired(name, 'set one of your own first, and nothing else with it');
  }
}

/**
 * Reviews users. Passwords are received as plain text and stored as hashes, and a caller who
 * changes how or whether another user logs in must have all rights of that user.
 */
export class UserRule implements Rule {
  readonly resources: ReadonlySet<string> = new Set([
    `${IAM_GROUP}/users`,
    `${IAM_GROUP}/users/status`,
  ]);
  readonly seesDeletions = true;
  readonly seesAdministrators = true;
  readonly #dependencies: UserRuleDependencies;

  constructor(dependencies: UserRuleDependencies) {
    this.#dependencies = dependencies;
  }

  async review(attempt: WriteAttempt): Promise<Verdict> {
    const { caller, proposed } = attempt;
    const { rights } = this.#dependencies;
    const name = nameOf(attempt);

    if (!proposed) {
      this.#checkDeletion(caller, name);
      return {};
    }

    const stored = attempt.stored as User | undefined;
    const given = proposed as User;

    if (stored) {
      this.#checkChange(caller, stored, given);
    } else {
      checkUserName(name);
      rights.checkName(caller, name);
      await this.#dependencies.checkNameIsFree(name);
    }

    checkOnlyPassword(caller, stored, given);
    this.#checkEmail(stored, given);
    this.#checkLink(caller, stored, given);

    const object = await this.#toStore(attempt, stored, given);

    if (!stored && !attempt.dryRun) {
      await this.removeLeftOver(name);
    }

    const isDisabled = stateOf(given) === 'Disabled' && stateOf(stored) !== 'Disabled';
    const endsSessions =
      stored !== undefined && (object.spec.password !== stored.spec?.password || isDisabled);

    const settle = async (isStored: boolean) => {
      if (isStored && endsSessions && !attempt.dryRun) {
        await this.#dependencies.revokeSessions(name);
      }
    };

    return { object, settle };
  }

  /**
   * Removes what KubeSphere gave to a former user of a name, before somebody else gets the name.
   */
  async removeLeftOver(name: string): Promise<void> {
    const { login, members } = this.#dependencies;
    if (name !== '' && !name.includes('@') && !login.find(name)) {
      await members.removeLeftOver(name);
    }
  }

  #checkDeletion(caller: UserInfo, name: string): void {
    if (name !== '') {
      this.#dependencies.rights.checkOutranks(caller, name);
    } else if (!this.#dependencies.authorizer.holdsEverything(caller)) {
      throw new StatusError(
        403,
        'Forbidden',
        'users.iam.kubesphere.io is forbidden: delete users one by one',
      );
    }
  }

  #checkChange(caller: UserInfo, stored: User, proposed: User): void {
    const changes = (of: (user: User) => unknown) => of(stored) !== of(proposed);
    const ofLifecycle = ({ metadata }: User) =>
      JSON.stringify([metadata.ownerReferences ?? [], metadata.finalizers ?? []]);
    if (changes(stateOf) || changes(({ spec }) => spec?.email ?? '') || changes(ofLifecycle)) {
      this.#dependencies.rights.checkOutranks(caller, stored.metadata.name ?? '');
    }
  }

  #checkEmail(stored: User | undefined, user: User): void {
    const email = user.spec?.email;
    if (!email || email === stored?.spec?.email) {
      return;
    }

    if (!/^[^\s@<>"]+@[^\s@<>"]+$/.test(email) || email.length > 254) {
      throw badRequest(`spec.email: "${email.slice(0, 64)}" is no e-mail address`);
    }

    const other = this.#dependencies.login.find(email);
    if (other && other.metadata.name !== user.metadata.name) {
      throw new StatusError(409, 'AlreadyExists', `user email: ${email} already exists`);
    }
  }

  /**
   * Checks changes of the link between a user and an account of an identity provider: whoever has
   * the account acts as the user. Throws Forbidden for callers who do not manage users, whatever
   * they may do with their own, or lack rights of this one, and AlreadyExists for an account that
   * is linked to another user.
   */
  #checkLink(caller: UserInfo, stored: User | undefined, proposed: KubeObject): void {
    const { links, rights } = this.#dependencies;
    const name = proposed.metadata.name ?? '';

    if (linkOf(stored) === linkOf(proposed)) {
      return;
    }

    if (stored) {
      if (!rights.manages(caller, name)) {
        throw refusal(name, 'only who manages users may change the identity provider of a user');
      }

      rights.checkOutranks(caller, name);
    }

    const rival = links.rivalOf(proposed);
    if (rival !== undefined) {
      throw new StatusError(
        409,
        'AlreadyExists',
        `the account of the identity provider is linked to user ${rival} already`,
      );
    }
  }

  /**
   * Returns the user to store: with the password hashed, and the server's own annotations
   * unchanged.
   */
  async #toStore(
    { caller }: WriteAttempt,
    stored: User | undefined,
    proposed: User,
  ): Promise<User> {
    const before = stored?.metadata.annotations ?? {};
    const { [LAST_APPLIED]: _copy, ...annotations } = { ...proposed.metadata.annotations };

    for (const key of [PASSWORD_ENCRYPTED, GLOBAL_ROLE_ANNOTATION]) {
      if (before[key] === undefined) {
        delete annotations[key];
      } else {
        annotations[key] = before[key];
      }
    }

    const old = stored?.spec?.password;
    const given = proposed.spec?.password;
    const setsPassword = Boolean(given) && given !== old;
    const isOwn = stored !== undefined && caller.name === proposed.metadata.name;

    // Users can end their duty to set a password only by setting one.
    if (isOwn && !setsPassword && before[UNINITIALIZED] !== undefined) {
      annotations[UNINITIALIZED] = before[UNINITIALIZED];
    }

    const spec: User['spec'] = { ...proposed.spec };
    delete spec.password;

    if (setsPassword) {
      spec.password = await this.#hashPassword(caller, { isOwn, stored, proposed });
      annotations[PASSWORD_ENCRYPTED] = 'true';

      if (isOwn) {
        delete annotations[UNINITIALIZED];
      } else if (this.#dependencies.passwords.rules.changeInitial) {
        annotations[UNINITIALIZED] = 'true';
      }
    } else if (old) {
      spec.password = old;
    }

    return { ...proposed, metadata: { ...proposed.metadata, annotations }, spec };
  }

  /**
   * Hashes a new password, if the policy accepts it and the caller may set it. A hash is hashed
   * like any other text, so that nobody logs in with one made elsewhere. Throws BadRequest,
   * Forbidden.
   */
  async #hashPassword(
    caller: UserInfo,
    { isOwn, stored, proposed }: { isOwn: boolean; stored: User | undefined; proposed: User },
  ): Promise<string> {
    const { rights, passwords } = this.#dependencies;
    const { metadata, spec } = proposed;
    const name = metadata.name ?? '';
    const password = spec.password ?? '';

    if (isApiTokenCaller(caller)) {
      throw refusal(name, 'an API token cannot set passwords: log in with the password');
    }

    if (stored) {
      rights.checkOutranks(caller, name);
    }

    await passwords.check(password, { username: name, ...(spec.email && { email: spec.email }) });

    // Setting the same password again does not meet the duty to change it.
    if (isOwn && stored?.metadata.annotations?.[UNINITIALIZED] === 'true') {
      if (await checkPassword(password, stored.spec?.password)) {
        throw badRequest('spec.password: must differ from the password that you were given');
      }
    }

    return hashPassword(password);
  }
}
