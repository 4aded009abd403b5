import type { SchemaGroup } from '../group.ts';

/** Types of coordination.k8s.io/v1. */
export const coordination: SchemaGroup = {
  group: 'coordination.k8s.io',
  version: 'v1',
  definitions: 'io.k8s.api.coordination.v1',
  kinds: 'Lease',
  types: `
Lease: apiVersion string; kind string; metadata meta.ObjectMeta struct; spec LeaseSpec struct
LeaseSpec: acquireTime microtime; holderIdentity string; leaseDurationSeconds int32; leaseTransitions int32; preferredHolder string; renewTime microtime; strategy string
`,
};
