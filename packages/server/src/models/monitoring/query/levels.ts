import { API_SERVER_METRICS } from '../metrics/api-server.ts';
import { CLAIM_METRICS } from '../metrics/claim.ts';
import { CLUSTER_METRICS } from '../metrics/cluster.ts';
import { CONTAINER_METRICS } from '../metrics/container.ts';
import { ETCD_METRICS } from '../metrics/etcd.ts';
import { INGRESS_METRICS } from '../metrics/ingress.ts';
import type { MetricTemplates, Selection } from '../metrics/metric-templates.ts';
import { NAMESPACE_METRICS } from '../metrics/namespace.ts';
import { NODE_METRICS } from '../metrics/node.ts';
import { POD_METRICS } from '../metrics/pod.ts';
import { SCHEDULER_METRICS } from '../metrics/scheduler.ts';
import { WORKLOAD_METRICS } from '../metrics/workload.ts';
import { WORKSPACE_METRICS } from '../metrics/workspace.ts';
import {
  type Scope,
  selectClaims,
  selectContainers,
  selectIngresses,
  selectNamespaces,
  selectNodes,
  selectPods,
  selectWorkloads,
  selectWorkspaces,
} from './scope.ts';

/** What a group of metrics is about. */
export interface Level {
  templates: MetricTemplates;
  /** The label that tells series of the level apart: lists are sorted and paged by it. */
  identifier?: string;
  /** Returns the matchers of one metric's templates. */
  select: (scope: Scope, metric: string) => Selection;
}

const everything = () => ({});

/** All levels but the components of the control plane. */
export const LEVELS = {
  cluster: { templates: CLUSTER_METRICS, select: everything },
  node: { templates: NODE_METRICS, identifier: 'node', select: selectNodes },
  workspace: { templates: WORKSPACE_METRICS, identifier: 'workspace', select: selectWorkspaces },
  namespace: { templates: NAMESPACE_METRICS, identifier: 'namespace', select: selectNamespaces },
  workload: { templates: WORKLOAD_METRICS, identifier: 'workload', select: selectWorkloads },
  pod: { templates: POD_METRICS, identifier: 'pod', select: selectPods },
  container: { templates: CONTAINER_METRICS, identifier: 'container', select: selectContainers },
  claim: {
    templates: CLAIM_METRICS,
    identifier: 'persistentvolumeclaim',
    select: selectClaims,
  },
  ingress: { templates: INGRESS_METRICS, identifier: 'ingress', select: selectIngresses },
} as const satisfies Record<string, Level>;

const COMPONENTS: ReadonlyMap<string, MetricTemplates> = new Map([
  ['etcd', ETCD_METRICS],
  ['apiserver', API_SERVER_METRICS],
  ['scheduler', SCHEDULER_METRICS],
]);

/** Returns the level of a component of the control plane; unknown ones have no metrics. */
export function componentLevel(component: string): Level {
  return { templates: COMPONENTS.get(component) ?? {}, select: everything };
}
