import type { SchemaGroup } from '../../group.ts';

/** Types of v1 that all groups share. */
export const meta: SchemaGroup = {
  group: '',
  version: 'v1',
  definitions: 'io.k8s.apimachinery.pkg.apis.meta.v1',
  kinds: '',
  types: `
Condition: lastTransitionTime! time always; message! string; observedGeneration int64; reason! string; status! string; type! string
DeleteOptions: apiVersion string; dryRun []string atomic; gracePeriodSeconds int64 ptr; ignoreStoreReadErrorWithClusterBreakingPotential bool ptr; kind string; orphanDependents bool ptr; preconditions Preconditions; propagationPolicy string ptr
FieldSelectorRequirement: key! string; operator! string; values []string atomic
GroupVersionForDiscovery: groupVersion! string; version! string
LabelSelector atomic: matchExpressions []LabelSelectorRequirement atomic; matchLabels {}string
LabelSelectorRequirement: key! string; operator! string; values []string atomic
ListMeta: continue string; remainingItemCount int64 ptr; resourceVersion string; selfLink string; shardInfo ShardInfo
ManagedFieldsEntry: apiVersion string; fieldsType string; fieldsV1 fields; manager string; operation string; subresource string; time time ptr
ObjectMeta: annotations {}string; creationTimestamp time; deletionGracePeriodSeconds int64 ptr; deletionTimestamp time ptr; finalizers []string set merge; generateName string; generation int64; labels {}string; managedFields []ManagedFieldsEntry atomic; name string; namespace string; ownerReferences []OwnerReference map(uid) merge(uid); resourceVersion string; selfLink string; uid string
OwnerReference atomic: apiVersion! string; blockOwnerDeletion bool ptr; controller bool ptr; kind! string; name! string; uid! string
Preconditions: resourceVersion string ptr; uid string ptr
ServerAddressByClientCIDR: clientCIDR! string; serverAddress! string
ShardInfo: selector! string
Status: apiVersion string; code int32; details StatusDetails; kind string; message string; metadata ListMeta struct; reason string; status string
StatusCause: field string; message string; reason string
StatusDetails: causes []StatusCause atomic; group string; kind string; name string; retryAfterSeconds int32; uid string
`,
};
