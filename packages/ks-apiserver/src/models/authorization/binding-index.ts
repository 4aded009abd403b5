import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Entry } from '@ks-apiserver/client/informer/entry';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { UserInfo } from '@ks-apiserver/client/kube/transport';

/** The role that a binding refers to. */
export interface RoleRef {
  kind: string;
  name: string;
}

/** What authorization needs of a binding. */
export interface Binding {
  name: string;
  namespace: string;
  roleRef: RoleRef;
}

interface Subject {
  kind: string;
  name: string;
  namespace?: string;
}

const SERVICE_ACCOUNT = 'system:serviceaccount:';

/** How a subject is filed: users, groups and ServiceAccounts apart; the subject's apiGroup is ignored, as in 3.0. */
function keyOf(subject: Subject): string {
  if (subject.kind === 'ServiceAccount') return `User:${SERVICE_ACCOUNT}${subject.namespace ?? ''}:${subject.name}`;
  return `${subject.kind}:${subject.name}`;
}

function subjectsOf(entry: Entry): readonly Subject[] {
  const subjects = (entry.object as KubeObject | undefined)?.subjects;
  return Array.isArray(subjects) ? (subjects as Subject[]) : [];
}

/** Bindings by scope and subject: finding a caller's bindings costs as much as he has, not as there are. */
export class BindingIndex {
  readonly #scopes = new Map<string, Map<string, Set<Entry>>>();
  readonly #scopeOf: (entry: Entry) => string;

  /** `scopeOf` files a binding under its namespace, its workspace, or '' for the whole platform. */
  constructor(informer: Informer, scopeOf: (entry: Entry) => string) {
    this.#scopeOf = scopeOf;
    for (const entry of informer.store.values()) this.#add(entry);
    informer.store.onChange(({ type, entry, previous }) => {
      if (previous) this.#remove(previous);
      if (type !== 'DELETED') this.#add(entry);
    });
  }

  #add(entry: Entry): void {
    const scope = this.#scopeOf(entry);
    let bySubject = this.#scopes.get(scope);
    if (!bySubject) {
      bySubject = new Map();
      this.#scopes.set(scope, bySubject);
    }
    for (const subject of subjectsOf(entry)) {
      const key = keyOf(subject);
      const entries = bySubject.get(key);
      if (entries) entries.add(entry);
      else bySubject.set(key, new Set([entry]));
    }
  }

  #remove(entry: Entry): void {
    const scope = this.#scopeOf(entry);
    const bySubject = this.#scopes.get(scope);
    for (const subject of subjectsOf(entry)) {
      const entries = bySubject?.get(keyOf(subject));
      entries?.delete(entry);
      if (entries?.size === 0) bySubject?.delete(keyOf(subject));
    }
    if (bySubject?.size === 0) this.#scopes.delete(scope);
  }

  /** The roles that a caller holds in a scope, by his name or one of his groups. */
  *rolesOf(user: UserInfo, scope: string): Generator<Binding> {
    const bySubject = this.#scopes.get(scope);
    if (!bySubject) return;
    for (const key of [`User:${user.name}`, ...user.groups.map((group) => `Group:${group}`)]) {
      for (const entry of bySubject.get(key) ?? []) {
        const roleRef = entry.object?.roleRef as RoleRef | undefined;
        if (roleRef) yield { name: entry.name, namespace: entry.namespace, roleRef };
      }
    }
  }
}
