import type { SchemaGroup } from '../../group.ts';

/** Types of apps/v1. */
export const apps: SchemaGroup = {
  group: 'apps',
  version: 'v1',
  definitions: 'io.k8s.api.apps.v1',
  kinds: 'ControllerRevision DaemonSet Deployment ReplicaSet StatefulSet',
  types: `
ControllerRevision: apiVersion string; data raw; kind string; metadata meta.ObjectMeta struct; revision! int64
DaemonSet: apiVersion string; kind string; metadata meta.ObjectMeta struct; spec DaemonSetSpec struct; status DaemonSetStatus struct
DaemonSetCondition: lastTransitionTime time always; message string; reason string; status! string; type! string
DaemonSetSpec: minReadySeconds int32; revisionHistoryLimit int32 ptr; selector! meta.LabelSelector; template! core.PodTemplateSpec struct; updateStrategy DaemonSetUpdateStrategy struct
DaemonSetStatus: collisionCount int32 ptr; conditions []DaemonSetCondition map(type) merge(type); currentNumberScheduled! int32; desiredNumberScheduled! int32; numberAvailable int32; numberMisscheduled! int32; numberReady! int32; numberUnavailable int32; observedGeneration int64; updatedNumberScheduled int32
DaemonSetUpdateStrategy: rollingUpdate RollingUpdateDaemonSet; type string enum(OnDelete|RollingUpdate)
Deployment: apiVersion string; kind string; metadata meta.ObjectMeta struct; spec DeploymentSpec struct; status DeploymentStatus struct
DeploymentCondition: lastTransitionTime time always; lastUpdateTime time always; message string; reason string; status! string; type! string
DeploymentSpec: minReadySeconds int32; paused bool; progressDeadlineSeconds int32 ptr; replicas int32 ptr; revisionHistoryLimit int32 ptr; selector! meta.LabelSelector; strategy DeploymentStrategy retain struct; template! core.PodTemplateSpec struct
DeploymentStatus: availableReplicas int32; collisionCount int32 ptr; conditions []DeploymentCondition map(type) merge(type); observedGeneration int64; readyReplicas int32; replicas int32; terminatingReplicas int32 ptr; unavailableReplicas int32; updatedReplicas int32
DeploymentStrategy: rollingUpdate RollingUpdateDeployment; type string enum(Recreate|RollingUpdate)
ReplicaSet: apiVersion string; kind string; metadata meta.ObjectMeta struct; spec ReplicaSetSpec struct; status ReplicaSetStatus struct
ReplicaSetCondition: lastTransitionTime time always; message string; reason string; status! string; type! string
ReplicaSetSpec: minReadySeconds int32; replicas int32 ptr; selector! meta.LabelSelector; template core.PodTemplateSpec struct
ReplicaSetStatus: availableReplicas int32; conditions []ReplicaSetCondition map(type) merge(type); fullyLabeledReplicas int32; observedGeneration int64; readyReplicas int32; replicas! int32; terminatingReplicas int32 ptr
RollingUpdateDaemonSet: maxSurge intorstring ptr; maxUnavailable intorstring ptr
RollingUpdateDeployment: maxSurge intorstring ptr; maxUnavailable intorstring ptr
RollingUpdateStatefulSetStrategy: maxUnavailable intorstring ptr dropped; partition int32 ptr
StatefulSet: apiVersion string; kind string; metadata meta.ObjectMeta struct; spec StatefulSetSpec struct; status StatefulSetStatus struct
StatefulSetCondition: lastTransitionTime time always; message string; reason string; status! string; type! string
StatefulSetOrdinals: start int32 always
StatefulSetPersistentVolumeClaimRetentionPolicy: whenDeleted string; whenScaled string
StatefulSetSpec: minReadySeconds int32; ordinals StatefulSetOrdinals; persistentVolumeClaimRetentionPolicy StatefulSetPersistentVolumeClaimRetentionPolicy; podManagementPolicy string enum(OrderedReady|Parallel); replicas int32 ptr; revisionHistoryLimit int32 ptr; selector! meta.LabelSelector; serviceName string always; template! core.PodTemplateSpec struct; updateStrategy StatefulSetUpdateStrategy struct; volumeClaimTemplates []core.PersistentVolumeClaim atomic
StatefulSetStatus: availableReplicas int32 always; collisionCount int32 ptr; conditions []StatefulSetCondition map(type) merge(type); currentReplicas int32; currentRevision string; observedGeneration int64; readyReplicas int32; replicas! int32; updateRevision string; updatedReplicas int32
StatefulSetUpdateStrategy: rollingUpdate RollingUpdateStatefulSetStrategy; type string enum(OnDelete|RollingUpdate)
`,
};
