import { USER_UID_ANNOTATION } from '@ks-apiserver/api/annotations';
import type { Placement } from '@ks-apiserver/api/federation/federated-object';
import { USER_REF_LABEL, WORKSPACE_LABEL } from '@ks-apiserver/api/labels';
import {
  WORKSPACE_ROLE_BINDINGS,
  WORKSPACE_ROLES,
  WORKSPACE_TEMPLATES,
  WORKSPACES,
} from '@ks-apiserver/api/resources';
import { userSubject } from '@ks-apiserver/api/subject';
import { equalJson } from '@ks-apiserver/apimachinery/json/json';
import { controllerReference, isTerminating } from '@ks-apiserver/apimachinery/meta/object-meta';
import type { PersistedObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { Change } from '@ks-apiserver/client/informer/informer-store';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import { ensureCreated } from '@ks-apiserver/client/kube/ensure-created';
import type { EventRecorder } from '../events/recorder.ts';
import type { Reconciler } from '../runtime/controller.ts';
import { ensureDeleted, ensureEqual } from '../runtime/ensure.ts';

/** Where workspaces are, with member clusters. */
export interface WorkspacePlacement {
  /** The clusters that placements select. */
  clusters: Informer;
  /** Whether a placement selects other clusters only. */
  leavesOutHost: (placement: Placement) => boolean;
}

/** Dependencies of the workspace template controller. */
export interface WorkspaceTemplateDependencies {
  client: KubeClient;
  templates: Informer;
  workspaces: Informer;
  workspaceRoles: Informer;
  roleBases: Informer;
  users: Informer;
  events: EventRecorder;
  /** Undefined without member clusters: the Workspace of each template is in the own cluster. */
  placement?: WorkspacePlacement | undefined;
  /** Namespaces of the own cluster. */
  namespaces: Informer;
}

/**
 * Creates the Workspace of a WorkspaceTemplate, its roles from the role bases, and its manager's
 * binding.
 */
export function workspaceTemplateReconciler({
  client,
  templates,
  workspaces,
  workspaceRoles,
  roleBases,
  users,
  events,
  placement,
  namespaces,
}: WorkspaceTemplateDependencies): Reconciler {
  const all = () => [...templates.store.values()].map((entry) => entry.name);

  /** Whether the Workspace is to be in other clusters only. */
  function isElsewhere({ spec }: PersistedObject): boolean {
    return placement?.leavesOutHost(spec?.placement ?? {}) === true;
  }

  /** Deletes the Workspace of a template that leaves out the own cluster, unless it is in use. */
  async function removeWorkspace(template: PersistedObject): Promise<void> {
    const { name, uid } = template.metadata;
    const workspace = workspaces.store.get(name)?.object;
    const isOwn = workspace?.metadata.ownerReferences?.some((owner) => owner.uid === uid);
    if (!isOwn) {
      return;
    }

    const isUsed = [...namespaces.store.values()].some(
      ({ labels }) => labels[WORKSPACE_LABEL] === name,
    );

    if (isUsed) {
      events.record(
        template,
        'Warning',
        'WorkspaceInUse',
        'the workspace stays in this cluster, which its placement leaves out, because it has projects here',
      );
    } else {
      await ensureDeleted(client, { resource: WORKSPACES, name });
    }
  }

  async function ensureWorkspace(name: string, template: PersistedObject): Promise<void> {
    const { labels, annotations } = (template.spec?.template?.metadata ?? {}) as {
      labels?: Record<string, string>;
      annotations?: Record<string, string>;
    };

    const metadata = {
      name,
      ...(labels && { labels }),
      ...(annotations && { annotations }),
      ownerReferences: [controllerReference(template)],
    };

    const workspace = {
      apiVersion: 'tenant.kubesphere.io/v1alpha1',
      kind: 'Workspace',
      metadata,
      spec: template.spec?.template?.spec ?? {},
    };

    await ensureEqual(client, WORKSPACES, workspace, ['spec'], workspaces.store.get(name)?.object);
  }

  async function ensureRoles(workspace: string, owner: PersistedObject): Promise<void> {
    for (const base of roleBases.store.values()) {
      const role = base.object?.role as PersistedObject | undefined;
      if (role?.kind !== 'WorkspaceRole') {
        continue;
      }

      const labels = { ...role.metadata.labels, [WORKSPACE_LABEL]: workspace };

      const metadata = {
        ...role.metadata,
        name: `${workspace}-${role.metadata.name}`,
        labels,
        ownerReferences: [controllerReference(owner)],
      };

      const wanted = {
        apiVersion: 'iam.kubesphere.io/v1alpha2',
        kind: 'WorkspaceRole',
        metadata,
        rules: role.rules,
      };

      await ensureEqual(
        client,
        WORKSPACE_ROLES,
        wanted,
        ['rules'],
        workspaceRoles.store.get(metadata.name)?.object,
      );
    }
  }

  async function ensureManager(workspace: string, template: PersistedObject): Promise<void> {
    const manager = template.spec?.template?.spec?.manager as string | undefined;
    if (!manager) {
      return;
    }

    const user = users.store.get(manager)?.object;
    if (!user || isTerminating(user)) {
      const spec = {
        ...template.spec,
        template: {
          ...template.spec.template,
          spec: { ...template.spec.template.spec, manager: '' },
        },
      };

      await client.update(WORKSPACE_TEMPLATES, { ...template, spec });

      events.record(
        template,
        'Warning',
        'ManagerRemoved',
        `the manager "${manager}" does not exist`,
      );

      return;
    }

    await ensureCreated(client, WORKSPACE_ROLE_BINDINGS, {
      apiVersion: 'iam.kubesphere.io/v1alpha2',
      kind: 'WorkspaceRoleBinding',
      metadata: {
        name: `${manager}-${workspace}-admin`,
        labels: { [WORKSPACE_LABEL]: workspace, [USER_REF_LABEL]: manager },
        annotations: { [USER_UID_ANNOTATION]: user.metadata.uid },
        ownerReferences: [controllerReference(template)],
      },
      subjects: [userSubject(manager)],
      roleRef: { apiGroup: 'iam.kubesphere.io', kind: 'WorkspaceRole', name: `${workspace}-admin` },
    });
  }

  return {
    name: 'workspace-template',
    about: (name) => templates.store.get(name)?.object,
    sources: [
      { informer: templates, keys: ({ entry }) => [entry.name] },
      { informer: roleBases, keys: all },
      ...(placement
        ? [
            {
              informer: placement.clusters,
              keys: ({ entry, previous }: Change) =>
                equalJson(entry.labels, previous?.labels ?? {}) ? [] : all(),
            },
          ]
        : []),
    ],
    async reconcile(name) {
      const template = templates.store.get(name)?.object;
      if (!template || isTerminating(template)) {
        return undefined;
      }

      if (isElsewhere(template)) {
        await removeWorkspace(template);
      } else {
        await ensureWorkspace(name, template);
      }

      await ensureRoles(name, template);
      await ensureManager(name, template);

      return undefined;
    },
  };
}
