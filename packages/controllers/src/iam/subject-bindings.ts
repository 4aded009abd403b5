import {
  CLUSTER_ROLE_BINDINGS,
  GLOBAL_ROLE_BINDINGS,
  GROUP_BINDINGS,
  ROLE_BINDINGS,
  WORKSPACE_ROLE_BINDINGS,
} from '@ks-apiserver/api/resources';
import type {
  GroupVersionResource,
  KubeObject,
  PersistedObject,
} from '@ks-apiserver/apimachinery/meta/types';
import { labelValueErrors } from '@ks-apiserver/apimachinery/validation/names';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import { ensureDeleted } from '../runtime/ensure.ts';

/** Informers of everything that gives roles to subjects, or groups to users. */
export interface BindingInformers {
  globalRoleBindings: Informer;
  workspaceRoleBindings: Informer;
  clusterRoleBindings: Informer;
  roleBindings: Informer;
  groupBindings: Informer;
}

/**
 * Returns an object without the subject; undefined when no subject is left, the object itself when
 * it did not name the subject.
 */
type Without = (object: KubeObject) => KubeObject | undefined;

function withoutSubject(kind: 'User' | 'Group', name: string): Without {
  return (binding) => {
    const subjects = (binding.subjects ?? []) as { kind?: string; name?: string }[];
    const rest = subjects.filter((subject) => !(subject.kind === kind && subject.name === name));
    if (rest.length === subjects.length) {
      return binding;
    }

    return rest.length === 0 ? undefined : { ...binding, subjects: rest };
  };
}

function withoutMember(name: string): Without {
  return (binding) => {
    const users = (binding.users ?? []) as string[];
    const rest = users.filter((user) => user !== name);
    if (rest.length === users.length) {
      return binding;
    }

    return rest.length === 0 ? undefined : { ...binding, users: rest };
  };
}

/**
 * Removes deleted users and groups from all bindings: a binding without other subjects is deleted,
 * others lose the subject.
 */
export class SubjectBindings {
  readonly #client: KubeClient;
  readonly #informers: BindingInformers;

  constructor(client: KubeClient, informers: BindingInformers) {
    this.#client = client;
    this.#informers = informers;
  }

  /**
   * Removes a user from everything that names them, and from their groups; `label` is the label
   * that names the user.
   */
  async removeUser(name: string, label: string): Promise<void> {
    await this.#removeSubject('User', name, label);

    await this.#strip(
      GROUP_BINDINGS,
      this.#informers.groupBindings,
      label,
      name,
      withoutMember(name),
    );
  }

  /** Removes a user from one binding. */
  async removeUserFrom(
    resource: GroupVersionResource,
    binding: PersistedObject,
    name: string,
  ): Promise<void> {
    const without =
      resource.resource === GROUP_BINDINGS.resource
        ? withoutMember(name)
        : withoutSubject('User', name);

    await this.#take(resource, binding, without);
  }

  /** Removes a group's roles and its memberships. */
  async removeGroup(name: string, label: string): Promise<void> {
    await this.#removeSubject('Group', name, label);
    const ofGroup: Without = (binding) => (binding.groupRef?.name === name ? undefined : binding);
    await this.#strip(GROUP_BINDINGS, this.#informers.groupBindings, label, name, ofGroup);
  }

  async #removeSubject(kind: 'User' | 'Group', name: string, label: string): Promise<void> {
    const { globalRoleBindings, workspaceRoleBindings, clusterRoleBindings, roleBindings } =
      this.#informers;
    for (const [resource, informer] of [
      [GLOBAL_ROLE_BINDINGS, globalRoleBindings],
      [WORKSPACE_ROLE_BINDINGS, workspaceRoleBindings],
      [CLUSTER_ROLE_BINDINGS, clusterRoleBindings],
      [ROLE_BINDINGS, roleBindings],
    ] as const) {
      await this.#strip(resource, informer, label, name, withoutSubject(kind, name));
    }
  }

  /**
   * Looks through the informer, for bindings of any origin, and asks the API by label, for those
   * that the informer does not have yet.
   */
  async #strip(
    resource: GroupVersionResource,
    informer: Informer,
    label: string,
    name: string,
    without: Without,
  ): Promise<void> {
    const found = new Map<string, PersistedObject>();

    const add = (object: PersistedObject | undefined) => {
      if (object && without(object) !== object) {
        found.set(`${object.metadata.namespace ?? ''}/${object.metadata.name}`, object);
      }
    };

    for (const { object } of informer.store.values()) {
      add(object);
    }

    if (labelValueErrors(name).length === 0) {
      const { items } = await this.#client.list(resource, { labelSelector: `${label}=${name}` });
      for (const object of items) {
        add(object);
      }
    }

    for (const object of found.values()) {
      await this.#take(resource, object, without);
    }
  }

  async #take(
    resource: GroupVersionResource,
    object: PersistedObject,
    without: Without,
  ): Promise<void> {
    const { name = '', namespace } = object.metadata;
    const rest = without(object);
    if (rest === object) {
      return;
    }

    if (rest) {
      await this.#client.update(resource, rest);
    } else {
      await ensureDeleted(this.#client, { resource, name, namespace });
    }
  }
}
