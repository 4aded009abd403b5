import type { SchemaGroup } from '../../group.ts';

/** Types of storage.k8s.io/v1. */
export const storage: SchemaGroup = {
  group: 'storage.k8s.io',
  version: 'v1',
  definitions: 'io.k8s.api.storage.v1',
  kinds: 'CSIDriver CSINode CSIStorageCapacity StorageClass VolumeAttachment VolumeAttributesClass',
  types: `
CSIDriver: apiVersion string; kind string; metadata meta.ObjectMeta struct; spec! CSIDriverSpec struct
CSIDriverSpec: attachRequired bool ptr; fsGroupPolicy string ptr; nodeAllocatableUpdatePeriodSeconds int64 ptr; podInfoOnMount bool ptr; preventPodSchedulingIfMissing bool ptr dropped; requiresRepublish bool ptr; seLinuxMount bool ptr; serviceAccountTokenInSecrets bool ptr; storageCapacity bool ptr; tokenRequests []TokenRequest atomic; volumeLifecycleModes []string set
CSINode: apiVersion string; kind string; metadata meta.ObjectMeta struct; spec! CSINodeSpec struct
CSINodeDriver: allocatable VolumeNodeResources; name! string; nodeID! string; topologyKeys []string always atomic
CSINodeSpec: drivers! []CSINodeDriver map(name) merge(name)
CSIStorageCapacity: apiVersion string; capacity quantity ptr; kind string; maximumVolumeSize quantity ptr; metadata meta.ObjectMeta struct; nodeTopology meta.LabelSelector; storageClassName! string
StorageClass: allowVolumeExpansion bool ptr; allowedTopologies []core.TopologySelectorTerm atomic; apiVersion string; kind string; metadata meta.ObjectMeta struct; mountOptions []string atomic; parameters {}string; provisioner! string; reclaimPolicy string ptr enum(Delete|Recycle|Retain); volumeBindingMode string ptr enum(Immediate|WaitForFirstConsumer)
TokenRequest: audience! string; expirationSeconds int64 ptr
VolumeAttachment: apiVersion string; kind string; metadata meta.ObjectMeta struct; spec! VolumeAttachmentSpec struct; status VolumeAttachmentStatus struct
VolumeAttachmentSource: inlineVolumeSpec core.PersistentVolumeSpec; persistentVolumeName string ptr
VolumeAttachmentSpec: attacher! string; nodeName! string; source! VolumeAttachmentSource struct
VolumeAttachmentStatus: attachError VolumeError; attached! bool; attachmentMetadata {}string; detachError VolumeError
VolumeAttributesClass: apiVersion string; driverName! string; kind string; metadata meta.ObjectMeta struct; parameters {}string
VolumeError: errorCode int32 ptr; message string; time time always
VolumeNodeResources: count int32 ptr
`,
};
