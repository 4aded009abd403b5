import type { SchemaGroup } from '../../group.ts';

/** Types of autoscaling/v1. */
export const autoscalingV1: SchemaGroup = {
  group: 'autoscaling',
  version: 'v1',
  definitions: 'io.k8s.api.autoscaling.v1',
  kinds: 'HorizontalPodAutoscaler Scale',
  types: `
CrossVersionObjectReference atomic: apiVersion string; kind! string; name! string
HorizontalPodAutoscaler: apiVersion string; kind string; metadata meta.ObjectMeta struct; spec! HorizontalPodAutoscalerSpec struct; status HorizontalPodAutoscalerStatus struct
HorizontalPodAutoscalerSpec: maxReplicas! int32; minReplicas int32 ptr; scaleTargetRef! CrossVersionObjectReference struct; targetCPUUtilizationPercentage int32 ptr
HorizontalPodAutoscalerStatus: currentCPUUtilizationPercentage int32 ptr; currentReplicas! int32; desiredReplicas! int32; lastScaleTime time ptr; observedGeneration int64 ptr
Scale: apiVersion string; kind string; metadata meta.ObjectMeta struct; spec ScaleSpec struct; status ScaleStatus struct
ScaleSpec: replicas int32
ScaleStatus: replicas! int32; selector string
`,
};
