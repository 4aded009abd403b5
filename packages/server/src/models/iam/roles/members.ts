import { USER_UID_ANNOTATION } from '@ks-apiserver/api/annotations';
import { USER_REF_LABEL } from '@ks-apiserver/api/labels';
import { type Subject, subjectsOf, userSubject } from '@ks-apiserver/api/subject';
import { conflict } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { labelValueErrors } from '@ks-apiserver/apimachinery/validation/names';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { KubeClient, WriteOptions } from '@ks-apiserver/client/kube/client';
import type { CallerWriter } from '../../authorization/caller-writer.ts';
import { missingRole, type Scope, type Scopes } from './scopes.ts';

/** A user and their one role in a scope. */
export interface Member {
  username: string;
  roleRef: string;
}

/** Options of `Members.set`. */
export interface SetOptions {
  /** Checks everything but stores nothing. */
  dryRun?: boolean | undefined;
  /** Returns a user's uid; needed for users that the server's copy does not have yet. */
  uidOf?: (name: string) => string | undefined;
}

function names({ kind, name }: Subject, user: string): boolean {
  return kind === 'User' && name === user;
}

/** Members of the platform, the cluster, workspaces and namespaces; each has one role there. */
export class Members {
  readonly #client: KubeClient;
  readonly #scopes: Scopes;
  readonly #users: Informer;

  constructor(client: KubeClient, scopes: Scopes, users: Informer) {
    this.#client = client;
    this.#scopes = scopes;
    this.#users = users;
  }

  /**
   * Throws NotFound for a role that does not exist, and Forbidden for one that the caller may not
   * give to others.
   */
  async checkGrantable(scope: Scope, member: Member, caller: CallerWriter): Promise<void> {
    if (!this.#scopes.role(scope, member.roleRef)) {
      throw missingRole(scope, member.roleRef);
    }

    await caller.checkCreate(scope.bindings, bindingOf(scope, member, undefined));
  }

  /** Gives each member their role; all roles are checked before anything is written. */
  async set(
    scope: Scope,
    members: readonly Member[],
    caller: CallerWriter,
    { dryRun = false, uidOf = (name) => this.#users.store.get(name)?.uid }: SetOptions = {},
  ): Promise<void> {
    for (const member of members) {
      await this.checkGrantable(scope, member, caller);
      this.#checkNotDeleted(member.username);
    }

    // If one member is refused, none must be stored: several are tried first.
    const tries = members.length > 1 && !dryRun ? [true, false] : [dryRun];
    for (const isTry of tries) {
      for (const member of members) {
        await this.#bind(scope, member, { caller, dryRun: isTry, uid: uidOf(member.username) });
      }
    }
  }

  /** Throws Conflict for a user who is being deleted: a new binding could outlive them. */
  #checkNotDeleted(name: string): void {
    if (this.#users.store.get(name)?.object?.metadata.deletionTimestamp === undefined) {
      return;
    }

    throw conflict(
      { group: 'iam.kubesphere.io', resource: 'users', name },
      'the user is being deleted',
    );
  }

  /**
   * Removes the roles that KubeSphere gave to a former user of a name, so that the next one does
   * not get them. Bindings of another origin stay.
   */
  async removeLeftOver(user: string): Promise<void> {
    for (const scope of this.#scopes.ofUser(user)) {
      for (const binding of await this.#bindings(scope, user)) {
        if (binding.metadata.labels?.[USER_REF_LABEL] === user) {
          await this.#unbind(scope, binding, user);
        }
      }
    }
  }

  /** Removes all roles that a user has directly in a scope; does nothing without any. */
  async remove(scope: Scope, user: string, { dryRun = false }: WriteOptions = {}): Promise<void> {
    for (const binding of await this.#bindings(scope, user)) {
      await this.#unbind(scope, binding, user, { dryRun });
    }
  }

  /**
   * Returns the bindings in a scope that name the user, as they are now and not as a cache has
   * them: those with the label that this server and 3.0 set, and others that the cache knows. The
   * cost grows with the user's bindings, not with all.
   */
  async #bindings(scope: Scope, user: string): Promise<KubeObject[]> {
    const { bindings: resource, metadata, index, key } = scope;
    const found = new Map<string, KubeObject>();

    // A name that is not a label value cannot be in the label.
    if (labelValueErrors(user).length === 0) {
      const labels = Object.entries({ ...metadata.labels, [USER_REF_LABEL]: user });
      const labelSelector = labels.map(([label, value]) => `${label}=${value}`).join();

      const { items } = await this.#client.list(resource, {
        namespace: metadata.namespace,
        labelSelector,
      });

      for (const binding of items) {
        found.set(binding.metadata.name ?? '', binding);
      }
    }

    for (const { name } of index.entriesOf(user, key)) {
      if (found.has(name)) {
        continue;
      }

      const binding = await this.#client.find({ resource, name, namespace: metadata.namespace });
      if (binding) {
        found.set(name, binding);
      }
    }

    return [...found.values()].filter((binding) =>
      subjectsOf(binding).some((subject) => names(subject, user)),
    );
  }

  async #bind(
    scope: Scope,
    member: Member,
    { caller, dryRun, uid }: { caller: CallerWriter; dryRun: boolean; uid: string | undefined },
  ): Promise<void> {
    let bound = false;

    for (const binding of await this.#bindings(scope, member.username)) {
      if (binding.roleRef?.name === member.roleRef) {
        bound = true;
      } else {
        await this.#unbind(scope, binding, member.username, { dryRun });
      }
    }

    if (!bound) {
      await caller.create(scope.bindings, bindingOf(scope, member, uid), { dryRun });
    }
  }

  /** Removes a user from a binding; 3.0 deletes the binding even if it names others. */
  async #unbind(
    scope: Scope,
    binding: KubeObject,
    user: string,
    options: WriteOptions = {},
  ): Promise<void> {
    const { name = '', namespace } = binding.metadata;
    const rest = subjectsOf(binding).filter((subject) => !names(subject, user));
    if (rest.length > 0) {
      await this.#client.update(scope.bindings, { ...binding, subjects: rest }, options);
    } else {
      await this.#client.delete({ resource: scope.bindings, name, namespace }, options);
    }
  }
}

/** Makes the binding that gives a member their role. */
function bindingOf(
  scope: Scope,
  { username, roleRef }: Member,
  uid: string | undefined,
): KubeObject {
  return {
    apiVersion: scope.apiVersion,
    kind: scope.bindingKind,
    metadata: {
      ...scope.metadata,
      name: `${username}-${roleRef}`,
      labels: { ...scope.metadata.labels, [USER_REF_LABEL]: username },
      // 3.0 stores only the name; with the uid, a controller deletes the binding when this user is
      // gone.
      ...(uid !== undefined && { annotations: { [USER_UID_ANNOTATION]: uid } }),
    },
    subjects: [userSubject(username)],
    roleRef: { apiGroup: scope.roleGroup, kind: scope.roleKind, name: roleRef },
  };
}
