import type { SchemaGroup } from '../group.ts';

/** Types of policy/v1. */
export const policy: SchemaGroup = {
  group: 'policy',
  version: 'v1',
  definitions: 'io.k8s.api.policy.v1',
  kinds: 'Eviction PodDisruptionBudget',
  types: `
Eviction: apiVersion string; deleteOptions meta.DeleteOptions; kind string; metadata meta.ObjectMeta struct
PodDisruptionBudget: apiVersion string; kind string; metadata meta.ObjectMeta struct; spec PodDisruptionBudgetSpec struct; status PodDisruptionBudgetStatus struct
PodDisruptionBudgetSpec: maxUnavailable intorstring; minAvailable intorstring; selector meta.LabelSelector replace; unhealthyPodEvictionPolicy string enum(AlwaysAllow|IfHealthyBudget)
PodDisruptionBudgetStatus: conditions []meta.Condition map(type) merge(type); currentHealthy int32; desiredHealthy int32; disruptedPods {}time; disruptionsAllowed int32; expectedPods int32; observedGeneration int64
`,
};
