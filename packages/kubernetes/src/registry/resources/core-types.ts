import type { ResourceList } from '@ks-apiserver/apimachinery/quota/pod-amounts';

/** The fields of a container (core/v1 Container) that admission, tables and validation read. */
export interface Container {
  name: string;
  image?: string;
  restartPolicy?: string;
  resources?: { requests?: ResourceList; limits?: ResourceList };
  volumeMounts?: { name: string; mountPath: string; readOnly?: boolean }[];
  env?: { name: string; valueFrom?: { secretKeyRef?: { name?: string } } }[];
  envFrom?: { secretRef?: { name?: string } }[];
}

/** A port of a Service (core/v1 ServicePort). */
export interface ServicePort {
  name?: string;
  port: number;
  protocol?: string;
  targetPort?: number | string;
  nodePort?: number;
}

/** A condition in the status of an object. */
export interface Condition {
  type: string;
  status?: string;
  reason?: string;
  lastUpdateTime?: string;
  lastTransitionTime?: string;
}

/** An RBAC subject (rbac.authorization.k8s.io/v1). */
export interface Subject {
  kind?: string;
  name?: string;
  namespace?: string;
}

/** A list of an object's field, empty where the field is missing. */
export function listOf<T>(list: T[] | null | undefined): T[] {
  return list ?? [];
}

/** The containers of a pod's spec: init containers first, as they run. */
export function containersOf(spec: {
  initContainers?: Container[];
  containers?: Container[];
}): Container[] {
  return [...listOf(spec.initContainers), ...listOf(spec.containers)];
}
