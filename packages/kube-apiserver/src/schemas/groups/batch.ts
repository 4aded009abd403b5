import type { SchemaGroup } from '../group.ts';

/** Types of batch/v1. */
export const batch: SchemaGroup = {
  group: 'batch',
  version: 'v1',
  definitions: 'io.k8s.api.batch.v1',
  kinds: 'CronJob Job',
  types: `
CronJob: apiVersion string; kind string; metadata meta.ObjectMeta struct; spec! CronJobSpec struct; status CronJobStatus struct
CronJobSpec: concurrencyPolicy string enum(Allow|Forbid|Replace); failedJobsHistoryLimit int32; jobTemplate! JobTemplateSpec struct; schedule! string; startingDeadlineSeconds int64; successfulJobsHistoryLimit int32; suspend bool; timeZone string
CronJobStatus: active []core.ObjectReference atomic; lastScheduleTime time; lastSuccessfulTime time
Job: apiVersion string; kind string; metadata meta.ObjectMeta struct; spec JobSpec struct; status JobStatus struct
JobCondition: lastProbeTime time; lastTransitionTime time; message string; reason string; status! string; type! string
JobSpec: activeDeadlineSeconds int64; backoffLimit int32; backoffLimitPerIndex int32; completionMode string enum(Indexed|NonIndexed); completions int32; managedBy string; manualSelector bool; maxFailedIndexes int32; parallelism int32; podFailurePolicy PodFailurePolicy; podReplacementPolicy string enum(Failed|TerminatingOrFailed); selector meta.LabelSelector; successPolicy SuccessPolicy; suspend bool; template! core.PodTemplateSpec struct; ttlSecondsAfterFinished int32
JobStatus: active int32; completedIndexes string; completionTime time; conditions []JobCondition atomic merge(type); failed int32; failedIndexes string; ready int32; startTime time; succeeded int32; terminating int32; uncountedTerminatedPods UncountedTerminatedPods
JobTemplateSpec: metadata meta.ObjectMeta struct; spec JobSpec struct
PodFailurePolicy: rules! []PodFailurePolicyRule atomic
PodFailurePolicyOnExitCodesRequirement: containerName string; operator! string enum(In|NotIn); values! []int32 set
PodFailurePolicyOnPodConditionsPattern: status string; type! string
PodFailurePolicyRule: action! string enum(Count|FailIndex|FailJob|Ignore); onExitCodes PodFailurePolicyOnExitCodesRequirement; onPodConditions []PodFailurePolicyOnPodConditionsPattern atomic
SuccessPolicy: rules! []SuccessPolicyRule atomic
SuccessPolicyRule: succeededCount int32; succeededIndexes string
UncountedTerminatedPods: failed []string set; succeeded []string set
`,
};
