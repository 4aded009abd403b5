import { GLOBAL_ROLE_ANNOTATION } from '@ks-apiserver/api/annotations';
import { subjectsOf } from '@ks-apiserver/api/subject';
import type { Cancellable } from '@ks-apiserver/apimachinery/concurrency/cancellable';
import type { Bindings } from '../../authorization/bindings/bindings.ts';
import type { Catalog } from '../../resources/catalog/catalog.ts';
import { listPage, pageEntries } from '../../resources/list/list.ts';
import type { ListQuery } from '../../resources/query/query.ts';
import type { Scope, Scopes } from '../roles/scopes.ts';
import { type Annotation, annotatedUser } from './annotated-user.ts';

/** A page of users, as the bytes of objects with annotations of their roles in the scope. */
export interface UserPage {
  users: Buffer[];
  total: number;
}

/** Lists of users: all of them, or the members of a scope. */
export class UserList {
  readonly #catalog: Catalog;
  readonly #scopes: Scopes;
  readonly #bindings: Bindings;

  constructor(catalog: Catalog, scopes: Scopes, bindings: Bindings) {
    this.#catalog = catalog;
    this.#scopes = scopes;
    this.#bindings = bindings;
  }

  /**
   * Returns the scope that a query's filters name, first match wins, and the remaining filters.
   */
  scopeOf(query: ListQuery): {
    scope: Scope | undefined;
    role: string | undefined;
    query: ListQuery;
  } {
    const filters = new Map(query.filters);

    const take = (key: string) => {
      const value = filters.get(key) ?? '';
      filters.delete(key);
      return value;
    };

    const takeRole = (key: string) => (filters.has(key) ? take(key) : undefined);

    let scope: Scope | undefined;
    let role: string | undefined;

    if (filters.get('namespace')) {
      scope = this.#scopes.namespace(take('namespace'));
      role = takeRole('role');
    } else if (filters.get('workspace')) {
      scope = this.#scopes.workspace(take('workspace'));
      role = takeRole('workspacerole');
    } else if (filters.get('cluster') === 'true') {
      take('cluster');
      scope = this.#scopes.cluster();
      role = takeRole('clusterrole');
    } else if (filters.get('globalrole')) {
      role = take('globalrole');
      scope = this.#scopes.global();
    }

    return { scope, role, query: { ...query, filters, labels: scope ? undefined : query.labels } };
  }

  /** Returns a page of all users, or of the members of a query's scope. */
  async list(given: ListQuery, call: Cancellable): Promise<UserPage> {
    const { scope, role, query } = this.scopeOf(given);
    if (scope) {
      return this.members(scope, role, query, call);
    }

    const catalog = this.#catalog;
    const definition = catalog.definition('users');
    const store = await catalog.synced(definition, call);
    const { entries, total } = await listPage({ store, definition, catalog }, query);

    return {
      users: entries.map((entry) => annotatedUser(entry, this.#globalRole(entry.name))),
      total,
    };
  }

  /** Returns a page of a scope's members, or of those with one role. */
  async members(
    scope: Scope,
    role: string | undefined,
    query: ListQuery,
    call: Cancellable,
  ): Promise<UserPage> {
    const definition = this.#catalog.definition('users');
    const store = await this.#catalog.synced(definition, call);
    const roles = new Map<string, string>();

    for (const binding of scope.index.entriesIn(scope.key)) {
      const name: string | undefined = binding.object?.roleRef?.name;
      if (name === undefined || (role !== undefined && name !== role)) {
        continue;
      }

      for (const subject of subjectsOf(binding.object)) {
        if (subject.kind === 'User' && !roles.has(subject.name)) {
          roles.set(subject.name, name);
        }
      }
    }

    const users = [...roles.keys()].flatMap((name) => store.get(name) ?? []);
    const { entries, total } = await pageEntries(users, definition, query, this.#catalog);

    return {
      users: entries.map((entry) =>
        annotatedUser(entry, [
          ...this.#globalRole(entry.name),
          [scope.annotation, roles.get(entry.name) ?? ''],
        ]),
      ),
      total,
    };
  }

  /** Returns a member of a scope with their role; undefined for others. */
  async member(scope: Scope, name: string, call: Cancellable): Promise<Buffer | undefined> {
    const [binding] = scope.index.entriesOf(name, scope.key);
    const entry = (await this.#catalog.synced(this.#catalog.definition('users'), call)).get(name);
    const role: string | undefined = binding?.object?.roleRef?.name;

    return entry && role !== undefined
      ? annotatedUser(entry, [...this.#globalRole(name), [scope.annotation, role]])
      : undefined;
  }

  /** Returns a user with their global role; undefined for an unknown one. */
  async user(name: string, call: Cancellable): Promise<Buffer | undefined> {
    const entry = (await this.#catalog.synced(this.#catalog.definition('users'), call)).get(name);
    return entry && annotatedUser(entry, this.#globalRole(name));
  }

  #globalRole(name: string): Annotation[] {
    const [binding] = this.#bindings.global.entriesOf(name, '');
    const role: string | undefined = binding?.object?.roleRef?.name;

    return role === undefined ? [] : [[GLOBAL_ROLE_ANNOTATION, role]];
  }
}
