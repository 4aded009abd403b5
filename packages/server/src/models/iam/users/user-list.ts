import { GLOBAL_ROLE_ANNOTATION } from '@ks-apiserver/api/annotations';
import { subjectsOf } from '@ks-apiserver/api/subject';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Entry } from '@ks-apiserver/client/informer/entry';
import type { Bindings } from '../../authorization/bindings/bindings.ts';
import type { Catalog } from '../../resources/catalog/catalog.ts';
import type { ResourceDefinition } from '../../resources/catalog/definition.ts';
import { listPage, pageEntries } from '../../resources/list/list.ts';
import type { ListQuery } from '../../resources/query/query.ts';
import type { Scope, Scopes } from '../roles/scopes.ts';

/** A list of users with each one's role in the scope that was asked for. */
export interface UserPage {
  users: { entry: Entry; annotations: Record<string, string> }[];
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

  #definition(): ResourceDefinition {
    return this.#catalog.find('users')!;
  }

  /** The scope that a query's filters ask for, first match wins, and the filters that are left. */
  scopeOf(query: ListQuery): {
    scope: Scope | undefined;
    role: string | undefined;
    query: ListQuery;
  } {
    const filters = new Map(query.filters);

    const take = (...keys: string[]) =>
      keys.map((key) => {
        const value = filters.get(key);
        filters.delete(key);
        return value;
      });

    let scope: Scope | undefined;
    let role: string | undefined;

    if (filters.get('namespace')) {
      const [namespace, wanted] = take('namespace', 'role');
      scope = this.#scopes.namespace(namespace!);
      role = wanted;
    } else if (filters.get('workspace')) {
      const [workspace, wanted] = take('workspace', 'workspacerole');
      scope = this.#scopes.workspace(workspace!);
      role = wanted;
    } else if (filters.get('cluster') === 'true') {
      [, role] = take('cluster', 'clusterrole');
      scope = this.#scopes.cluster();
    } else if (filters.get('globalrole')) {
      [role] = take('globalrole');
      scope = this.#scopes.global();
    }

    return { scope, role, query: { ...query, filters, labels: scope ? undefined : query.labels } };
  }

  /** One page of all users, or of those that a query's scope has. */
  async list(given: ListQuery, signal: AbortSignal): Promise<UserPage> {
    const { scope, role, query } = this.scopeOf(given);
    if (scope) {
      return this.members(scope, role, query, signal);
    }

    const definition = this.#definition();

    const { entries, total } = await listPage(
      await this.#catalog.synced(definition, signal),
      definition,
      query,
      this.#catalog,
    );

    return {
      users: entries.map((entry) => ({ entry, annotations: this.#globalRole(entry.name) })),
      total,
    };
  }

  /** One page of a scope's members, those with one role if it is given. */
  async members(
    scope: Scope,
    role: string | undefined,
    query: ListQuery,
    signal: AbortSignal,
  ): Promise<UserPage> {
    const definition = this.#definition();
    const store = await this.#catalog.synced(definition, signal);
    const roles = new Map<string, string>();

    for (const binding of scope.index.entriesIn(scope.key)) {
      const name = (binding.object?.roleRef as { name?: string } | undefined)?.name;
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
      users: entries.map((entry) => ({
        entry,
        annotations: {
          ...this.#globalRole(entry.name),
          [scope.annotation]: roles.get(entry.name)!,
        },
      })),
      total,
    };
  }

  /** One member of a scope with his role; undefined for who is none. */
  async member(scope: Scope, name: string, signal: AbortSignal): Promise<KubeObject | undefined> {
    const binding = scope.index.entriesOf(name, scope.key)[0];
    const entry = (await this.#catalog.synced(this.#definition(), signal)).get(name);
    const role = (binding?.object?.roleRef as { name?: string } | undefined)?.name;

    return entry && role !== undefined
      ? annotated(entry, { ...this.#globalRole(name), [scope.annotation]: role })
      : undefined;
  }

  /** A user with his global role; undefined for an unknown one. */
  async user(name: string, signal: AbortSignal): Promise<KubeObject | undefined> {
    const entry = (await this.#catalog.synced(this.#definition(), signal)).get(name);
    return entry && annotated(entry, this.#globalRole(name));
  }

  #globalRole(name: string): Record<string, string> {
    const role = (
      this.#bindings.global.entriesOf(name, '')[0]?.object?.roleRef as { name?: string } | undefined
    )?.name;
    return role === undefined ? {} : { [GLOBAL_ROLE_ANNOTATION]: role };
  }
}

/**
 * A user's object with annotations added: made for each answer, for roles change without the user.
 */
export function annotated(entry: Entry, annotations: Record<string, string>): KubeObject {
  const user = JSON.parse(entry.bytes.toString()) as KubeObject;
  return {
    ...user,
    metadata: { ...user.metadata, annotations: { ...user.metadata.annotations, ...annotations } },
  };
}
