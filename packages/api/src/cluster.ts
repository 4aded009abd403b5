/**
 * Condition of a Cluster that tells whether a KubeSphere is installed in it. Where it is False, the
 * host answers for the cluster.
 */
export const KUBESPHERE_CONDITION = 'KubeSphereInstalled';

/** Annotation of a Cluster: the Service of its Prometheus, as `namespace/name:port`. */
export const PROMETHEUS_ANNOTATION = 'monitoring.kubesphere.io/prometheus';
