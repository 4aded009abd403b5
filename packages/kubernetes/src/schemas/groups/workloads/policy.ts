import type { SchemaGroup } from '../../group.ts';

/** Types of policy/v1. */
export const policy: SchemaGroup = {
  group: 'policy',
  version: 'v1',
  definitions: 'io.k8s.api.policy.v1',
  kinds: 'Eviction PodDisruptionBudget',
  types: `
Eviction: apiVersion string; deleteOptions meta.DeleteOptions; kind string; metadata meta.ObjectMeta struct
PodDisruptionBudget: apiVersion string; kind string; metadata meta.ObjectMeta struct; spec PodDisruptionBudgetSpec struct; status PodDisruptionBudgetStatus struct
PodDisruptionBudgetSpec: maxUnavailable intorstring ptr; minAvailable intorstring ptr; selector meta.LabelSelector replace; unhealthyPodEvictionPolicy string ptr enum(AlwaysAllow|IfHealthyBudget)
PodDisruptionBudgetStatus: conditions []meta.Condition map(type) merge(type); currentHealthy int32 always; desiredHealthy int32 always; disruptedPods {}time; disruptionsAllowed int32 always; expectedPods int32 always; observedGeneration int64
`,
};
