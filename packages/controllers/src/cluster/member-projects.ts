import { NAMESPACE_LABEL, WORKSPACE_LABEL } from '@ks-apiserver/api/labels';
import { NAMESPACES } from '@ks-apiserver/api/resources';
import { isTerminating } from '@ks-apiserver/apimachinery/meta/object-meta';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import { Controller, type OnFailure, type Reconciler } from '../runtime/controller.ts';
import { ProjectRoles } from '../tenant/project-roles.ts';

/** How long a namespace counts as new, in milliseconds. */
const NEW_MS = 600_000;

/** A member is looked at again after this time, in milliseconds. */
const CHECK_MS = 60_000;

/** A member that has only Kubernetes, while it is followed. */
export interface FollowedMember {
  client: KubeClient;
  /** Namespaces and roles of the member; their informers keep objects. */
  namespaces: Informer;
  roles: Informer;
  /** Aborted when the member is not followed any more. */
  ended: AbortSignal;
  /** To be called once, when the member need not be followed any more. */
  release(): void;
}

interface RunningMember {
  member: FollowedMember;
  controller: Controller;
}

/** Dependencies of the controller of members' projects. */
export interface MemberProjectsDependencies {
  clusters: Informer;
  roleBases: Informer;
  users: Informer;
  /** Follows a member; undefined for one that has a KubeSphere, or cannot be reached. */
  follow: (cluster: string, signal: AbortSignal) => Promise<FollowedMember | undefined>;
  onFailure: OnFailure;
}

/**
 * Gives the namespaces of workspaces in one member the roles of projects, and makes their creators
 * admins. Other namespaces are not touched.
 */
function projectReconciler(
  { client, namespaces, roles }: FollowedMember,
  { roleBases, users }: Pick<MemberProjectsDependencies, 'roleBases' | 'users'>,
): Reconciler {
  const projects = new ProjectRoles({ client, roles, roleBases, users });
  const isProject = (labels: Readonly<Record<string, string>>) => WORKSPACE_LABEL in labels;

  const all = () =>
    [...namespaces.store.values()]
      .filter(({ labels }) => isProject(labels))
      .map(({ name }) => name);

  return {
    name: 'member-project',
    sources: [
      {
        informer: namespaces,
        keys: ({ entry, type }) =>
          type !== 'DELETED' && isProject(entry.labels) ? [entry.name] : [],
      },
      { informer: roleBases, keys: all },
    ],
    async reconcile(name) {
      const namespace = namespaces.store.get(name)?.object;
      if (!namespace || isTerminating(namespace)) {
        return undefined;
      }

      await projects.ensureRoles(namespace);

      if (namespace.metadata.labels?.[NAMESPACE_LABEL] === name) {
        return undefined;
      }

      // A finalizer, which marks namespaces of the host, would block the member without the host.
      // Without one the age keeps users who may edit a namespace from naming themselves later.
      const age = Date.now() - Date.parse(namespace.metadata.creationTimestamp ?? '');
      if (age < NEW_MS) {
        await projects.ensureCreator(namespace);
      }

      await client.patch({ resource: NAMESPACES, name }, 'merge', {
        metadata: { labels: { [NAMESPACE_LABEL]: name } },
      });

      return undefined;
    },
  };
}

/** Looks after the projects of all members that have only Kubernetes. */
export function memberProjectsReconciler(dependencies: MemberProjectsDependencies): Reconciler {
  const { clusters, follow, onFailure } = dependencies;
  const running = new Map<string, RunningMember>();

  async function begin(cluster: string, signal: AbortSignal): Promise<void> {
    const member = await follow(cluster, signal);
    if (!member) {
      return;
    }

    const controller = new Controller(projectReconciler(member, dependencies), onFailure).start();

    running.set(cluster, { member, controller });
    member.ended.addEventListener('abort', () => void end(cluster), { once: true });
  }

  async function end(cluster: string): Promise<void> {
    const found = running.get(cluster);
    running.delete(cluster);
    await found?.controller.stop();
    found?.member.release();
  }

  return {
    name: 'member-projects',
    sources: [{ informer: clusters, keys: ({ entry }) => [entry.name] }],
    async reconcile(cluster, signal) {
      if (!clusters.store.get(cluster)) {
        return undefined;
      }
      if (!running.has(cluster)) {
        await begin(cluster, signal);
      }

      return CHECK_MS;
    },
    end: async () => {
      await Promise.all([...running.keys()].map(end));
    },
  };
}
