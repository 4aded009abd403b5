import type { SchemaGroup } from '../../group.ts';

/** Types of coordination.k8s.io/v1. */
export const coordination: SchemaGroup = {
  group: 'coordination.k8s.io',
  version: 'v1',
  definitions: 'io.k8s.api.coordination.v1',
  kinds: 'Lease',
  types: `
Lease: apiVersion string; kind string; metadata meta.ObjectMeta struct; spec LeaseSpec struct
LeaseSpec: acquireTime microtime ptr; holderIdentity string ptr; leaseDurationSeconds int32 ptr; leaseTransitions int32 ptr; preferredHolder string ptr dropped; renewTime microtime ptr; strategy string ptr dropped
`,
};
