/** Namespace of the server itself: its Secrets, sessions, API tokens and locks. */
export const SYSTEM_NAMESPACE = 'kubesphere-system';

/** Namespace of what the server runs for users: kubeconfigs, kubectl pods and routers. */
export const CONTROLS_NAMESPACE = 'kubesphere-controls-system';
