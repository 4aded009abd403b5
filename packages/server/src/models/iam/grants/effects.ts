import { WORKSPACE_LABEL } from '@ks-apiserver/api/labels';
import { type Subject, subjectsOf } from '@ks-apiserver/api/subject';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { PolicyRule } from '@ks-apiserver/apimachinery/rbac/rules';
import type { Entry } from '@ks-apiserver/client/informer/entry';
import type { Authorizer } from '../../authorization/authorizer.ts';
import type { Bindings } from '../../authorization/bindings/bindings.ts';
import type { HeldRole } from '../../authorization/bindings/held-roles.ts';
import { isCovered, rulesOf } from '../../authorization/rights.ts';
import type { GroupRoles } from '../roles/group-roles.ts';
import type { Scope, Scopes } from '../roles/scopes.ts';

/** Most subjects, and most rules of each, that an answer names. */
const LIMITS = { subjects: 50, rules: 20 };
const AUTHENTICATED = ['system:authenticated'];

/**
 * What a write gives to somebody or takes away: rights that he has not, or keeps not, by other
 * roles.
 */
export interface Effect {
  subject: { kind: string; name: string; namespace?: string };
  /** `platform`, `cluster`, `workspace <name>` or `namespace <name>`. */
  scope: string;
  rules: PolicyRule[];
}

/** The outcome of a write to roles or bindings, as a dry run answers it. */
export interface EffectList {
  gains: Effect[];
  loses: Effect[];
  /** There is more than is named here. */
  truncated?: true;
}

function scopeName({ level, key }: Scope): string {
  if (level === 'global') {
    return 'platform';
  }
  return level === 'cluster' ? 'cluster' : `${level} ${key}`;
}

/** Says who gains and who loses what by a write. It changes nothing, and is bounded. */
export class Effects {
  readonly #authorizer: Authorizer;
  readonly #bindings: Bindings;
  readonly #scopes: Scopes;
  readonly #groupRoles: GroupRoles;

  constructor(authorizer: Authorizer, bindings: Bindings, scopes: Scopes, groupRoles: GroupRoles) {
    this.#authorizer = authorizer;
    this.#bindings = bindings;
    this.#scopes = scopes;
    this.#groupRoles = groupRoles;
  }

  /**
   * Files what a subject gains and loses in a scope; `counts` leaves out the roles that the write
   * is about.
   */
  #file(
    list: EffectList,
    subject: Subject,
    scope: Scope,
    before: readonly PolicyRule[],
    after: readonly PolicyRule[],
    counts: (held: HeldRole) => boolean,
  ): void {
    const others =
      subject.kind === 'User'
        ? this.#authorizer.rulesIn(
            { name: subject.name, groups: AUTHENTICATED },
            scope.level,
            scope.key,
            counts,
          )
        : [];

    const add = (to: Effect[], rules: readonly PolicyRule[], kept: readonly PolicyRule[]) => {
      const held = [...kept, ...others];
      const left = rules.filter((rule) => !isCovered(rule, held));
      if (left.length === 0) {
        return;
      }
      if (to.length >= LIMITS.subjects || left.length > LIMITS.rules) {
        list.truncated = true;
      }
      if (to.length >= LIMITS.subjects) {
        return;
      }

      const { kind, name, namespace } = subject;
      to.push({
        subject: { kind, name, ...(namespace && { namespace }) },
        scope: scopeName(scope),
        rules: left.slice(0, LIMITS.rules),
      });
    };

    add(list.gains, after, before);
    add(list.loses, before, after);
  }

  /** A binding that is made (nothing stored), changed, or deleted (nothing proposed). */
  ofBinding(
    scope: Scope,
    stored: KubeObject | undefined,
    proposed: KubeObject | undefined,
  ): EffectList {
    const list: EffectList = { gains: [], loses: [] };

    const [before, after] = [
      rulesOf(this.#scopes.roleOfBinding(scope, stored)),
      rulesOf(this.#scopes.roleOfBinding(scope, proposed)),
    ];

    const keyOf = ({ kind, name, namespace }: Subject) => `${kind}:${namespace ?? ''}:${name}`;
    const was = new Set(subjectsOf(stored).map(keyOf));
    const willBe = new Set(subjectsOf(proposed).map(keyOf));
    const all = new Map(
      [...subjectsOf(stored), ...subjectsOf(proposed)].map((subject) => [keyOf(subject), subject]),
    );

    const same = ({ level, binding }: HeldRole) =>
      stored !== undefined &&
      level === scope.level &&
      binding.name === stored.metadata.name &&
      binding.namespace === (stored.metadata.namespace ?? '');

    for (const [key, subject] of all) {
      this.#file(
        list,
        subject,
        scope,
        was.has(key) ? before : [],
        willBe.has(key) ? after : [],
        (held) => !same(held),
      );
    }

    return list;
  }

  /** Bindings to a role of a scope, each with the scope in which it gives it. */
  #bindingsTo(scope: Scope, name: string): { entry: Entry; scope: Scope }[] {
    const names = (entry: Entry) => {
      const ref = entry.object?.roleRef as { kind?: string; name?: string } | undefined;
      return ref?.name === name && ref.kind === scope.roleKind;
    };

    const found = scope.index.entriesIn(scope.key).filter(names);

    const inNamespaces =
      scope.level === 'cluster'
        ? this.#bindings.namespace.scopes().flatMap((namespace) => {
            const place = this.#scopes.namespace(namespace);
            return place.index
              .entriesIn(namespace)
              .filter(names)
              .map((entry) => ({ entry, scope: place }));
          })
        : [];

    return [...found.map((entry) => ({ entry, scope })), ...inNamespaces];
  }

  /** A role that is made, changed, or deleted: what all who have it gain and lose. */
  ofRole(
    scope: Scope,
    name: string,
    stored: KubeObject | undefined,
    proposed: KubeObject | undefined,
  ): EffectList {
    const list: EffectList = { gains: [], loses: [] };

    for (const { entry, scope: place } of this.#bindingsTo(scope, name)) {
      const counts = ({ level, binding }: HeldRole) =>
        !(
          level === place.level &&
          binding.roleRef.kind === scope.roleKind &&
          binding.roleRef.name === name
        );

      for (const subject of subjectsOf(entry.object)) {
        this.#file(list, subject, place, rulesOf(stored), rulesOf(proposed), counts);
      }
    }

    return list;
  }

  /** A user who gets one role in a scope instead of those that he has there himself, or none. */
  ofMember(scope: Scope, username: string, roleRef: string | undefined): EffectList {
    const list: EffectList = { gains: [], loses: [] };
    const before = scope.index
      .entriesOf(username, scope.key)
      .flatMap(({ object }) => rulesOf(this.#scopes.roleOfBinding(scope, object)));
    const after = roleRef === undefined ? [] : rulesOf(this.#scopes.role(scope, roleRef)?.object);
    const counts = ({ level, binding }: HeldRole) =>
      !(level === scope.level && binding.subject === `User:${username}`);

    this.#file(list, { kind: 'User', name: username }, scope, before, after, counts);

    return list;
  }

  /** A GroupBinding that is made, changed, or deleted. */
  ofMembership(stored: KubeObject | undefined, proposed: KubeObject | undefined): EffectList {
    const list: EffectList = { gains: [], loses: [] };

    for (const [binding, gives] of [
      [stored, false],
      [proposed, true],
    ] as const) {
      const workspace = binding?.metadata.labels?.[WORKSPACE_LABEL] ?? '';
      const users = Array.isArray(binding?.users) ? (binding.users as string[]) : [];
      for (const user of users) {
        this.#fileGroup(list, workspace, String(binding?.groupRef?.name), user, gives);
      }
    }

    return list;
  }

  #fileGroup(
    list: EffectList,
    workspace: string,
    group: string,
    user: string,
    gives: boolean,
  ): void {
    for (const { scope, role } of this.#groupRoles.of(workspace, group)) {
      const rules = rulesOf(role);
      const counts = ({ binding }: HeldRole) => binding.subject !== `Group:${group}`;
      this.#file(
        list,
        { kind: 'User', name: user },
        scope,
        gives ? [] : rules,
        gives ? rules : [],
        counts,
      );
    }
  }

  /** A group that is deleted: what its members lose. */
  ofGroupDeletion(workspace: string, group: string): EffectList {
    const list: EffectList = { gains: [], loses: [] };

    for (const user of this.#bindings.groups.membersOf(workspace, group)) {
      this.#fileGroup(list, workspace, group, user, false);
    }

    return list;
  }

  /** A user who is deleted: everything that he has himself. */
  ofUserDeletion(name: string): EffectList {
    return merged(this.#scopes.ofUser(name).map((scope) => this.ofMember(scope, name, undefined)));
  }
}

/** Several lists as one, within the limits of one. */
export function merged(lists: readonly EffectList[]): EffectList {
  const [gains, loses] = [lists.flatMap((list) => list.gains), lists.flatMap((list) => list.loses)];
  const over = gains.length > LIMITS.subjects || loses.length > LIMITS.subjects;

  return {
    gains: gains.slice(0, LIMITS.subjects),
    loses: loses.slice(0, LIMITS.subjects),
    ...((over || lists.some(({ truncated }) => truncated)) && { truncated: true }),
  };
}
