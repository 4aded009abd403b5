import { type Subject, subjectsOf } from '@ks-apiserver/api/subject';
import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import { byCreation, type Entry } from '@ks-apiserver/client/informer/entry';
import type { Informer } from '@ks-apiserver/client/informer/informer';

/** The role that a binding refers to. */
export interface RoleRef {
  kind: string;
  name: string;
}

/** What authorization needs of a binding. */
export interface Binding {
  name: string;
  namespace: string;
  /** The subject that names the caller: `User:<name>` or `Group:<name>`. */
  subject: string;
  roleRef: RoleRef;
}

const SERVICE_ACCOUNT = 'system:serviceaccount:';

/**
 * Returns a subject's key: users, groups and ServiceAccounts apart. The subject's apiGroup is
 * ignored, as in 3.0.
 */
function keyOf(subject: Subject): string {
  if (subject.kind === 'ServiceAccount') {
    return `User:${SERVICE_ACCOUNT}${subject.namespace ?? ''}:${subject.name}`;
  }
  return `${subject.kind}:${subject.name}`;
}

/**
 * Bindings by scope and subject. Finding a caller's bindings costs as much as they have, not as
 * there are.
 */
export class BindingIndex {
  readonly #scopes = new Map<string, Map<string, Set<Entry>>>();
  readonly #entries = new Map<string, Set<Entry>>();
  /** Number of bindings that name a subject, by scope. */
  readonly #scopesOfSubject = new Map<string, Map<string, number>>();
  readonly #scopeOf: (entry: Entry) => string;

  /**
   * `scopeOf` returns the scope of a binding: its namespace, its workspace, or '' for the whole
   * platform.
   */
  constructor(informer: Informer, scopeOf: (entry: Entry) => string) {
    this.#scopeOf = scopeOf;

    for (const entry of informer.store.values()) {
      this.#add(entry);
    }

    informer.store.onChange(({ type, entry, previous }) => {
      if (previous) {
        this.#remove(previous);
      }
      if (type !== 'DELETED') {
        this.#add(entry);
      }
    });
  }

  #count(key: string, scope: string, by: number): void {
    const scopes = this.#scopesOfSubject.get(key) ?? new Map<string, number>();
    const count = (scopes.get(scope) ?? 0) + by;
    if (count > 0) {
      scopes.set(scope, count);
    } else {
      scopes.delete(scope);
    }

    if (scopes.size > 0) {
      this.#scopesOfSubject.set(key, scopes);
    } else {
      this.#scopesOfSubject.delete(key);
    }
  }

  #add(entry: Entry): void {
    const scope = this.#scopeOf(entry);
    const entries = this.#entries.get(scope) ?? new Set();

    this.#entries.set(scope, entries.add(entry));

    let bySubject = this.#scopes.get(scope);
    if (!bySubject) {
      bySubject = new Map();
      this.#scopes.set(scope, bySubject);
    }

    for (const subject of subjectsOf(entry.object)) {
      const key = keyOf(subject);
      this.#count(key, scope, 1);

      const named = bySubject.get(key);
      if (named) {
        named.add(entry);
      } else {
        bySubject.set(key, new Set([entry]));
      }
    }
  }

  #remove(entry: Entry): void {
    const scope = this.#scopeOf(entry);
    const all = this.#entries.get(scope);

    all?.delete(entry);

    if (all?.size === 0) {
      this.#entries.delete(scope);
    }

    const bySubject = this.#scopes.get(scope);

    for (const subject of subjectsOf(entry.object)) {
      const key = keyOf(subject);
      this.#count(key, scope, -1);

      const entries = bySubject?.get(key);
      entries?.delete(entry);

      if (entries?.size === 0) {
        bySubject?.delete(key);
      }
    }

    if (bySubject?.size === 0) {
      this.#scopes.delete(scope);
    }
  }

  /** All scopes that have bindings. */
  scopes(): string[] {
    return [...this.#entries.keys()];
  }

  /** All bindings of a scope, newest first. */
  entriesIn(scope: string): Entry[] {
    return [...(this.#entries.get(scope) ?? [])].sort((a, b) => byCreation(b, a));
  }

  /** Bindings of a scope that name a user or a group directly, newest first. */
  entriesOf(name: string, scope: string, kind: 'User' | 'Group' = 'User'): Entry[] {
    return [...(this.#scopes.get(scope)?.get(`${kind}:${name}`) ?? [])].sort((a, b) =>
      byCreation(b, a),
    );
  }

  /** Scopes in which a user or a group has a binding directly. */
  scopesOf(name: string, kind: 'User' | 'Group' = 'User'): string[] {
    return [...(this.#scopesOfSubject.get(`${kind}:${name}`)?.keys() ?? [])];
  }

  /**
   * Yields the bindings of a caller in a scope: by their name, by one of their groups, and by one
   * of the scope's own groups.
   */
  *rolesOf(user: UserInfo, scope: string, ownGroups: readonly string[] = []): Generator<Binding> {
    const bySubject = this.#scopes.get(scope);
    if (!bySubject) {
      return;
    }

    yield* bindingsOf(bySubject, `User:${user.name}`);

    for (const group of user.groups) {
      yield* bindingsOf(bySubject, `Group:${group}`);
    }

    for (const group of ownGroups) {
      yield* bindingsOf(bySubject, `Group:${group}`);
    }
  }
}

function* bindingsOf(bySubject: ReadonlyMap<string, Set<Entry>>, key: string): Generator<Binding> {
  for (const entry of bySubject.get(key) ?? []) {
    const roleRef: RoleRef | undefined = entry.object?.roleRef;
    if (roleRef) {
      yield { name: entry.name, namespace: entry.namespace, subject: key, roleRef };
    }
  }
}
