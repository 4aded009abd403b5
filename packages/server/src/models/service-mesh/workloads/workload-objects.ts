import type { KubeObject, PersistedObject } from '@ks-apiserver/apimachinery/meta/types';

/** Objects of a namespace of which its workloads are made. */
export interface WorkloadObjects {
  readonly pods: readonly PersistedObject[];
  readonly deployments: readonly PersistedObject[];
  readonly replicasets: readonly PersistedObject[];
  readonly replicationcontrollers: readonly PersistedObject[];
  readonly statefulsets: readonly PersistedObject[];
  readonly cronjobs: readonly PersistedObject[];
  readonly jobs: readonly PersistedObject[];
}

/** Labels of an object, by name. */
export type Labels = Readonly<Record<string, string>>;

/** Annotation of pods into which Istio has put a sidecar; its value tells what was injected. */
const SIDECAR = 'sidecar.istio.io/status';

/** Returns the labels of an object. */
export function labelsOf({ metadata }: KubeObject): Labels {
  return metadata.labels ?? {};
}

/** Returns the owner that controls an object. */
export function controllerOf({ metadata }: KubeObject): { kind: string; name: string } | undefined {
  return metadata.ownerReferences?.find(({ controller }) => controller === true);
}

/** Returns the labels of the pods that an object makes. */
export function templateLabels({ spec }: KubeObject): Labels {
  const { template, jobTemplate } = (spec ?? {}) as {
    template?: Template;
    jobTemplate?: { spec?: { template?: Template } };
  };

  return (template ?? jobTemplate?.spec?.template)?.metadata?.labels ?? {};
}

interface Template {
  metadata?: { labels?: Labels };
}

/** Whether labels have all of these values. */
export function includes(labels: Labels, wanted: Labels): boolean {
  return Object.entries(wanted).every(([name, value]) => labels[name] === value);
}

/** Whether a pod has a sidecar. */
export function hasSidecar({ metadata }: KubeObject): boolean {
  try {
    const status: unknown = JSON.parse(metadata.annotations?.[SIDECAR] ?? 'null');
    const { containers } = (status ?? {}) as { containers?: unknown };

    return Array.isArray(containers) && containers.length > 0;
  } catch {
    return false;
  }
}

/** Returns the phase of a pod. */
export function phaseOf({ status }: KubeObject): string {
  return String(status?.phase ?? '');
}
