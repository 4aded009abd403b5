import { USER_UID_ANNOTATION } from '@ks-apiserver/api/annotations';
import { IAM_GROUP, RBAC_GROUP } from '@ks-apiserver/api/groups';
import {
  GROUP_PARENT_LABEL,
  GROUP_REF_LABEL,
  USER_REF_LABEL,
  WORKSPACE_LABEL,
} from '@ks-apiserver/api/labels';
import {
  GROUP_BINDINGS,
  GROUPS,
  ROLE_BINDINGS,
  WORKSPACE_ROLE_BINDINGS,
} from '@ks-apiserver/api/resources';
import { subjectsOf } from '@ks-apiserver/api/subject';
import { badRequest, notFound, StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { GroupVersionResource, KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { patchObject } from '@ks-apiserver/apimachinery/patch/merge-patch';
import { wholeObject } from '@ks-apiserver/client/informer/entry';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { KubeReader, WriteOptions } from '@ks-apiserver/client/kube/client';
import type { CallerWriter } from '../../authorization/caller-writer.ts';
import type { Catalog } from '../../resources/catalog/catalog.ts';
import { missing, requireName } from '../errors.ts';
import { missingRole, type Scope, type Scopes } from './scopes.ts';

/** A user to add to a group, with the field names of 3.1's clients. */
export interface GroupMember {
  userName: string;
  groupName: string;
}

export interface GroupsDependencies {
  client: KubeReader;
  catalog: Catalog;
  scopes: Scopes;
  users: Informer;
}

/**
 * Groups of workspaces, their members and their roles, with the objects, names and labels of
 * KubeSphere 3.1 to 3.4.
 */
export class Groups {
  readonly #dependencies: GroupsDependencies;

  constructor(dependencies: GroupsDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * Returns a stored object: from the copy, or from the Kubernetes API if the copy does not have it
   * yet.
   */
  async #find(
    resource: GroupVersionResource,
    name: string,
    namespace?: string,
  ): Promise<KubeObject | undefined> {
    const copy = this.#dependencies.catalog
      .informerOf(resource.resource)
      .store.get(name, namespace);
    return copy ? wholeObject(copy) : this.#dependencies.client.find({ resource, name, namespace });
  }

  async #requireOwn(
    resource: GroupVersionResource,
    workspace: string,
    name: string,
  ): Promise<KubeObject> {
    const found = await this.#find(resource, name);
    if (found?.metadata?.labels?.[WORKSPACE_LABEL] !== workspace) {
      throw missing(resource.resource.slice(0, -1), IAM_GROUP, name);
    }

    return found;
  }

  async #toStore(workspace: string, given: KubeObject): Promise<KubeObject> {
    const labels: Record<string, string> = {
      ...given.metadata.labels,
      [WORKSPACE_LABEL]: workspace,
    };

    const parent = labels[GROUP_PARENT_LABEL];
    if (parent) {
      if (parent === given.metadata.name) {
        throw badRequest(`the group ${parent} cannot be its own ancestor`);
      }
      await this.#requireOwn(GROUPS, workspace, parent);
    }

    return {
      ...given,
      apiVersion: `${IAM_GROUP}/v1alpha2`,
      kind: 'Group',
      metadata: { ...given.metadata, labels },
    };
  }

  /** Returns a group of a workspace. Throws NotFound. */
  get(workspace: string, name: string): Promise<KubeObject> {
    return this.#requireOwn(GROUPS, workspace, name);
  }

  /**
   * Creates a group; `metadata.generateName` is its display name, unique in the workspace. Throws
   * BadRequest, Conflict.
   */
  async create(
    workspace: string,
    given: KubeObject,
    caller: CallerWriter,
    options: WriteOptions,
  ): Promise<KubeObject> {
    const { generateName } = given.metadata;
    if (!generateName) {
      throw badRequest('metadata.generateName is required: it is the displayed name');
    }

    const taken = (group: {
      labels: Readonly<Record<string, string>>;
      object: KubeObject | undefined;
    }) =>
      group.labels[WORKSPACE_LABEL] === workspace &&
      group.object?.metadata.generateName === generateName;

    if ([...this.#dependencies.catalog.informerOf('groups').store.values()].some(taken)) {
      throw new StatusError(
        409,
        'Conflict',
        `a group named ${generateName} already exists in the workspace`,
      );
    }

    const { name: _name, ...metadata } = given.metadata;

    return caller.create(GROUPS, await this.#toStore(workspace, { ...given, metadata }), options);
  }

  /** Replaces a group. Throws NotFound, Conflict. */
  async update(
    workspace: string,
    name: string,
    given: KubeObject,
    caller: CallerWriter,
    options: WriteOptions,
  ): Promise<KubeObject> {
    requireName(given, name);
    await this.#requireOwn(GROUPS, workspace, name);
    return caller.update(GROUPS, await this.#toStore(workspace, given), options);
  }

  /** Applies a merge patch (RFC 7386). Throws NotFound, BadRequest, Conflict. */
  async patch(
    workspace: string,
    name: string,
    patch: unknown,
    caller: CallerWriter,
    options: WriteOptions,
  ): Promise<KubeObject> {
    const stored = await this.#requireOwn(GROUPS, workspace, name);
    const patched = patchObject(stored, patch);
    requireName(patched, name);

    return caller.update(GROUPS, await this.#toStore(workspace, patched), options);
  }

  /** Deletes a group; a controller removes its memberships and roles. Throws NotFound. */
  async delete(
    workspace: string,
    name: string,
    caller: CallerWriter,
    options: WriteOptions,
  ): Promise<void> {
    await this.#requireOwn(GROUPS, workspace, name);
    await caller.delete({ resource: GROUPS, name }, options);
  }

  /**
   * Makes the GroupBinding that puts a user into a group. Throws NotFound for a group or a user
   * that does not exist, Forbidden if the group has rights that the caller does not have.
   */
  async #makeMembership(
    workspace: string,
    { userName, groupName }: GroupMember,
    caller: CallerWriter,
  ): Promise<KubeObject> {
    const group = await this.#requireOwn(GROUPS, workspace, groupName);
    if (group.metadata.deletionTimestamp) {
      throw missing('group', IAM_GROUP, groupName);
    }

    const user = this.#dependencies.users.store.get(userName)?.object;

    // The group's roles would otherwise go to whoever gets the name later.
    if (!user || user.metadata.deletionTimestamp) {
      throw missing('user', IAM_GROUP, userName);
    }

    const binding: KubeObject = {
      apiVersion: `${IAM_GROUP}/v1alpha2`,
      kind: 'GroupBinding',
      metadata: {
        generateName: `${groupName}-${userName}-`,
        labels: {
          [USER_REF_LABEL]: userName,
          [GROUP_REF_LABEL]: groupName,
          [WORKSPACE_LABEL]: workspace,
        },
        annotations: { [USER_UID_ANNOTATION]: user.metadata.uid ?? '' },
      },
      groupRef: { apiGroup: IAM_GROUP, kind: 'groups', name: groupName },
      users: [userName],
    };

    await caller.checkCreate(GROUP_BINDINGS, binding);

    return binding;
  }

  /** Adds users to groups; all are checked before anything is written. */
  async addMembers(
    workspace: string,
    members: readonly GroupMember[],
    caller: CallerWriter,
    options: WriteOptions,
  ): Promise<KubeObject[]> {
    const bindings = await Promise.all(
      members.map((member) => this.#makeMembership(workspace, member, caller)),
    );
    const made: KubeObject[] = [];

    for (const binding of bindings) {
      made.push(await caller.create(GROUP_BINDINGS, binding, options));
    }

    return made;
  }

  /** Deletes a GroupBinding by name. Throws NotFound. */
  async removeMembers(
    workspace: string,
    name: string,
    caller: CallerWriter,
    options: WriteOptions,
  ): Promise<KubeObject> {
    const binding = await this.#requireOwn(GROUP_BINDINGS, workspace, name);
    await caller.delete({ resource: GROUP_BINDINGS, name }, options);
    return binding;
  }

  /**
   * Makes a binding as 3.1 does: its name and its label come from the first subject. Throws
   * BadRequest, NotFound, Forbidden.
   */
  async #makeBinding(scope: Scope, given: KubeObject, caller: CallerWriter): Promise<KubeObject> {
    const subjects = subjectsOf(given);
    const { kind = '', name = '' } = given.roleRef ?? {};
    const [first] = subjects;
    if (!first) {
      throw badRequest('subjects: name at least one');
    }

    const usesClusterRole = scope.level === 'namespace' && kind === 'ClusterRole';
    const holder = usesClusterRole ? this.#dependencies.scopes.cluster() : scope;
    if (!this.#dependencies.scopes.role(holder, name)) {
      throw missingRole(holder, name);
    }

    const binding: KubeObject = {
      apiVersion: scope.apiVersion,
      kind: scope.bindingKind,
      metadata: {
        ...(given.metadata?.annotations && { annotations: given.metadata.annotations }),
        ...scope.metadata,
        generateName: `${first.name}-${name}-`,
        labels: {
          ...given.metadata?.labels,
          ...(first.kind === 'Group' && { [GROUP_REF_LABEL]: first.name }),
          ...(first.kind === 'User' && { [USER_REF_LABEL]: first.name }),
          ...scope.metadata.labels,
        },
      },
      subjects: subjects.map((subject) => ({
        ...subject,
        apiGroup: subject.kind === 'ServiceAccount' ? '' : RBAC_GROUP,
      })),
      roleRef: {
        apiGroup: usesClusterRole ? RBAC_GROUP : scope.roleGroup,
        kind: usesClusterRole ? kind : scope.roleKind,
        name,
      },
    };

    await caller.checkCreate(scope.bindings, binding);

    return binding;
  }

  /** Binds groups or users to roles of a scope; all are checked before anything is written. */
  async bind(
    scope: Scope,
    given: readonly KubeObject[],
    caller: CallerWriter,
    options: WriteOptions,
  ): Promise<KubeObject[]> {
    const bindings = await Promise.all(
      given.map((binding) => this.#makeBinding(scope, binding, caller)),
    );
    const made: KubeObject[] = [];

    for (const binding of bindings) {
      made.push(await caller.create(scope.bindings, binding, options));
    }

    return made;
  }

  /** Deletes a binding of a scope by name. Throws NotFound. */
  async unbind(
    scope: Scope,
    name: string,
    caller: CallerWriter,
    options: WriteOptions,
  ): Promise<KubeObject> {
    const { namespace } = scope.metadata;

    const stored =
      scope.level === 'workspace'
        ? await this.#requireOwn(WORKSPACE_ROLE_BINDINGS, scope.key, name)
        : await this.#find(ROLE_BINDINGS, name, namespace);

    if (!stored) {
      throw notFound({ group: scope.roleGroup, resource: scope.bindings.resource, name });
    }

    await caller.delete({ resource: scope.bindings, name, namespace }, options);

    return stored;
  }
}
