import { WORKSPACE_LABEL } from '@ks-apiserver/api/labels';
import type { Entry } from '@ks-apiserver/client/informer/entry';
import type { Informer } from '@ks-apiserver/client/informer/informer';

/** A group of a workspace. */
export interface WorkspaceGroup {
  workspace: string;
  name: string;
}

const NONE: readonly string[] = Object.freeze([]);

/** Returns the group that a GroupBinding refers to. */
function groupOf(binding: Entry): string {
  return String(binding.object?.groupRef?.name ?? '');
}

function usersOf(binding: Entry): readonly string[] {
  const users = binding.object?.users;
  return Array.isArray(users)
    ? [...new Set(users.filter((user): user is string => typeof user === 'string'))]
    : [];
}

/**
 * Members of the groups of workspaces, from GroupBindings. A membership counts only in the
 * workspace of the binding's label, and only while a Group of that name with the same label exists.
 * Names of other groups (of another workspace, of Kubernetes, of an identity provider) give
 * nothing.
 */
export class GroupIndex {
  readonly #groups: Informer;
  /** Bindings by user, then by workspace. */
  readonly #bindings = new Map<string, Map<string, Set<Entry>>>();

  constructor(groups: Informer, groupBindings: Informer) {
    this.#groups = groups;

    for (const entry of groupBindings.store.values()) {
      this.#add(entry);
    }

    groupBindings.store.onChange(({ type, entry, previous }) => {
      if (previous) {
        this.#remove(previous);
      }
      if (type !== 'DELETED') {
        this.#add(entry);
      }
    });
  }

  #add(entry: Entry): void {
    const workspace = entry.labels[WORKSPACE_LABEL];
    if (!workspace) {
      return;
    }

    for (const user of usersOf(entry)) {
      const byWorkspace = this.#bindings.get(user) ?? new Map<string, Set<Entry>>();
      this.#bindings.set(user, byWorkspace);
      byWorkspace.set(workspace, (byWorkspace.get(workspace) ?? new Set()).add(entry));
    }
  }

  #remove(entry: Entry): void {
    const workspace = entry.labels[WORKSPACE_LABEL];
    if (!workspace) {
      return;
    }

    for (const user of usersOf(entry)) {
      const byWorkspace = this.#bindings.get(user);
      const entries = byWorkspace?.get(workspace);
      if (!byWorkspace || !entries) {
        continue;
      }

      entries.delete(entry);

      if (entries.size === 0) {
        byWorkspace.delete(workspace);
      }
      if (byWorkspace.size === 0) {
        this.#bindings.delete(user);
      }
    }
  }

  /** Whether a workspace has a group of this name that is not being deleted. */
  has(workspace: string, group: string): boolean {
    const found = this.#groups.store.get(group);
    return (
      found?.labels[WORKSPACE_LABEL] === workspace &&
      found.object?.metadata.deletionTimestamp === undefined
    );
  }

  /** The groups of a workspace that a user is in. */
  groupsOf(user: string, workspace: string): readonly string[] {
    const bindings = this.#bindings.get(user)?.get(workspace);
    if (!bindings) {
      return NONE;
    }

    return [...new Set([...bindings].map(groupOf))].filter((group) => this.has(workspace, group));
  }

  /** Returns the users in a group of a workspace; reads all bindings. */
  membersOf(workspace: string, group: string): string[] {
    return [...this.#bindings.keys()].filter((user) =>
      this.groupsOf(user, workspace).includes(group),
    );
  }

  /** All groups that a user is in. */
  all(user: string): WorkspaceGroup[] {
    return [...(this.#bindings.get(user)?.keys() ?? [])].flatMap((workspace) =>
      this.groupsOf(user, workspace).map((name) => ({ workspace, name })),
    );
  }
}
