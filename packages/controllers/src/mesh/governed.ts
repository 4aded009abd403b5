import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Entry } from '@ks-apiserver/client/informer/entry';

/** Labels of Kubernetes objects. */
export type Labels = Readonly<Record<string, string>>;

/** Label of the component of an application that an object belongs to. */
export const APP = 'app';

/** Label of the version of a component. */
export const VERSION = 'version';

/** Labels that every part of an application has of which the mesh is managed. */
const APPLICATION_LABELS = ['app.kubernetes.io/name', 'app.kubernetes.io/version', APP];

const ENABLED = 'servicemesh.kubesphere.io/enabled';

/** Whether labels say which application and component something belongs to. */
export function isComponent(labels: Labels | undefined): boolean {
  return APPLICATION_LABELS.every((label) => Boolean(labels?.[label]));
}

/** Whether an object belongs to an application, and the mesh is enabled for it. */
export function isGoverned({
  labels,
  annotations,
}: Pick<Entry, 'labels' | 'annotations'>): boolean {
  return isComponent(labels) && annotations[ENABLED] === 'true';
}

/** Returns the subset name of a version: Istio allows no punctuation there. */
export function subsetName(version: string): string {
  return version.replaceAll(/[._-]/g, '');
}

/** Returns the items of a list that are objects; none for what is no list. */
export function objectsOf<T extends object>(value: readonly T[] | undefined): T[] {
  const items: readonly unknown[] = Array.isArray(value) ? value : [];
  return items.filter((item): item is T => typeof item === 'object' && item !== null);
}

/** A port of a Service. */
export interface ServicePort {
  name?: string;
  port?: number;
  protocol?: string;
}

/** Returns the ports of a Service to which TCP connections are made. */
export function tcpPorts({ spec }: KubeObject): ServicePort[] {
  const ports = objectsOf<ServicePort>(spec?.ports);
  return ports.filter(({ protocol = 'TCP' }) => protocol === 'TCP');
}

/** Returns the object of an entry, whose informer may keep its bytes alone. */
export function parsed<T extends KubeObject = KubeObject>({ bytes }: Entry): T {
  return JSON.parse(bytes.toString()) as T;
}
