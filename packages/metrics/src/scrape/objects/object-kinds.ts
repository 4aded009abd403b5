import { renderNode } from './node-series.ts';
import { renderPod } from './pod-series.ts';
import type { Renderer } from './renderer.ts';
import {
  renderClaim,
  renderConfigMap,
  renderEndpoints,
  renderIngress,
  renderNamespace,
  renderQuota,
  renderS2iBuilder,
  renderSecret,
  renderService,
  renderVolume,
} from './resource-series.ts';
import {
  renderAutoscaler,
  renderCronJob,
  renderDaemonSet,
  renderDeployment,
  renderJob,
  renderReplicaSet,
  renderStatefulSet,
} from './workload-series.ts';

/** The renderer of each kind of objects, by the name of its resource. */
export const RENDERERS = {
  configmaps: renderConfigMap,
  cronjobs: renderCronJob,
  daemonsets: renderDaemonSet,
  deployments: renderDeployment,
  endpoints: renderEndpoints,
  horizontalpodautoscalers: renderAutoscaler,
  ingresses: renderIngress,
  jobs: renderJob,
  namespaces: renderNamespace,
  nodes: renderNode,
  persistentvolumeclaims: renderClaim,
  persistentvolumes: renderVolume,
  pods: renderPod,
  replicasets: renderReplicaSet,
  resourcequotas: renderQuota,
  s2ibuilders: renderS2iBuilder,
  secrets: renderSecret,
  services: renderService,
  statefulsets: renderStatefulSet,
} as const satisfies Record<string, Renderer>;

/** A resource whose objects have series. */
export type ObjectKind = keyof typeof RENDERERS;

/** Kinds of which only namespace and name are read: the rest may be secret, or large. */
export const NAME_ONLY: ReadonlySet<ObjectKind> = new Set(['configmaps', 'endpoints', 'secrets']);
