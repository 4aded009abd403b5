import { setTimeout as sleep } from 'node:timers/promises';
import { JOBS } from '@ks-apiserver/api/resources';
import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { KubeReader } from '@ks-apiserver/client/kube/client';
import type { CallerWriter } from '../authorization/caller-writer.ts';

/** Annotation with the outcome of each run. */
const REVISIONS = 'revisions';

/**
 * Labels that distinguish a Job's pods from those of an earlier Job; Kubernetes sets them again.
 */
const CONTROLLER_LABELS = ['controller-uid', 'batch.kubernetes.io/controller-uid'];
const TRIES = 3;
const PAUSE_MS = 1000;

/** The Job to run again. */
export interface Rerun {
  namespace: string;
  name: string;
  /** The version that the caller has seen; other versions are not run again. */
  resourceVersion: string;
}

/** The fields of a Job's spec that Kubernetes changes. */
interface JobSpec {
  manualSelector?: boolean;
  selector?: { matchLabels?: Record<string, string> };
  template?: { metadata?: { labels?: Record<string, string> } };
}

function withoutControllerLabels(
  labels: Record<string, string> | undefined,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(labels ?? {}).filter(([key]) => !CONTROLLER_LABELS.includes(key)),
  );
}

/** Returns the annotation after the Job was deleted: running runs will not finish. */
function endedRevisions(text: string): string {
  return text.replaceAll('"running"', '"unfinished"');
}

/** Returns a Job without what Kubernetes has added to it. */
function resetJob(job: KubeObject<JobSpec>): KubeObject<JobSpec> {
  const { name, namespace, labels, annotations, ownerReferences } = job.metadata;

  const spec = structuredClone(job.spec ?? {});

  if (spec.manualSelector !== true) {
    delete spec.selector;
  } else if (spec.selector?.matchLabels) {
    spec.selector.matchLabels = withoutControllerLabels(spec.selector.matchLabels);
  }

  const template = spec.template?.metadata;
  if (template?.labels) {
    template.labels = withoutControllerLabels(template.labels);
  }

  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      ...(name !== undefined && { name }),
      ...(namespace !== undefined && { namespace }),
      ...(labels && { labels: withoutControllerLabels(labels) }),
      ...(ownerReferences && { ownerReferences }),
      annotations: { ...annotations, [REVISIONS]: endedRevisions(annotations?.[REVISIONS] ?? '') },
    },
    spec,
  };
}

/**
 * Runs a Job again: deletes it with its pods and creates it again. Throws 500 if it does not exist
 * or cannot be created, 409 if it has changed.
 */
export async function rerunJob(
  client: KubeReader,
  caller: CallerWriter,
  { namespace, name, resourceVersion }: Rerun,
  signal: AbortSignal,
): Promise<void> {
  const key = { resource: JOBS, namespace, name };
  const job = await client.find<KubeObject<JobSpec>>(key, signal);
  if (!job) {
    throw new StatusError(500, 'InternalError', `jobs.batch "${name}" not found`);
  }

  const changed = () =>
    new StatusError(
      409,
      'Conflict',
      `Operation cannot be fulfilled on job "${name}": please apply your changes to the latest version and try again`,
    );

  if (job.metadata.resourceVersion !== resourceVersion) {
    throw changed();
  }

  const failed = (cause: unknown) =>
    new StatusError(500, 'InternalError', `failed to rerun job ${name}`, undefined, { cause });

  try {
    const { uid } = job.metadata;
    await caller.delete(key, {
      propagationPolicy: 'Background',
      preconditions: { resourceVersion, ...(uid !== undefined && { uid }) },
    });
  } catch (error) {
    throw error instanceof StatusError && error.code === 409 ? changed() : failed(error);
  }

  // From here on, the Job must be created even if the caller disconnects.
  for (let tried = 1; ; tried++) {
    try {
      await caller.create(JOBS, resetJob(job));
      return;
    } catch (error) {
      if (tried === TRIES) {
        throw failed(error);
      }
      await sleep(PAUSE_MS);
    }
  }
}
