import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import {
  type PolicyRule,
  type RuleAttributes,
  ruleAllows,
} from '@ks-apiserver/apimachinery/rbac/rules';
import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import type { Backend } from '../../storage/backend.ts';
import type { StoredObject } from '../../storage/stored-object.ts';
import { listOf, type Subject } from '../resources/core-types.ts';

const PREFIX = '/registry/rbac.authorization.k8s.io/';

/** The attributes of a request, with its namespace ('' for none). */
export interface Attributes extends RuleAttributes {
  namespace: string;
}

interface Binding {
  key: string;
  /** '' for a ClusterRoleBinding. */
  namespace: string;
  name: string;
  roleKind: string;
  roleName: string;
  role: string;
}

/** `kind "name"` of the binding's subject, as Kubernetes' reasons name it. */
function formatSubject(key: string): string {
  const at = key.indexOf(':');
  const [kind, name] = [key.slice(0, at), key.slice(at + 1)];
  const [, namespace, account] = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(name) ?? [];

  return kind === 'User' && account
    ? `ServiceAccount "${account}/${namespace}"`
    : `${kind} ${JSON.stringify(name)}`;
}

/**
 * Comparisons between the rules of one write and those that the user holds; each takes well below a
 * microsecond.
 */
const MAX_QUESTIONS = 200_000;

/** Missing rules that a message lists. */
const MAX_MISSING = 50;

/** Members of this group may do everything. */
const SUPERUSERS = 'system:masters';

function roleKey(kind: string, namespace: string, name: string): string {
  return kind === 'ClusterRole'
    ? `${PREFIX}clusterroles/${name}`
    : `${PREFIX}roles/${namespace}/${name}`;
}

function subjectKeys({ subjects }: KubeObject): string[] {
  return listOf<Subject>(subjects).map(({ kind, name, namespace }) =>
    kind === 'ServiceAccount'
      ? `User:system:serviceaccount:${namespace}:${name}`
      : `${kind}:${name}`,
  );
}

/**
 * Role based access control over the stored roles and bindings, indexed by subject (Kubernetes
 * "Using RBAC Authorization").
 */
export class RbacAuthorizer {
  /** Rules by the key of their role. */
  readonly #rules = new Map<string, readonly PolicyRule[]>();
  readonly #bySubject = new Map<string, Map<string, Binding>>();
  readonly #subjects = new Map<string, readonly string[]>();

  /** Reads the stored roles and bindings, and follows their events. */
  start(backend: Backend): () => void {
    for (const stored of backend.range({ prefix: PREFIX })) {
      this.#set(stored);
    }

    return backend.onCommit((events) => {
      for (const { key, type, object } of events) {
        if (!key.startsWith(PREFIX)) {
          continue;
        }

        if (type === 'DELETED') {
          this.#remove(key);
        } else {
          this.#set(object);
        }
      }
    });
  }

  #remove(key: string): void {
    this.#rules.delete(key);

    for (const subject of this.#subjects.get(key) ?? []) {
      const bindings = this.#bySubject.get(subject);
      bindings?.delete(key);

      if (bindings?.size === 0) {
        this.#bySubject.delete(subject);
      }
    }

    this.#subjects.delete(key);
  }

  #set(stored: StoredObject): void {
    const { key } = stored;
    this.#remove(key);

    if (
      !key.startsWith(`${PREFIX}rolebindings/`) &&
      !key.startsWith(`${PREFIX}clusterrolebindings/`)
    ) {
      this.#rules.set(key, stored.parse<{ rules?: PolicyRule[] | null }>().rules ?? []);
      return;
    }

    const object = stored.parse<KubeObject>();
    const { namespace = '' } = object.metadata;
    const { kind: roleKind = '', name: roleName = '' } = object.roleRef ?? {};
    const role = roleKey(roleKind, namespace, roleName);
    const binding = { key, namespace, name: object.metadata.name ?? '', roleKind, roleName, role };
    const subjects = subjectKeys(object);

    this.#subjects.set(key, subjects);

    for (const subject of subjects) {
      const bindings = this.#bySubject.get(subject) ?? new Map<string, Binding>();
      this.#bySubject.set(subject, bindings.set(key, binding));
    }
  }

  #rulesAt(key: string): readonly PolicyRule[] {
    return this.#rules.get(key) ?? [];
  }

  *#bindingsOf(
    user: UserInfo,
    namespace: string,
  ): Generator<{ subject: string; binding: Binding }> {
    for (const subject of [`User:${user.name}`, ...user.groups.map((group) => `Group:${group}`)]) {
      for (const binding of this.#bySubject.get(subject)?.values() ?? []) {
        if (binding.namespace === '' || binding.namespace === namespace) {
          yield { subject, binding };
        }
      }
    }
  }

  /** Rules that a user has in a namespace ('' for cluster-wide ones only). */
  *rulesOf(user: UserInfo, namespace: string): Generator<PolicyRule> {
    for (const { binding } of this.#bindingsOf(user, namespace)) {
      yield* this.#rulesAt(binding.role);
    }
  }

  /** The binding and role that allow a request, in Kubernetes' words; '' where none does. */
  reason(user: UserInfo, attributes: Attributes): string {
    if (user.groups.includes(SUPERUSERS)) {
      return '';
    }

    for (const { subject, binding } of this.#bindingsOf(user, attributes.namespace)) {
      const rules = this.#rulesAt(binding.role);
      if (!rules.some((rule) => ruleAllows(rule, attributes))) {
        continue;
      }

      const { namespace, name, roleKind, roleName } = binding;
      const by =
        namespace === '' ? `ClusterRoleBinding "${name}"` : `RoleBinding "${name}/${namespace}"`;

      return `RBAC: allowed by ${by} of ${roleKind} "${roleName}" to ${formatSubject(subject)}`;
    }

    return '';
  }

  allows(user: UserInfo, attributes: Attributes): boolean {
    if (user.groups.includes(SUPERUSERS)) {
      return true;
    }

    for (const rule of this.rulesOf(user, attributes.namespace)) {
      if (ruleAllows(rule, attributes)) {
        return true;
      }
    }

    return false;
  }

  /** The rules of the role that a binding names; undefined where there is no such role. */
  rulesOfRole(kind: string, namespace: string, name: string): readonly PolicyRule[] | undefined {
    const key = roleKey(kind, namespace, name);
    return this.#rules.get(key);
  }

  /**
   * The first of the `wanted` rules that the user does not hold, split so that each names one verb
   * and resource. Throws a StatusError 403 where that takes too long.
   */
  notHeld(user: UserInfo, namespace: string, wanted: readonly PolicyRule[]): PolicyRule[] {
    if (user.groups.includes(SUPERUSERS)) {
      return [];
    }

    const held = [...this.rulesOf(user, namespace)];
    const missing: PolicyRule[] = [];
    let questions = 0;

    for (const one of wanted) {
      for (const { rule, attributes } of splitRule(one)) {
        questions += 1 + held.length;
        if (questions > MAX_QUESTIONS) {
          const message =
            'the rules name too many combinations of verbs and resources to be checked: grant fewer at once';
          throw new StatusError(403, 'Forbidden', message);
        }

        if (held.some((own) => ruleAllows(own, attributes))) {
          continue;
        }

        missing.push(rule);

        if (missing.length >= MAX_MISSING) {
          return missing;
        }
      }
    }

    return missing;
  }
}

/** Yields them one after the other: a short rule may expand to very many. */
function* splitRule(
  rule: PolicyRule,
): Generator<{ rule: PolicyRule; attributes: RuleAttributes }, void> {
  for (const verb of rule.verbs ?? []) {
    for (const path of rule.nonResourceURLs ?? []) {
      const attributes = {
        verb,
        isResource: false,
        group: '',
        resource: '',
        subresource: '',
        name: '',
        path,
      };

      yield { rule: { nonResourceURLs: [path], verbs: [verb] }, attributes };
    }

    for (const group of rule.apiGroups ?? []) {
      for (const full of rule.resources ?? []) {
        const [resource = '', subresource = ''] = full.split('/');
        const names = rule.resourceNames?.length ? rule.resourceNames : [''];
        for (const name of names) {
          const attributes = {
            verb,
            isResource: true,
            group,
            resource,
            subresource,
            name,
            path: '',
          };

          const one = {
            apiGroups: [group],
            resources: [full],
            ...(name && { resourceNames: [name] }),
            verbs: [verb],
          };

          yield { rule: one, attributes };
        }
      }
    }
  }
}
