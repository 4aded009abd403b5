import { type Awaitable, whenReady } from '@ks-apiserver/apimachinery/concurrency/when-ready';
import type { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { type PolicyRule, ruleAllows } from '@ks-apiserver/apimachinery/rbac/rules';
import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import { NO_REQUEST, type RequestInfo } from '@ks-apiserver/http/request/request-info';
import type {
  Attributes,
  AuthorizationMode,
  AuthorizerOptions,
  HostAttributes,
  Reason,
} from './authorizer-types.ts';
import {
  type HeldRole,
  type HeldRoles,
  type Level,
  PLATFORM,
  type Place,
  ROLES_OF_PROJECTS,
} from './bindings/held-roles.ts';
import { denial } from './denial.ts';
import type { OverridePolicy } from './opa/opa.ts';
import { overrideInput, overrideOf } from './opa/overrides.ts';
import { CREDENTIAL_NAMESPACES, SYSTEM_NAMESPACES } from './platform-namespaces.ts';
import { allowsSelfService } from './policy.ts';
import { isPublicPath } from './public-paths.ts';
import { isApiTokenCaller } from './restrictions/api-tokens.ts';
import { ALL_RIGHTS, countRights, MAX_RIGHTS, rightsOf, rulesOf } from './rights.ts';
import {
  allowsEverything,
  countsInSystem,
  isKeptFromApiTokens,
  readsAllCredentials,
} from './system-namespaces.ts';

/**
 * Decides which calls a user may make: by public paths, the built-in policy, then roles, in 3.0's
 * order. Everything else is denied.
 */
export class Authorizer {
  readonly #mode: AuthorizationMode;
  readonly #overrides: OverridePolicy | undefined;
  readonly #isOfHost: (attributes: HostAttributes) => boolean;
  readonly held: HeldRoles;

  constructor(
    mode: AuthorizationMode,
    held: HeldRoles,
    { overrides, isOfHost = () => false }: AuthorizerOptions = {},
  ) {
    this.#mode = mode;
    this.held = held;
    this.#overrides = overrides;
    this.#isOfHost = isOfHost;
  }

  /**
   * Throws Forbidden unless the caller may make this call, by rules or by the module of one of
   * their roles. Returns a promise only if modules have to be evaluated.
   */
  authorizeCall(user: UserInfo, info: RequestInfo): Awaitable<void> {
    return whenReady(this.denialOf(user, info), (denied) => {
      if (denied) {
        throw denied;
      }
    });
  }

  /** Returns the error that `authorizeCall` would throw; undefined for a permitted call. */
  denialOf(user: UserInfo, info: RequestInfo): Awaitable<StatusError | undefined> {
    return whenReady(this.permits(user, info), (permitted) =>
      permitted ? undefined : this.#denial(user, info),
    );
  }

  #denial(user: UserInfo, info: RequestInfo): StatusError {
    return denial(user, info, this.#mode === 'AlwaysDeny' ? ': Everything is forbidden.' : '');
  }

  /** Whether `authorizeCall` would permit a call. */
  permits(user: UserInfo, info: RequestInfo): Awaitable<boolean> {
    if (this.allows(user, info)) {
      return true;
    }

    const modules = this.overridden(user, info);
    return modules.length === 0 ? false : this.#anyAllows(modules, user, info);
  }

  /**
   * Returns the caller's roles whose modules count for a call, each with its module; none if no
   * policy server evaluates modules.
   */
  overridden(user: UserInfo, info: RequestInfo): { held: HeldRole; module: string }[] {
    if (!this.#overrides || this.#mode !== 'RBAC') {
      return [];
    }

    return [...this.#counting(user, this.held.placeOf(info), info)].flatMap((held) => {
      const module = overrideOf(held.role);
      return module === undefined ? [] : [{ held, module }];
    });
  }

  /** Whether a role's module allows a call. */
  async overrideAllows(module: string, user: UserInfo, info: RequestInfo): Promise<boolean> {
    return (await this.#overrides?.allows(module, overrideInput(user, info))) === true;
  }

  async #anyAllows(
    modules: readonly { module: string }[],
    user: UserInfo,
    info: RequestInfo,
  ): Promise<boolean> {
    // The same role may be bound several times.
    for (const module of new Set(modules.map((one) => one.module))) {
      if (await this.overrideAllows(module, user, info)) {
        return true;
      }
    }

    return false;
  }

  /**
   * Returns the most that the holder of a role may do: everything, if a module of it is evaluated
   * or its rules are yet to be aggregated from other roles.
   */
  rightsOf(role: KubeObject | undefined): readonly PolicyRule[] {
    if (role?.aggregationRule && rulesOf(role).length === 0) {
      return ALL_RIGHTS;
    }
    return this.#overrides && overrideOf(role) !== undefined ? ALL_RIGHTS : rulesOf(role);
  }

  /**
   * Throws Forbidden unless a public path, the built-in policy or a rule of the caller's roles
   * allows this call.
   */
  authorize(user: UserInfo, info: RequestInfo): void {
    if (!this.allows(user, info)) {
      throw this.#denial(user, info);
    }
  }

  /**
   * Whether the server's mode, public paths, the built-in policy or a role's rule allow a call.
   */
  allows(user: UserInfo, info: RequestInfo): boolean {
    return !this.reasons(user, info).next().done;
  }

  /**
   * Yields everything that allows a call, in the order in which it counts. Deciding takes the
   * first; explaining takes all.
   */
  *reasons(user: UserInfo, info: RequestInfo): Generator<Reason> {
    if (this.#mode === 'AlwaysDeny') {
      return;
    }
    if (this.#mode === 'AlwaysAllow') {
      yield 'always-allow';
    }
    if (isPublicPath(info.path)) {
      yield 'public-path';
    }
    if (allowsSelfService(user, info)) {
      yield 'self-service';
    }

    yield* this.#matching(user, this.held.placeOf(info), info);
  }

  /** Yields the caller's roles that count for a resource at a place. */
  *#counting(user: UserInfo, place: Place, attributes: HostAttributes): Generator<HeldRole> {
    const isOfHost = this.#isOfHost(attributes);

    for (const held of this.held.at(user, place)) {
      if (!isOfHost || held.level === 'global' || held.level === 'workspace') {
        yield held;
      }
    }
  }

  /** Yields the rules of the caller's roles that allow a request at a place. */
  *#matching(
    user: UserInfo,
    place: Place,
    attributes: Attributes,
  ): Generator<{ held: HeldRole; rule: PolicyRule }> {
    if (isKeptFromApiTokens(user, attributes)) {
      return;
    }

    for (const held of this.#counting(user, place, attributes)) {
      for (const rule of rulesOf(held.role)) {
        if (ruleAllows(rule, attributes) && countsInSystem(held, attributes, place)) {
          yield { held, rule };
        }
      }
    }
  }

  /** Whether one of the caller's roles allows a call. */
  byRoles(user: UserInfo, info: RequestInfo): boolean {
    return !this.#matching(user, this.held.placeOf(info), info).next().done;
  }

  /**
   * Whether one of the roles that every project has allows a request. A controller keeps their
   * rules as in their RoleBases, so nobody can have changed them.
   */
  byRoleOfEveryProject(user: UserInfo, info: RequestInfo): boolean {
    for (const { held } of this.#matching(user, this.held.placeOf(info), info)) {
      const { name, namespace } = held.role?.metadata ?? {};
      if (
        held.level === 'namespace' &&
        namespace !== undefined &&
        ROLES_OF_PROJECTS.has(name ?? '')
      ) {
        return true;
      }
    }

    return false;
  }

  /**
   * Whether a role of a higher level, which those who manage only this level cannot give, allows a
   * request.
   */
  byRolesAbove(user: UserInfo, level: 'workspace' | 'namespace', info: RequestInfo): boolean {
    for (const { held } of this.#matching(user, this.held.placeOf(info), info)) {
      if (held.level !== 'namespace' && held.level !== level) {
        return true;
      }
    }

    return false;
  }

  /** Whether a caller has a role of the platform or the cluster that allows everything. */
  holdsEverything(user: UserInfo): boolean {
    if (this.#mode !== 'RBAC') {
      return this.#mode === 'AlwaysAllow';
    }

    for (const { role } of this.held.at(user, PLATFORM)) {
      if (allowsEverything(role)) {
        return true;
      }
    }

    return false;
  }

  /**
   * Returns the namespaces to leave out when the caller reads resources with credentials in all
   * namespaces; undefined for none.
   */
  hiddenFrom(user: UserInfo, info: RequestInfo): ReadonlySet<string> | undefined {
    if (!readsAllCredentials(info)) {
      return undefined;
    }

    if (!this.holdsEverything(user)) {
      return SYSTEM_NAMESPACES;
    }

    return isApiTokenCaller(user) ? CREDENTIAL_NAMESPACES : undefined;
  }

  /**
   * Whether one of the caller's global roles allows a verb on a resource on the whole platform.
   */
  allowsGlobally(user: UserInfo, verb: string, group: string, resource: string): boolean {
    if (this.#mode !== 'RBAC') {
      return this.#mode === 'AlwaysAllow';
    }

    const attributes = {
      verb,
      isResource: true,
      group,
      resource,
      subresource: '',
      name: '',
      path: '',
    };

    for (const { role } of this.held.global(user)) {
      if (rulesOf(role).some((rule) => ruleAllows(rule, attributes))) {
        return true;
      }
    }

    return false;
  }

  /**
   * Whether one of the caller's roles allows a verb on a resource in a workspace, or in the cluster
   * if the workspace is ''.
   */
  allowsIn(
    user: UserInfo,
    workspace: string,
    verb: string,
    group: string,
    resource: string,
  ): boolean {
    const scope = workspace === '' ? 'Cluster' : 'Workspace';

    return this.byRoles(user, {
      ...NO_REQUEST,
      isResource: true,
      verb,
      group,
      resource,
      workspace,
      scope,
    });
  }

  /**
   * Returns the place where rights of a level count; `key` is the name of the workspace or
   * namespace.
   */
  placeAt(level: Level, key: string): Place {
    if (level === 'workspace') {
      return { workspace: key, namespace: '' };
    }

    return level === 'namespace'
      ? { workspace: this.held.workspaceOf(key), namespace: key }
      : PLATFORM;
  }

  /** Whether a user has a role that is bound in the workspace or namespace itself. */
  isMemberOf(user: UserInfo, level: 'workspace' | 'namespace', key: string): boolean {
    if (key === '') {
      return false;
    }

    for (const held of this.held.at(user, this.placeAt(level, key))) {
      if (held.level === level) {
        return true;
      }
    }

    return false;
  }

  /**
   * Returns all rules that a caller has in a scope and above it, except those of roles for which
   * `counts` is false.
   */
  rulesIn(
    user: UserInfo,
    level: Level,
    key: string,
    counts: (held: HeldRole) => boolean = () => true,
  ): PolicyRule[] {
    return [...this.held.at(user, this.placeAt(level, key))]
      .filter(counts)
      .flatMap(({ role }) => rulesOf(role));
  }

  /**
   * Whether the caller may do everything in a scope that these rules allow: nobody grants more than
   * they have. Each right is decided as a request would be. Rights of the cluster hold in system
   * namespaces too, so they must be held there as well. Only callers who may do everything cover
   * rules of more than 5,000 rights.
   */
  covers(user: UserInfo, level: Level, key: string, rules: readonly PolicyRule[]): boolean {
    if (rules.length === 0 || this.holdsEverything(user)) {
      return true;
    }

    if (countRights(rules) > MAX_RIGHTS) {
      return false;
    }

    const place = this.placeAt(level, key);
    const namespaces =
      level === 'cluster' ? ['', ...SYSTEM_NAMESPACES] : [level === 'namespace' ? key : ''];
    const may = (attributes: Attributes) => !this.#matching(user, place, attributes).next().done;

    for (const rule of rules) {
      for (const right of rightsOf(rule)) {
        if (!namespaces.every((namespace) => may({ ...right, namespace }))) {
          return false;
        }
      }
    }

    return true;
  }
}
