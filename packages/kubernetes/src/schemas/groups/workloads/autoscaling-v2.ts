import type { SchemaGroup } from '../../group.ts';

/** Types of autoscaling/v2. */
export const autoscalingV2: SchemaGroup = {
  group: 'autoscaling',
  version: 'v2',
  definitions: 'io.k8s.api.autoscaling.v2',
  kinds: 'HorizontalPodAutoscaler',
  types: `
ContainerResourceMetricSource: container! string; name! string; target! MetricTarget struct
ContainerResourceMetricStatus: container! string; current! MetricValueStatus struct; name! string
CrossVersionObjectReference: apiVersion string; kind! string; name! string
ExternalMetricSource: metric! MetricIdentifier struct; target! MetricTarget struct
ExternalMetricStatus: current! MetricValueStatus struct; metric! MetricIdentifier struct
HPAScalingPolicy: periodSeconds! int32; type! string; value! int32
HPAScalingRules: policies []HPAScalingPolicy ptr atomic; selectPolicy string ptr; stabilizationWindowSeconds int32 ptr; tolerance quantity ptr
HorizontalPodAutoscaler: apiVersion string; kind string; metadata meta.ObjectMeta struct; spec! HorizontalPodAutoscalerSpec struct; status HorizontalPodAutoscalerStatus struct
HorizontalPodAutoscalerBehavior: scaleDown HPAScalingRules; scaleUp HPAScalingRules
HorizontalPodAutoscalerCondition: lastTransitionTime time always; message string; reason string; status! string; type! string
HorizontalPodAutoscalerSpec: behavior HorizontalPodAutoscalerBehavior; maxReplicas! int32; metrics []MetricSpec atomic; minReplicas int32 ptr; scaleTargetRef! CrossVersionObjectReference struct
HorizontalPodAutoscalerStatus: conditions []HorizontalPodAutoscalerCondition map(type) merge(type); currentMetrics []MetricStatus always atomic; currentReplicas int32; desiredReplicas! int32; lastScaleTime time ptr; observedGeneration int64 ptr
MetricIdentifier: name! string; selector meta.LabelSelector
MetricSpec: containerResource ContainerResourceMetricSource; external ExternalMetricSource; object ObjectMetricSource; pods PodsMetricSource; resource ResourceMetricSource; type! string
MetricStatus: containerResource ContainerResourceMetricStatus; external ExternalMetricStatus; object ObjectMetricStatus; pods PodsMetricStatus; resource ResourceMetricStatus; type! string
MetricTarget: averageUtilization int32 ptr; averageValue quantity ptr; type! string; value quantity ptr
MetricValueStatus: averageUtilization int32 ptr; averageValue quantity ptr; value quantity ptr
ObjectMetricSource: describedObject! CrossVersionObjectReference struct; metric! MetricIdentifier struct; target! MetricTarget struct
ObjectMetricStatus: current! MetricValueStatus struct; describedObject! CrossVersionObjectReference struct; metric! MetricIdentifier struct
PodsMetricSource: metric! MetricIdentifier struct; target! MetricTarget struct
PodsMetricStatus: current! MetricValueStatus struct; metric! MetricIdentifier struct
ResourceMetricSource: name! string; target! MetricTarget struct
ResourceMetricStatus: current! MetricValueStatus struct; name! string
`,
};
