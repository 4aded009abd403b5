const ONCE = 'ReadWriteOnce';
const MANY = 'ReadWriteMany';
const READERS = 'ReadOnlyMany';

/**
 * Access modes of volumes of well-known provisioners (Kubernetes "Persistent Volumes", access
 * modes).
 */
const MODES: Readonly<Record<string, readonly string[]>> = {
  'kubernetes.io/aws-ebs': [ONCE],
  'kubernetes.io/azure-disk': [ONCE],
  'kubernetes.io/azure-file': [ONCE, READERS, MANY],
  'kubernetes.io/cinder': [ONCE],
  'kubernetes.io/gce-pd': [ONCE, READERS],
  'kubernetes.io/glusterfs': [ONCE, READERS, MANY],
  'kubernetes.io/portworx-volume': [ONCE, MANY],
  'kubernetes.io/rbd': [ONCE, READERS],
  'ceph.com/rbd': [ONCE, READERS],
};

/** Returns the access modes of a provisioner's volumes; undefined for an unknown one. */
export function accessModesOf(provisioner: string): readonly string[] | undefined {
  return Object.hasOwn(MODES, provisioner) ? MODES[provisioner] : undefined;
}
