import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { type Usage, usageOf } from '@ks-apiserver/apimachinery/quota/usage';
import type { Entry } from '@ks-apiserver/client/informer/entry';
import type { Filter } from '../query/resource-definition.ts';
import { InternedValues } from './intern.ts';
import { demandOf } from './pod-demand.ts';

const NO_NAMES: readonly string[] = Object.freeze([]);

interface Condition {
  type?: string;
  status?: string;
  [time: string]: string | undefined;
}

/** Returns an array's items; none of anything else. */
function arrayOf<T>(value: readonly T[] | undefined): readonly T[] {
  return Array.isArray(value) ? value : [];
}

function conditionsOf(value: unknown): readonly Condition[] {
  return Array.isArray(value) ? value : [];
}

/** Returns a field of an entry that holds a list of texts. */
export function listField(entry: Entry, field: string): readonly string[] {
  const value = entry.fields[field];
  return Array.isArray(value) ? value : NO_NAMES;
}

/** Returns a filter for an exact match of a field. */
export function equalField(field: string): Filter {
  return (entry, value) => entry.fields[field] === value;
}

/** Returns 3.0's word for a workload's state. */
export function workloadStatus(wanted: number, ready: number): 'stopped' | 'running' | 'updating' {
  if (wanted === 0 && ready === 0) {
    return 'stopped';
  }
  return wanted === ready ? 'running' : 'updating';
}

/** Returns the word for the first condition that is True; undefined for none. */
export function conditionStatus(
  conditions: unknown,
  words: Record<string, string>,
): string | undefined {
  for (const { type, status } of conditionsOf(conditions)) {
    if (status === 'True' && type && words[type]) {
      return words[type];
    }
  }

  return undefined;
}

/** Returns the latest of an object's creation and its conditions' times, in milliseconds. */
export function latestTime(object: KubeObject, conditions: unknown, field: string): number {
  const times = conditionsOf(conditions).map(
    (condition) => Date.parse(condition[field] ?? '') || 0,
  );

  return Math.max(Date.parse(object.metadata.creationTimestamp ?? '') || 0, ...times);
}

const HEALTHY: Record<string, string> = {
  MemoryPressure: 'False',
  DiskPressure: 'False',
  PIDPressure: 'False',
  NetworkUnavailable: 'False',
  ConfigOK: 'True',
  KubeletReady: 'True',
  Ready: 'True',
};

/** Returns 3.0's word for a node's state. */
export function nodeStatus(node: KubeObject): 'unschedulable' | 'warning' | 'running' {
  if (node.spec?.unschedulable) {
    return 'unschedulable';
  }

  const isUnhealthy = conditionsOf(node.status?.conditions).some(
    ({ type, status }) => type && HEALTHY[type] !== undefined && HEALTHY[type] !== status,
  );

  return isUnhealthy ? 'warning' : 'running';
}

/** Returns the names of the claims that a pod mounts. */
export function podVolumes(pod: KubeObject): readonly string[] {
  const volumes: readonly { persistentVolumeClaim?: { claimName?: string } }[] = arrayOf(
    pod.spec?.volumes,
  );
  const names = volumes.flatMap((volume) => volume.persistentVolumeClaim?.claimName ?? []);

  // `flatMap` leaves spare room in its array; a copy has exactly its length.
  return names.length === 0 ? NO_NAMES : names.slice();
}

const podUsages = new InternedValues<Usage>();

/** Returns what a pod uses of quotas. */
export function podUsage(pod: KubeObject): Usage {
  return podUsages.get(demandOf(pod), () => usageOf('', 'pods', pod));
}

/**
 * Selects the pods of the Service of that name in their own namespace; a Service without a selector
 * selects none.
 */
export const serviceSelects: Filter = (pod, value, stores) => {
  const service = stores.store('services')?.get(value, pod.namespace);
  const wanted = Object.entries(service?.fields.selector ?? {});
  return wanted.length > 0 && wanted.every(([key, label]) => pod.labels[key] === label);
};

/** Returns an object's owners as `Kind/name`. */
export function ownerNames({ metadata }: KubeObject): readonly string[] {
  return metadata.ownerReferences?.length ? ownersOf(metadata.ownerReferences) : NO_NAMES;
}

function ownersOf(references: readonly { kind: string; name: string }[]): readonly string[] {
  return references.map(({ kind, name }) => `${kind}/${name}`);
}

/** Returns a time's milliseconds; 0 for none. */
export function timeOf(text: unknown): number {
  return typeof text === 'string' ? Date.parse(text) || 0 : 0;
}

/** Returns 3.0's word for a job's state by its counts, as its older search has it. */
export function jobCountStatus({ status }: KubeObject): 'running' | 'failed' | 'completed' {
  if (Number(status?.active) > 0) {
    return 'running';
  }
  if (Number(status?.failed) > 0) {
    return 'failed';
  }

  return Number(status?.succeeded) > 0 ? 'completed' : 'failed';
}

/** Whether a pod runs and all of its containers are ready. */
export function isReadyPod({ status }: KubeObject): boolean {
  const containers: readonly { ready?: boolean }[] = arrayOf(status?.containerStatuses);

  return status?.phase === 'Running' && containers.every(({ ready }) => ready === true);
}
