import { CREATOR_ANNOTATION } from '@ks-apiserver/api/annotations';
import { DEVOPS_PROJECT_FINALIZER, PROJECT_STATUS_ANNOTATION } from '@ks-apiserver/api/devops';
import { DEVOPS_LABEL, WORKSPACE_LABEL } from '@ks-apiserver/api/labels';
import { DEVOPS_PROJECTS, NAMESPACES } from '@ks-apiserver/api/resources';
import { equalJson } from '@ks-apiserver/apimachinery/json/json';
import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import { controllerReference, isTerminating } from '@ks-apiserver/apimachinery/meta/object-meta';
import type { PersistedObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import { ensureCreated } from '@ks-apiserver/client/kube/ensure-created';
import type { JenkinsCredentials } from '@ks-apiserver/upstreams/jenkins/jenkins-credentials';
import {
  FOLDER_CLASS,
  folderPath,
  type JenkinsItem,
  type JenkinsItems,
} from '@ks-apiserver/upstreams/jenkins/jenkins-items';
import type { EventRecorder } from '../events/recorder.ts';
import type { Reconciler } from '../runtime/controller.ts';
import { withoutFinalizer } from '../runtime/ensure.ts';
import { PENDING } from './project-folders.ts';
import { SyncError } from './sync-report.ts';

/** How soon a namespace that is being deleted is looked at again, in milliseconds. */
const AGAIN_MS = 5000;

/** Dependencies of the controller of DevOps projects. */
export interface DevOpsProjectDependencies {
  client: KubeClient;
  projects: Informer;
  namespaces: Informer;
  workspaces: Informer;
  items: JenkinsItems;
  credentials: JenkinsCredentials;
  events: EventRecorder;
}

/**
 * Gives DevOps projects their namespace, their owner and their folder in Jenkins, all of the same
 * name. A namespace or folder that was there before and belongs to something else is left alone.
 */
export function devopsProjectReconciler(dependencies: DevOpsProjectDependencies): Reconciler {
  const { client, projects, namespaces, workspaces, items, credentials, events } = dependencies;

  /** Updates a project where it differs; returns it as it is stored then. */
  async function store(project: PersistedObject, wanted: PersistedObject) {
    return equalJson(project, wanted) ? project : client.update(DEVOPS_PROJECTS, wanted);
  }

  /**
   * Adds finalizer and owner; a project that is new has no folder yet. One of KubeSphere 3.0 has a
   * status, which administrators alone can set; everybody could set finalizers.
   */
  function adopt(project: PersistedObject): Promise<PersistedObject> {
    const { metadata } = project;
    const finalizers = metadata.finalizers ?? [];
    const isComplete = finalizers.includes(DEVOPS_PROJECT_FINALIZER);
    const isNew =
      metadata.annotations?.[PROJECT_STATUS_ANNOTATION] === undefined &&
      !project.status?.adminNamespace;
    const workspace = workspaces.store.get(metadata.labels?.[WORKSPACE_LABEL] ?? '')?.object;
    const owner = workspace && !isTerminating(workspace) ? [controllerReference(workspace)] : [];
    const others = metadata.ownerReferences?.filter(({ kind }) => kind !== 'Workspace') ?? [];
    const ownerReferences = [...others, ...owner];

    return store(project, {
      ...project,
      metadata: {
        ...metadata,
        ...(!isComplete && { finalizers: [...finalizers, DEVOPS_PROJECT_FINALIZER] }),
        ...(isNew && {
          annotations: { ...metadata.annotations, [PROJECT_STATUS_ANNOTATION]: PENDING },
        }),
        ...((ownerReferences.length > 0 || metadata.ownerReferences) && { ownerReferences }),
      },
    });
  }

  /**
   * Returns the namespace that the project names, one with its label, or the one of its name;
   * undefined when there is none.
   */
  async function findNamespace(project: PersistedObject): Promise<PersistedObject | undefined> {
    const named: unknown = project.status?.adminNamespace;
    const labelled = [...namespaces.store.values()].find(
      ({ labels }) => labels[DEVOPS_LABEL] === project.metadata.name,
    );
    const name =
      typeof named === 'string' && named !== '' ? named : (labelled?.name ?? project.metadata.name);

    return client.find({ resource: NAMESPACES, name });
  }

  async function createNamespace({ metadata, ...project }: PersistedObject): Promise<void> {
    const creator = metadata.annotations?.[CREATOR_ANNOTATION];

    await ensureCreated(client, NAMESPACES, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: {
        name: metadata.name,
        labels: { [DEVOPS_LABEL]: metadata.name },
        ...(creator && { annotations: { [CREATOR_ANNOTATION]: creator } }),
        ownerReferences: [controllerReference({ ...project, metadata })],
      },
    });
  }

  /** Makes the project the owner of its namespace, also of one that has lost its owner. */
  async function own(project: PersistedObject, namespace: PersistedObject): Promise<void> {
    const { metadata } = namespace;
    const references = metadata.ownerReferences ?? [];
    const ownerReferences = [...references, controllerReference(project)];

    if (references.every(({ uid }) => uid !== project.metadata.uid)) {
      await client.update(NAMESPACES, { ...namespace, metadata: { ...metadata, ownerReferences } });
    }
  }

  /**
   * Ensures that the folder is there and is the project's. Throws a SyncError when Jenkins has
   * something else of that name: a new project must not get what others have there.
   */
  async function ensureFolder(
    project: PersistedObject,
    namespace: string,
    signal: AbortSignal,
  ): Promise<void> {
    const item = await items.find(folderPath(namespace), signal);
    if (!item) {
      await items.createFolder(namespace, signal);
      return;
    }

    if (item.className !== FOLDER_CLASS) {
      throw new SyncError(`Jenkins has another item of the name "${namespace}" than a folder`);
    }
    if (isPending(project) && !(await isEmpty(item, namespace, signal))) {
      throw new SyncError(
        `Jenkins has a folder "${namespace}" with jobs or credentials of something else`,
      );
    }
  }

  async function isEmpty(item: JenkinsItem, folder: string, signal: AbortSignal) {
    return item.childCount === 0 && (await credentials.idsIn(folder, signal)).length === 0;
  }

  /** Deletes the folder of a project that has one, and lets the project go. */
  async function remove(project: PersistedObject, signal: AbortSignal): Promise<void> {
    const finalizers = project.metadata.finalizers ?? [];
    if (!finalizers.includes(DEVOPS_PROJECT_FINALIZER)) {
      return;
    }

    const namespace = await findNamespace(project);
    const ownership = ownershipOf(project, namespace);
    const name: unknown = project.status?.adminNamespace || namespace?.metadata.name;

    if (typeof name === 'string' && (ownership === 'own' || ownership === 'missing')) {
      await removeFolder(project, name, signal);
    }

    await withoutFinalizer(client, DEVOPS_PROJECTS, project, DEVOPS_PROJECT_FINALIZER);
  }

  async function removeFolder(project: PersistedObject, name: string, signal: AbortSignal) {
    const item = await items.find(folderPath(name), signal);
    const isOther = item && item.className !== FOLDER_CLASS;
    const isForeign = item && isPending(project) && !(await isEmpty(item, name, signal));

    if (!isOther && !isForeign) {
      await items.delete(folderPath(name), signal);
    }
  }

  async function sync(stored: PersistedObject, signal: AbortSignal): Promise<number | undefined> {
    let project = await adopt(stored);
    const namespace = await findNamespace(project);

    if (!namespace) {
      // A namespace that somebody has deleted is made again.
      if (project.status?.adminNamespace) {
        const status = { ...project.status, adminNamespace: '' };
        project = await store(project, { ...project, status });
      }

      await createNamespace(project);

      return 0;
    }

    const { name } = namespace.metadata;
    const ownership = ownershipOf(project, namespace);

    if (ownership === 'foreign') {
      throw new SyncError(`the namespace "${name}" exists and does not belong to this project`);
    }
    if (ownership === 'former' || isTerminating(namespace)) {
      return AGAIN_MS;
    }

    await own(project, namespace);

    project = await store(project, {
      ...project,
      status: { ...project.status, adminNamespace: name },
    });

    await ensureFolder(project, name, signal);

    const annotations = {
      ...project.metadata.annotations,
      [PROJECT_STATUS_ANNOTATION]: 'successful',
    };

    await store(project, { ...project, metadata: { ...project.metadata, annotations } });

    return undefined;
  }

  return {
    name: 'devops-project',
    about: (name) => projects.store.get(name)?.object,
    sources: [
      { informer: projects, keys: ({ entry }) => [entry.name] },
      {
        informer: namespaces,
        keys: ({ entry }) => {
          const project = entry.labels[DEVOPS_LABEL];
          return project ? [project] : [];
        },
      },
      {
        informer: workspaces,
        keys: ({ entry }) =>
          [...projects.store.values()]
            .filter(({ labels }) => labels[WORKSPACE_LABEL] === entry.name)
            .map(({ name }) => name),
      },
    ],
    async reconcile(name, signal) {
      const project = projects.store.get(name)?.object;
      if (!project) {
        return undefined;
      }

      try {
        if (isTerminating(project)) {
          await remove(project, signal);
          return undefined;
        }

        return await sync(project, signal);
      } catch (error) {
        // A name that is no namespace's stays one.
        const isFinal =
          error instanceof SyncError ||
          (error instanceof StatusError && error.reason === 'Invalid');

        if (!isFinal) {
          throw error;
        }

        events.record(project, 'Warning', 'SyncFailed', error.message);

        return undefined;
      }
    },
  };
}

/** Whether it is not yet known that the folder is the project's own. */
function isPending({ metadata }: PersistedObject): boolean {
  return metadata.annotations?.[PROJECT_STATUS_ANNOTATION] === PENDING;
}

/**
 * Tells whose a namespace is. The project's own carries its label, which administrators alone can
 * set. One whose owner is an earlier project of the same name is about to be deleted with what is
 * in it: nobody else must get that.
 */
function ownershipOf(
  project: PersistedObject,
  namespace: PersistedObject | undefined,
): 'own' | 'foreign' | 'former' | 'missing' {
  if (!namespace) {
    return 'missing';
  }

  const { labels, ownerReferences = [] } = namespace.metadata;
  if (labels?.[DEVOPS_LABEL] !== project.metadata.name) {
    return 'foreign';
  }

  const isFormer = ownerReferences.some(
    ({ kind, uid }) => kind === 'DevOpsProject' && uid !== project.metadata.uid,
  );

  return isFormer ? 'former' : 'own';
}
