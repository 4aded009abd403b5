import type { SchemaGroup } from '../../group.ts';

/** Types of batch/v1. */
export const batch: SchemaGroup = {
  group: 'batch',
  version: 'v1',
  definitions: 'io.k8s.api.batch.v1',
  kinds: 'CronJob Job',
  types: `
CronJob: apiVersion string; kind string; metadata meta.ObjectMeta struct; spec! CronJobSpec struct; status CronJobStatus struct
CronJobSpec: concurrencyPolicy string enum(Allow|Forbid|Replace); failedJobsHistoryLimit int32 ptr; jobTemplate! JobTemplateSpec struct; schedule! string; startingDeadlineSeconds int64 ptr; successfulJobsHistoryLimit int32 ptr; suspend bool ptr; timeZone string ptr
CronJobStatus: active []core.ObjectReference atomic; lastScheduleTime time ptr; lastSuccessfulTime time ptr
Job: apiVersion string; kind string; metadata meta.ObjectMeta struct; spec JobSpec struct; status JobStatus struct
JobCondition: lastProbeTime time always; lastTransitionTime time always; message string; reason string; status! string; type! string
JobSpec: activeDeadlineSeconds int64 ptr; backoffLimit int32 ptr; backoffLimitPerIndex int32 ptr; completionMode string ptr enum(Indexed|NonIndexed); completions int32 ptr; managedBy string ptr; manualSelector bool ptr; maxFailedIndexes int32 ptr; parallelism int32 ptr; podFailurePolicy PodFailurePolicy; podReplacementPolicy string ptr enum(Failed|TerminatingOrFailed); selector meta.LabelSelector; successPolicy SuccessPolicy; suspend bool ptr; template! core.PodTemplateSpec struct; ttlSecondsAfterFinished int32 ptr
JobStatus: active int32; completedIndexes string; completionTime time ptr; conditions []JobCondition atomic merge(type); failed int32; failedIndexes string ptr; ready int32 ptr; startTime time ptr; succeeded int32; terminating int32 ptr; uncountedTerminatedPods UncountedTerminatedPods
JobTemplateSpec: metadata meta.ObjectMeta struct; spec JobSpec struct
PodFailurePolicy: rules! []PodFailurePolicyRule atomic
PodFailurePolicyOnExitCodesRequirement: containerName string ptr; operator! string enum(In|NotIn); values! []int32 set
PodFailurePolicyOnPodConditionsPattern: status string always; type! string
PodFailurePolicyRule: action! string enum(Count|FailIndex|FailJob|Ignore); onExitCodes PodFailurePolicyOnExitCodesRequirement; onPodConditions []PodFailurePolicyOnPodConditionsPattern atomic
SuccessPolicy: rules! []SuccessPolicyRule atomic
SuccessPolicyRule: succeededCount int32 ptr; succeededIndexes string ptr
UncountedTerminatedPods: failed []string set; succeeded []string set
`,
};
