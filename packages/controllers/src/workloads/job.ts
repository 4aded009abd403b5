import { JOBS } from '@ks-apiserver/api/resources';
import { equalJson } from '@ks-apiserver/apimachinery/json/json';
import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject, PersistedObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import type { Reconciler } from '../runtime/controller.ts';

const REVISIONS = 'revisions';

/** How many runs are kept, so that the annotation stays small. */
const MOST_RUNS = 50;

/** A time that is not set, as 3.0 writes it. */
const NEVER = '0001-01-01T00:00:00Z';

/** The outcome of one run of a Job, as the console reads it. */
export interface JobRevision {
  status: 'running' | 'completed' | 'failed' | 'unfinished';
  reasons?: string[];
  messages?: string[];
  succeed?: number;
  desire?: number;
  failed?: number;
  uid: string;
  'start-time'?: string;
  'completion-time'?: string;
}

interface JobCondition {
  type?: string;
  status?: string;
  reason?: string;
  message?: string;
}

/** Returns the runs in the annotation, by number from 1; none when it cannot be parsed. */
function revisionsOf(job: KubeObject): Record<string, JobRevision> {
  try {
    const value: unknown = JSON.parse(job.metadata.annotations?.[REVISIONS] || '{}');
    if (value === null || typeof value !== 'object' || Array.isArray(value)) {
      return {};
    }

    return Object.fromEntries(
      Object.entries(value).filter(
        ([key, run]) => /^\d{1,9}$/.test(key) && run !== null && typeof run === 'object',
      ),
    );
  } catch {
    return {};
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' && value !== 0 ? value : undefined;
}

const OUTCOMES: Readonly<Record<string, string>> = { Complete: 'completed', Failed: 'failed' };

/** Returns the current run of a Job. */
export function currentRevision({ metadata, spec, status }: KubeObject): JobRevision {
  const conditions = (
    Array.isArray(status?.conditions) ? (status.conditions as JobCondition[]) : []
  ).filter((condition) => condition.status === 'True');
  const ended = conditions.find(({ type }) => type === 'Complete' || type === 'Failed');
  const reasons = conditions.flatMap(({ reason }) => (reason ? [reason] : []));
  const messages = conditions.flatMap(({ reason, message }) => (reason ? [message ?? ''] : []));

  const entries = {
    status: OUTCOMES[ended?.type ?? ''] ?? 'running',
    reasons: reasons.length > 0 ? reasons : undefined,
    messages: messages.length > 0 ? messages : undefined,
    succeed: numberOf(status?.succeeded),
    desire: numberOf(spec?.completions),
    failed: numberOf(status?.failed),
    uid: metadata.uid ?? '',
    'start-time': metadata.creationTimestamp,
    'completion-time': textOf(status?.completionTime) ?? NEVER,
  };

  return Object.fromEntries(
    Object.entries(entries).filter(([, value]) => value !== undefined),
  ) as unknown as JobRevision;
}

/** Returns the annotation's runs with the current one: in its own place, or after the last. */
export function withCurrentRevision(job: KubeObject): Record<string, JobRevision> {
  const runs = revisionsOf(job);
  const current = currentRevision(job);
  const numbers = Object.keys(runs)
    .map(Number)
    .sort((a, b) => a - b);
  const own = numbers.find((number) => runs[number]?.uid === current.uid);
  const kept = new Set(own === undefined ? numbers.slice(-(MOST_RUNS - 1)) : numbers);
  const result = Object.fromEntries(
    Object.entries(runs).filter(([number]) => kept.has(Number(number))),
  );

  result[own ?? (numbers.at(-1) ?? 0) + 1] = current;

  return result;
}

/** Records the runs of Jobs in an annotation; a Job that is run again keeps the earlier ones. */
export function jobReconciler(client: KubeClient, jobs: Informer): Reconciler {
  return {
    name: 'job',
    sources: [
      {
        informer: jobs,
        keys: ({ type, entry }) => (type === 'DELETED' ? [] : [`${entry.namespace}/${entry.name}`]),
      },
    ],
    async reconcile(key) {
      const slash = key.indexOf('/');
      const [namespace, name] = [key.slice(0, slash), key.slice(slash + 1)];
      const entry = jobs.store.get(name, namespace);
      if (!entry) {
        return undefined;
      }

      const job = JSON.parse(entry.bytes.toString()) as PersistedObject;
      if (job.metadata.deletionTimestamp) {
        return undefined;
      }

      const runs = withCurrentRevision(job);
      if (job.metadata.annotations?.[REVISIONS] && equalJson(runs, revisionsOf(job))) {
        return undefined;
      }

      const { uid, resourceVersion } = job.metadata;
      const metadata = { uid, resourceVersion, annotations: { [REVISIONS]: JSON.stringify(runs) } };

      try {
        await client.patch({ resource: JOBS, namespace, name }, 'merge', { metadata });
      } catch (error) {
        if (!(error instanceof StatusError && error.code === 404)) {
          throw error;
        }
      }

      return undefined;
    },
  };
}
