/**
 * Condition of a Cluster that tells whether a KubeSphere is installed in it. Where it is False, the
 * host answers for the cluster.
 */
export const KUBESPHERE_CONDITION = 'KubeSphereInstalled';
