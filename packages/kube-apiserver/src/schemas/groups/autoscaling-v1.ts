import type { SchemaGroup } from '../group.ts';

/** Types of autoscaling/v1. */
export const autoscalingV1: SchemaGroup = {
  group: 'autoscaling',
  version: 'v1',
  definitions: 'io.k8s.api.autoscaling.v1',
  kinds: 'HorizontalPodAutoscaler Scale',
  types: `
CrossVersionObjectReference atomic: apiVersion string; kind! string; name! string
HorizontalPodAutoscaler: apiVersion string; kind string; metadata meta.ObjectMeta struct; spec! HorizontalPodAutoscalerSpec struct; status HorizontalPodAutoscalerStatus struct
HorizontalPodAutoscalerSpec: maxReplicas! int32; minReplicas int32; scaleTargetRef! CrossVersionObjectReference struct; targetCPUUtilizationPercentage int32
HorizontalPodAutoscalerStatus: currentCPUUtilizationPercentage int32; currentReplicas! int32; desiredReplicas! int32; lastScaleTime time; observedGeneration int64
Scale: apiVersion string; kind string; metadata meta.ObjectMeta struct; spec ScaleSpec struct; status ScaleStatus struct
ScaleSpec: replicas int32
ScaleStatus: replicas! int32; selector string
`,
};
