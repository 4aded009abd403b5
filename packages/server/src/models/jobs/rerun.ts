import { setTimeout as sleep } from 'node:timers/promises';
import { JOBS } from '@ks-apiserver/api/resources';
import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { KubeReader } from '@ks-apiserver/client/kube/client';
import type { CallerWriter } from '../authorization/caller-writer.ts';

/** Annotation with what became of each run. */
const REVISIONS = 'revisions';

/**
 * Labels by which a Job's pods are told from those of the Job before it; Kubernetes sets them anew.
 */
const CONTROLLER_LABELS = ['controller-uid', 'batch.kubernetes.io/controller-uid'];
const TRIES = 3;
const PAUSE_MS = 1000;

/** The Job to run again. */
export interface Rerun {
  namespace: string;
  name: string;
  /** What the caller has seen; another version of the Job is not run again. */
  resourceVersion: string;
}

function without(labels: Record<string, string> | undefined): Record<string, string> {
  return Object.fromEntries(
    Object.entries(labels ?? {}).filter(([key]) => !CONTROLLER_LABELS.includes(key)),
  );
}

/** The annotation after the Job was deleted: runs that have not ended never will. */
function endedRevisions(text: string): string {
  return text.replaceAll('"running"', '"unfinished"');
}

/** A Job as it was before Kubernetes took it in. */
function fresh(job: KubeObject): KubeObject {
  const { name, namespace, labels, annotations, ownerReferences } = job.metadata;

  const spec = structuredClone(job.spec ?? {}) as {
    manualSelector?: boolean;
    selector?: { matchLabels?: Record<string, string> };
    template?: { metadata?: { labels?: Record<string, string> } };
  };

  if (spec.manualSelector !== true) {
    delete spec.selector;
  } else if (spec.selector?.matchLabels) {
    spec.selector.matchLabels = without(spec.selector.matchLabels);
  }

  const template = spec.template?.metadata;
  if (template?.labels) {
    template.labels = without(template.labels);
  }

  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      ...(name !== undefined && { name }),
      ...(namespace !== undefined && { namespace }),
      ...(labels && { labels: without(labels) }),
      ...(ownerReferences && { ownerReferences }),
      annotations: { ...annotations, [REVISIONS]: endedRevisions(annotations?.[REVISIONS] ?? '') },
    },
    spec,
  };
}

/**
 * Runs a Job again: deletes it with its pods and creates it anew. Throws 500 when it is missing or
 * cannot be made, 409 when it has changed.
 */
export async function rerunJob(
  client: KubeReader,
  caller: CallerWriter,
  { namespace, name, resourceVersion }: Rerun,
  signal: AbortSignal,
): Promise<void> {
  const key = { resource: JOBS, namespace, name };
  const job = await client.find<KubeObject>(key, signal);
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

  // From here on the caller's going away must not leave the Job deleted.
  for (let tried = 1; ; tried++) {
    try {
      await caller.create(JOBS, fresh(job));
      return;
    } catch (error) {
      if (tried === TRIES) {
        throw failed(error);
      }
      await sleep(PAUSE_MS);
    }
  }
}
