const ONCE = 'ReadWriteOnce';
const MANY = 'ReadWriteMany';
const READERS = 'ReadOnlyMany';

/**
 * How volumes of well-known provisioners can be mounted (Kubernetes "Persistent Volumes", access
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

/**
 * How volumes of a provisioner can be mounted; undefined for one that only its documentation tells
 * of.
 */
export function accessModesOf(provisioner: string): readonly string[] | undefined {
  return Object.hasOwn(MODES, provisioner) ? MODES[provisioner] : undefined;
}
