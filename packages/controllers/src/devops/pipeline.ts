import { createHash } from 'node:crypto';
import { PIPELINE_FINALIZER, SYNC, SYNC_PREFIXES } from '@ks-apiserver/api/devops';
import { PIPELINES } from '@ks-apiserver/api/resources';
import { isTerminating } from '@ks-apiserver/apimachinery/meta/object-meta';
import type { PersistedObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import {
  type JenkinsItems,
  type JobKey,
  jobPath,
} from '@ks-apiserver/upstreams/jenkins/jenkins-items';
import {
  JOB_CLASSES,
  jobMatches,
  writeJob,
} from '@ks-apiserver/upstreams/jenkins/xml/job-document';
import { type JobSpec, JobSpecError } from '@ks-apiserver/upstreams/jenkins/xml/job-spec';
import type { EventRecorder } from '../events/recorder.ts';
import type { Reconciler } from '../runtime/controller.ts';
import { withFinalizer, withoutFinalizer } from '../runtime/ensure.ts';
import { keyOf, keysIn, type ProjectFolders, splitKey } from './project-folders.ts';
import { reportSync, SyncError } from './sync-report.ts';

/** Classes of the jobs that pipelines have. */
const PIPELINE_CLASSES = new Set(JOB_CLASSES.values());

/** Dependencies of the controller of pipelines. */
export interface PipelineDependencies {
  client: KubeClient;
  pipelines: Informer;
  projects: Informer;
  namespaces: Informer;
  folders: ProjectFolders;
  items: JenkinsItems;
  events: EventRecorder;
}

/**
 * Keeps a job in Jenkins for each pipeline of a DevOps project, and deletes it with the pipeline.
 * What somebody changes in Jenkins is written over. Pipelines elsewhere are left alone.
 */
export function pipelineReconciler(dependencies: PipelineDependencies): Reconciler {
  const { client, pipelines, projects, namespaces, folders, items, events } = dependencies;

  const reporter = { client, events, resource: PIPELINES, prefix: SYNC_PREFIXES.pipeline };

  /** Deletes the job, unless Jenkins has something else of its name. */
  async function remove(pipeline: PersistedObject, key: JobKey, signal: AbortSignal) {
    if (!pipeline.metadata.finalizers?.includes(PIPELINE_FINALIZER)) {
      return;
    }

    if (folders.belongsToProject(key.folder)) {
      const item = await items.find(jobPath(key), signal);

      if (!item || PIPELINE_CLASSES.has(item.className)) {
        await items.delete(jobPath(key), signal);
      }
    }

    await withoutFinalizer(client, PIPELINES, pipeline, PIPELINE_FINALIZER);
  }

  /** Makes the job what the pipeline says; returns the hash of its spec. */
  async function sync(
    pipeline: PersistedObject,
    key: JobKey,
    signal: AbortSignal,
  ): Promise<string> {
    const spec = (pipeline.spec ?? {}) as JobSpec;
    const hash = hashOf(spec);
    const document = jobOf(spec);
    const item = await items.find(jobPath(key), signal);

    if (!item) {
      await items.createJob(key, document, signal);
      return hash;
    }

    if (item.className !== JOB_CLASSES.get(spec.type)) {
      throw new SyncError(
        `Jenkins has another item of the name "${key.name}" (${item.className}): delete it, or give the pipeline another name`,
      );
    }

    // Jenkins encrypts defaults of passwords: only the hash tells whether they have changed.
    const isKnown = pipeline.metadata.annotations?.[SYNC_PREFIXES.pipeline + SYNC.hash] === hash;
    const stored = await items.readJob(key, signal);

    if (!isKnown || stored === undefined || !jobMatches(stored, spec)) {
      await items.updateJob(key, document, signal);
    }

    return hash;
  }

  return {
    name: 'pipeline',
    about: (key) => {
      const { namespace, name } = splitKey(key);
      return pipelines.store.get(name, namespace)?.object;
    },
    sources: [
      { informer: pipelines, keys: ({ entry }) => [keyOf(entry)] },
      { informer: namespaces, keys: ({ entry }) => keysIn(pipelines, [entry.name]) },
      {
        informer: projects,
        keys: (change) => keysIn(pipelines, folders.namespacesOf(change)),
      },
    ],
    async reconcile(key, signal) {
      const { namespace, name } = splitKey(key);
      const pipeline = pipelines.store.get(name, namespace)?.object;
      if (!pipeline) {
        return undefined;
      }

      if (isTerminating(pipeline)) {
        await remove(pipeline, { folder: namespace, name }, signal);
        return undefined;
      }

      const folder = folders.readyFolder(namespace);
      if (folder === undefined) {
        return undefined;
      }

      const kept = await withFinalizer(client, PIPELINES, pipeline, PIPELINE_FINALIZER);
      await reportSync(reporter, kept, () => sync(kept, { folder, name }, signal));

      return undefined;
    },
  };
}

/** Returns the document of the job. Throws a JobSpecError also for fields of wrong types. */
function jobOf(spec: JobSpec): string {
  try {
    return writeJob(spec);
  } catch (error) {
    throw error instanceof TypeError
      ? new JobSpecError('spec: a field is of the wrong type')
      : error;
  }
}

function hashOf(spec: JobSpec): string {
  return createHash('sha256').update(JSON.stringify(spec)).digest('hex').slice(0, 32);
}
