import type { SchemaGroup } from '../../group.ts';

/** Types of scheduling.k8s.io/v1. */
export const scheduling: SchemaGroup = {
  group: 'scheduling.k8s.io',
  version: 'v1',
  definitions: 'io.k8s.api.scheduling.v1',
  kinds: 'PriorityClass',
  types: `
PriorityClass: apiVersion string; description string; globalDefault bool; kind string; metadata meta.ObjectMeta struct; preemptionPolicy string ptr enum(Never|PreemptLowerPriority); value int32 always
`,
};
