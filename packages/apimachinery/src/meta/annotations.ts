/**
 * Annotation in which `kubectl apply` keeps a copy of what it applied last, as JSON (Kubernetes
 * "Well-Known Annotations").
 */
export const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';
