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

/** Rights that a subject gains or loses by a write, that is, does not have by other roles too. */
export interface Effect {
  subject: { kind: string; name: string; namespace?: string };
  /** `platform`, `cluster`, `workspace <name>` or `namespace <name>`. */
  scope: string;
  rules: PolicyRule[];
}

/** The effects of a write to roles or bindings, as a dry run returns them. */
export interface EffectList {
  gains: Effect[];
  loses: Effect[];
  /** Set if there are more than are named here. */
  truncated?: true;
}

function scopeName({ level, key }: Scope): string {
  if (level === 'global') {
    return 'platform';
  }
  return level === 'cluster' ? 'cluster' : `${level} ${key}`;
}

/** The rights that a write changes for one subject. */
interface Change {
  subject: Subject;
  scope: Scope;
  before: readonly PolicyRule[];
  after: readonly PolicyRule[];
  /** Whether a role that the subject has is none of those that the write is about. */
  isOther: (held: HeldRole) => boolean;
}

/** Computes who gains and who loses which rights by a write, without changing anything. */
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

  /** Adds what a subject gains and loses in a scope. */
  #addChange(list: EffectList, { subject, scope, before, after, isOther }: Change): void {
    const others =
      subject.kind === 'User'
        ? this.#authorizer.rulesIn(
            { name: subject.name, groups: AUTHENTICATED },
            scope.level,
            scope.key,
            isOther,
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

  /**
   * Returns the effects of creating (nothing stored), changing, or deleting (nothing proposed) a
   * binding.
   */
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
      this.#addChange(list, {
        subject,
        scope,
        before: was.has(key) ? before : [],
        after: willBe.has(key) ? after : [],
        isOther: (held) => !same(held),
      });
    }

    return list;
  }

  /** Returns the bindings to a role of a scope, each with the scope in which it gives the role. */
  #bindingsTo(scope: Scope, name: string): { entry: Entry; scope: Scope }[] {
    const names = (entry: Entry) => {
      const ref: { kind?: string; name?: string } | undefined = entry.object?.roleRef;
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

  /** Returns the effects of creating, changing or deleting a role on all who have it. */
  ofRole(
    scope: Scope,
    name: string,
    stored: KubeObject | undefined,
    proposed: KubeObject | undefined,
  ): EffectList {
    const list: EffectList = { gains: [], loses: [] };

    for (const { entry, scope: place } of this.#bindingsTo(scope, name)) {
      const isOther = ({ level, binding }: HeldRole) =>
        !(
          level === place.level &&
          binding.roleRef.kind === scope.roleKind &&
          binding.roleRef.name === name
        );

      for (const subject of subjectsOf(entry.object)) {
        const [before, after] = [rulesOf(stored), rulesOf(proposed)];
        this.#addChange(list, { subject, scope: place, before, after, isOther });
      }
    }

    return list;
  }

  /**
   * Returns the effects of replacing all roles that a user has directly in a scope by one role, or
   * none.
   */
  ofMember(scope: Scope, username: string, roleRef: string | undefined): EffectList {
    const list: EffectList = { gains: [], loses: [] };
    const before = scope.index
      .entriesOf(username, scope.key)
      .flatMap(({ object }) => rulesOf(this.#scopes.roleOfBinding(scope, object)));
    const after = roleRef === undefined ? [] : rulesOf(this.#scopes.role(scope, roleRef)?.object);
    const isOther = ({ level, binding }: HeldRole) =>
      !(level === scope.level && binding.subject === `User:${username}`);

    this.#addChange(list, {
      subject: { kind: 'User', name: username },
      scope,
      before,
      after,
      isOther,
    });

    return list;
  }

  /** Returns the effects of creating, changing or deleting a GroupBinding. */
  ofMembership(stored: KubeObject | undefined, proposed: KubeObject | undefined): EffectList {
    const list: EffectList = { gains: [], loses: [] };

    for (const [binding, change] of [
      [stored, 'loses'],
      [proposed, 'gains'],
    ] as const) {
      const workspace = binding?.metadata.labels?.[WORKSPACE_LABEL] ?? '';
      const users: string[] = Array.isArray(binding?.users) ? binding.users : [];
      for (const user of users) {
        this.#addGroup(list, { workspace, group: String(binding?.groupRef?.name), user }, change);
      }
    }

    return list;
  }

  #addGroup(
    list: EffectList,
    { workspace, group, user }: { workspace: string; group: string; user: string },
    change: 'gains' | 'loses',
  ): void {
    for (const { scope, role } of this.#groupRoles.of(workspace, group)) {
      const rules = rulesOf(role);
      this.#addChange(list, {
        subject: { kind: 'User', name: user },
        scope,
        before: change === 'gains' ? [] : rules,
        after: change === 'gains' ? rules : [],
        isOther: ({ binding }) => binding.subject !== `Group:${group}`,
      });
    }
  }

  /** Returns the effects of deleting a group on its members. */
  ofGroupDeletion(workspace: string, group: string): EffectList {
    const list: EffectList = { gains: [], loses: [] };

    for (const user of this.#bindings.groups.membersOf(workspace, group)) {
      this.#addGroup(list, { workspace, group, user }, 'loses');
    }

    return list;
  }

  /** Returns the effects of deleting a user: the loss of all direct rights. */
  ofUserDeletion(name: string): EffectList {
    return mergeEffects(
      this.#scopes.ofUser(name).map((scope) => this.ofMember(scope, name, undefined)),
    );
  }
}

/** Merges several lists, within the limits of one. */
export function mergeEffects(lists: readonly EffectList[]): EffectList {
  const [gains, loses] = [lists.flatMap((list) => list.gains), lists.flatMap((list) => list.loses)];
  const over = gains.length > LIMITS.subjects || loses.length > LIMITS.subjects;

  return {
    gains: gains.slice(0, LIMITS.subjects),
    loses: loses.slice(0, LIMITS.subjects),
    ...((over || lists.some(({ truncated }) => truncated)) && { truncated: true }),
  };
}
