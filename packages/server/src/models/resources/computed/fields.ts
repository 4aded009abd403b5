import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { type Usage, usageOf } from '@ks-apiserver/apimachinery/quota/usage';
import type { Filter } from '../catalog/definition.ts';
import { shared } from '../catalog/shared.ts';
import { demandOf } from './pod-demand.ts';

interface Condition {
  type?: string;
  status?: string;
  [time: string]: string | undefined;
}

/** A filter for an exact match of a field. */
export function equalField(field: string): Filter {
  return (entry, value) => entry.fields[field] === value;
}

/** 3.0's word for a workload's state. */
export function workloadStatus(wanted: number, ready: number): 'stopped' | 'running' | 'updating' {
  if (wanted === 0 && ready === 0) {
    return 'stopped';
  }
  return wanted === ready ? 'running' : 'updating';
}

/** The word of the first condition that is True. */
export function conditionStatus(
  conditions: unknown,
  words: Record<string, string>,
): string | undefined {
  if (!Array.isArray(conditions)) {
    return undefined;
  }

  for (const { type, status } of conditions as Condition[]) {
    if (status === 'True' && type && words[type]) {
      return words[type];
    }
  }

  return undefined;
}

/** Milliseconds of the latest of an object's creation and its conditions' times. */
export function latestTime(object: KubeObject, conditions: unknown, field: string): number {
  const times = Array.isArray(conditions)
    ? (conditions as Condition[]).map((condition) => Date.parse(condition[field] ?? '') || 0)
    : [];
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

/** 3.0's word for a node's state. */
export function nodeStatus(node: KubeObject): 'unschedulable' | 'warning' | 'running' {
  if (node.spec?.unschedulable) {
    return 'unschedulable';
  }

  const conditions = Array.isArray(node.status?.conditions)
    ? (node.status.conditions as Condition[])
    : [];

  return conditions.some(
    ({ type, status }) => type && HEALTHY[type] !== undefined && HEALTHY[type] !== status,
  )
    ? 'warning'
    : 'running';
}

const NO_NAMES: readonly string[] = Object.freeze([]);

/** Names of the claims that a pod mounts. */
export function podVolumes(pod: KubeObject): readonly string[] {
  const volumes = Array.isArray(pod.spec?.volumes)
    ? (pod.spec.volumes as { persistentVolumeClaim?: { claimName?: string } }[])
    : [];
  const names = volumes.flatMap((volume) => volume.persistentVolumeClaim?.claimName ?? []);

  // What a list is put together in has room for more: a copy has just its length.
  return names.length === 0 ? NO_NAMES : names.slice();
}

/** What a pod counts for in quotas. */
export function podUsage(pod: KubeObject): Usage {
  return shared(`usage:${demandOf(pod)}`, () => usageOf('', 'pods', pod));
}

/**
 * Pods that the Service of that name in their own namespace selects; one without selector selects
 * none.
 */
export const serviceSelects: Filter = (pod, value, stores) => {
  const selector = stores.store('services')?.get(value, pod.namespace)?.fields.selector as
    | Record<string, string>
    | undefined;
  const wanted = Object.entries(selector ?? {});
  return wanted.length > 0 && wanted.every(([key, label]) => pod.labels[key] === label);
};

/** Owners of an object as `Kind/name`. */
export function ownerNames({ metadata }: KubeObject): readonly string[] {
  return metadata.ownerReferences?.length ? ownersOf(metadata.ownerReferences) : NO_NAMES;
}

function ownersOf(references: readonly { kind: string; name: string }[]): readonly string[] {
  return references.map(({ kind, name }) => `${kind}/${name}`);
}

/** Milliseconds of a time's text; 0 for none. */
export function timeOf(text: unknown): number {
  return typeof text === 'string' ? Date.parse(text) || 0 : 0;
}

/** 3.0's word for a job's state by its counts, as the older searcher has it. */
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
  const containers = Array.isArray(status?.containerStatuses)
    ? (status.containerStatuses as { ready?: boolean }[])
    : [];
  return status?.phase === 'Running' && containers.every(({ ready }) => ready === true);
}
