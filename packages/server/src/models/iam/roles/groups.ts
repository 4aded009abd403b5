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
import { applyMergePatch } from '@ks-apiserver/apimachinery/patch/merge-patch';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { KubeReader } from '@ks-apiserver/client/kube/client';
import type { CallerWriter } from '../../authorization/caller-writer.ts';
import type { Catalog } from '../../resources/catalog/catalog.ts';
import { missing, nameMismatch } from '../errors.ts';
import { missingRole, type Scope, type Scopes } from './scopes.ts';

/** A user who is to be in a group, in the words of 3.1's clients. */
export interface GroupMember {
  userName: string;
  groupName: string;
}

/** What the groups' model works with. */
export interface GroupsDependencies {
  client: KubeReader;
  catalog: Catalog;
  scopes: Scopes;
  users: Informer;
}

/**
 * Groups of workspaces, their members and their roles: the objects, names and labels of KubeSphere
 * 3.1 to 3.4.
 */
export class Groups {
  readonly #dependencies: GroupsDependencies;

  constructor(dependencies: GroupsDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * A stored object: the copy's, or the Kubernetes API's where it was made so recently that the
   * copy lacks it.
   */
  async #stored(
    resource: GroupVersionResource,
    name: string,
    namespace?: string,
  ): Promise<KubeObject | undefined> {
    const copy = this.#dependencies.catalog
      .informerOf(resource.resource)
      .store.get(name, namespace);
    return copy?.object ?? this.#dependencies.client.find({ resource, name, namespace });
  }

  async #own(resource: GroupVersionResource, workspace: string, name: string): Promise<KubeObject> {
    const found = await this.#stored(resource, name);
    if (found?.metadata?.labels?.[WORKSPACE_LABEL] !== workspace) {
      throw missing(resource.resource.slice(0, -1), IAM_GROUP, name);
    }

    return found;
  }

  async #shaped(workspace: string, given: KubeObject): Promise<KubeObject> {
    const labels: Record<string, string> = {
      ...given.metadata.labels,
      [WORKSPACE_LABEL]: workspace,
    };

    const parent = labels[GROUP_PARENT_LABEL];
    if (parent) {
      if (parent === given.metadata.name) {
        throw badRequest(`the group ${parent} cannot be above itself`);
      }
      await this.#own(GROUPS, workspace, parent);
    }

    return {
      ...given,
      apiVersion: `${IAM_GROUP}/v1alpha2`,
      kind: 'Group',
      metadata: { ...given.metadata, labels },
    };
  }

  /** A group of a workspace. Throws NotFound. */
  get(workspace: string, name: string): Promise<KubeObject> {
    return this.#own(GROUPS, workspace, name);
  }

  /**
   * Makes a group; `metadata.generateName` is what people call it and is unique in the workspace.
   * Throws BadRequest, Conflict.
   */
  async create(
    workspace: string,
    given: KubeObject,
    caller: CallerWriter,
    dryRun: boolean,
  ): Promise<KubeObject> {
    const { generateName } = given.metadata;
    if (!generateName) {
      throw badRequest('metadata.generateName is required: it is the name that people see');
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

    return caller.create(GROUPS, await this.#shaped(workspace, { ...given, metadata }), { dryRun });
  }

  /** Replaces a group. Throws NotFound, Conflict. */
  async update(
    workspace: string,
    name: string,
    given: KubeObject,
    caller: CallerWriter,
    dryRun: boolean,
  ): Promise<KubeObject> {
    if (given.metadata.name !== name) {
      throw nameMismatch(given.metadata.name ?? '', name);
    }

    await this.#own(GROUPS, workspace, name);
    return caller.update(GROUPS, await this.#shaped(workspace, given), { dryRun });
  }

  /** Changes what a merge patch names (RFC 7386). Throws NotFound, BadRequest, Conflict. */
  async patch(
    workspace: string,
    name: string,
    patch: unknown,
    caller: CallerWriter,
    dryRun: boolean,
  ): Promise<KubeObject> {
    const stored = await this.#own(GROUPS, workspace, name);
    const merged = applyMergePatch(stored as never, patch as never) as unknown as KubeObject;
    if (merged.metadata?.name !== name) {
      throw nameMismatch(merged.metadata?.name ?? '', name);
    }

    return caller.update(GROUPS, await this.#shaped(workspace, merged), { dryRun });
  }

  /** Deletes a group; its controller takes its members and its roles with it. Throws NotFound. */
  async delete(
    workspace: string,
    name: string,
    caller: CallerWriter,
    dryRun: boolean,
  ): Promise<void> {
    await this.#own(GROUPS, workspace, name);
    await caller.delete({ resource: GROUPS, name }, { dryRun });
  }

  /**
   * The object by which a user gets into a group. Throws NotFound for a group or a user that does
   * not exist, Forbidden where the group has more than the caller.
   */
  async #membership(
    workspace: string,
    { userName, groupName }: GroupMember,
    caller: CallerWriter,
  ): Promise<KubeObject> {
    const group = await this.#own(GROUPS, workspace, groupName);
    if (group.metadata.deletionTimestamp) {
      throw missing('group', IAM_GROUP, groupName);
    }

    const user = this.#dependencies.users.store.get(userName)?.object;

    // A name that nobody has yet would give the group's roles to whoever gets it.
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
        annotations: { [USER_UID_ANNOTATION]: user.metadata.uid! },
      },
      groupRef: { apiGroup: IAM_GROUP, kind: 'groups', name: groupName },
      users: [userName],
    };

    await caller.checkCreate(GROUP_BINDINGS, binding);

    return binding;
  }

  /** Makes users members of groups; all are looked at before anything is written. */
  async addMembers(
    workspace: string,
    members: readonly GroupMember[],
    caller: CallerWriter,
    dryRun: boolean,
  ): Promise<KubeObject[]> {
    const bindings = await Promise.all(
      members.map((member) => this.#membership(workspace, member, caller)),
    );
    const made: KubeObject[] = [];

    for (const binding of bindings) {
      made.push(await caller.create(GROUP_BINDINGS, binding, { dryRun }));
    }

    return made;
  }

  /** Takes a membership away, by the name of its object. Throws NotFound. */
  async removeMembers(
    workspace: string,
    name: string,
    caller: CallerWriter,
    dryRun: boolean,
  ): Promise<KubeObject> {
    const binding = await this.#own(GROUP_BINDINGS, workspace, name);
    await caller.delete({ resource: GROUP_BINDINGS, name }, { dryRun });
    return binding;
  }

  /**
   * A binding as 3.1 makes it: its name and its label come from the first subject. Throws
   * BadRequest, NotFound, Forbidden.
   */
  async #binding(scope: Scope, given: KubeObject, caller: CallerWriter): Promise<KubeObject> {
    const subjects = subjectsOf(given);
    const { kind = '', name = '' } = (given.roleRef ?? {}) as { kind?: string; name?: string };
    const [first] = subjects;
    if (!first) {
      throw badRequest('subjects: name at least one');
    }

    const usesClusterRole = scope.level === 'namespace' && kind === 'ClusterRole';
    const holder = usesClusterRole ? this.#dependencies.scopes.cluster() : scope;
    if (!this.#dependencies.scopes.role(holder, name)) {
      throw missingRole(holder, name);
    }

    const reference =
      first.kind === 'Group'
        ? { [GROUP_REF_LABEL]: first.name }
        : first.kind === 'User'
          ? { [USER_REF_LABEL]: first.name }
          : {};

    const binding: KubeObject = {
      apiVersion: scope.apiVersion,
      kind: scope.bindingKind,
      metadata: {
        ...(given.metadata?.annotations && { annotations: given.metadata.annotations }),
        ...scope.metadata,
        generateName: `${first.name}-${name}-`,
        labels: { ...given.metadata?.labels, ...reference, ...scope.metadata.labels },
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

  /** Gives roles of a scope to groups or users; all are looked at before anything is written. */
  async bind(
    scope: Scope,
    given: readonly KubeObject[],
    caller: CallerWriter,
    dryRun: boolean,
  ): Promise<KubeObject[]> {
    const bindings = await Promise.all(
      given.map((binding) => this.#binding(scope, binding, caller)),
    );
    const made: KubeObject[] = [];

    for (const binding of bindings) {
      made.push(await caller.create(scope.bindings, binding, { dryRun }));
    }

    return made;
  }

  /** Takes a binding of a scope away, by name. Throws NotFound. */
  async unbind(
    scope: Scope,
    name: string,
    caller: CallerWriter,
    dryRun: boolean,
  ): Promise<KubeObject> {
    const { namespace } = scope.metadata;

    const stored =
      scope.level === 'workspace'
        ? await this.#own(WORKSPACE_ROLE_BINDINGS, scope.key, name)
        : await this.#stored(ROLE_BINDINGS, name, namespace);

    if (!stored) {
      throw notFound({ group: scope.roleGroup, resource: scope.bindings.resource, name });
    }

    await caller.delete({ resource: scope.bindings, name, namespace }, { dryRun });

    return stored;
  }
}
