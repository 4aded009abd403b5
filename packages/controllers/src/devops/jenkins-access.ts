import { WORKSPACE_LABEL } from '@ks-apiserver/api/labels';
import { isTerminating } from '@ks-apiserver/apimachinery/meta/object-meta';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { Change } from '@ks-apiserver/client/informer/informer-store';
import {
  type JenkinsRoles,
  type RoleContent,
  type RoleKey,
  whereServed,
} from '@ks-apiserver/upstreams/jenkins/jenkins-roles';
import type { Reconciler } from '../runtime/controller.ts';
import type { ProjectFolders } from './project-folders.ts';

/** What a user may do with pipelines: look at them, or also run them. */
export type PipelineAccess = 'viewer' | 'operator';

const ITEM = 'hudson.model.Item';

/** Permissions of Jenkins that the calls of this server need, which it makes as the user. */
const PERMISSIONS: Readonly<Record<PipelineAccess, readonly string[]>> = {
  viewer: [`${ITEM}.Discover`, `${ITEM}.Read`],
  operator: [
    `${ITEM}.Build`,
    `${ITEM}.Cancel`,
    `${ITEM}.Configure`,
    `${ITEM}.Discover`,
    `${ITEM}.Read`,
    `${ITEM}.Workspace`,
    'hudson.model.Run.Replay',
    'hudson.model.Run.Update',
  ],
};

const LEVELS: readonly PipelineAccess[] = ['viewer', 'operator'];

/** Dependencies of the controller of users' roles in Jenkins. */
export interface JenkinsAccessDependencies {
  projects: Informer;
  roleBindings: Informer;
  workspaceRoleBindings: Informer;
  groupBindings: Informer;
  folders: ProjectFolders;
  roles: JenkinsRoles;
  /** Returns the users who may use a project's pipelines, and how. */
  usersOf: (project: string) => ReadonlyMap<string, PipelineAccess>;
}

/**
 * Gives the users of a DevOps project roles in Jenkins that reach no further than its folder: this
 * server calls Jenkins as the user, and users may also come to Jenkins themselves.
 */
export function jenkinsAccessReconciler(dependencies: JenkinsAccessDependencies): Reconciler {
  const { projects, roleBindings, workspaceRoleBindings, groupBindings } = dependencies;
  const { folders, roles, usersOf } = dependencies;

  const inWorkspace = ({ entry, previous }: Change) => {
    const changed = new Set([entry.labels[WORKSPACE_LABEL], previous?.labels[WORKSPACE_LABEL]]);

    return [...projects.store.values()]
      .filter(({ labels }) => changed.has(labels[WORKSPACE_LABEL] ?? ''))
      .map(({ name }) => name);
  };

  return {
    name: 'jenkins-access',
    about: (name) => projects.store.get(name)?.object,
    sources: [
      { informer: projects, keys: ({ entry }) => [entry.name] },
      { informer: roleBindings, keys: ({ entry }) => folders.projectsOf(entry.namespace) },
      { informer: workspaceRoleBindings, keys: inWorkspace },
      { informer: groupBindings, keys: inWorkspace },
    ],
    async reconcile(name, signal) {
      const project = projects.store.get(name)?.object;

      if (!project || isTerminating(project)) {
        await whereServed(() => removeRoles(roles, name, signal));
        return undefined;
      }

      const folder = folders.readyFolder(String(project.status?.adminNamespace ?? ''));
      if (folder === undefined) {
        return undefined;
      }

      const users = usersOf(name);

      await whereServed(async () => {
        for (const level of LEVELS) {
          const wanted = [...users].filter(([, access]) => access === level);
          const content = { permissions: PERMISSIONS[level], pattern: patternOf(folder) };

          await ensureRole(
            roles,
            roleOf(name, level),
            { content, users: wanted.map(([user]) => user) },
            signal,
          );
        }
      });

      return undefined;
    },
  };
}

async function removeRoles(roles: JenkinsRoles, project: string, signal: AbortSignal) {
  for (const level of LEVELS) {
    await roles.remove(roleOf(project, level), signal);
  }
}

/** Returns the role of a project's users; no name of a project has an underscore. */
function roleOf(project: string, level: PipelineAccess): RoleKey {
  return { type: 'projectRoles', name: `kubesphere_${project}_${level}` };
}

/** Returns a pattern of a folder and all that is in it. */
function patternOf(folder: string): string {
  return `^${folder.replaceAll('.', '\\.')}(/.*)?$`;
}

/** Brings a role to what it should allow, and to whom. */
async function ensureRole(
  roles: JenkinsRoles,
  key: RoleKey,
  { content, users }: { content: RoleContent; users: readonly string[] },
  signal: AbortSignal,
): Promise<void> {
  const found = await roles.find(key, signal);
  const isSame =
    found &&
    found.permissions.length === content.permissions.length &&
    content.permissions.every((permission) => found.permissions.includes(permission));

  if (!isSame) {
    await roles.put(key, content, signal);
  }

  const assigned = new Set(isSame ? found.sids : []);

  for (const user of users) {
    if (!assigned.delete(user)) {
      await roles.assign(key, user, signal);
    }
  }

  for (const user of assigned) {
    await roles.unassign(key, user, signal);
  }
}
