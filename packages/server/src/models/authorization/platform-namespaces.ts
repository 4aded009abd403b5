import { CONTROLS_NAMESPACE, SYSTEM_NAMESPACE } from '@ks-apiserver/api/namespaces';

/** Namespaces that hold users' certificates and this server's keys. */
export const CREDENTIAL_NAMESPACES: ReadonlySet<string> = new Set([
  SYSTEM_NAMESPACE,
  CONTROLS_NAMESPACE,
]);

/**
 * Namespaces that hold credentials of the platform: this server's keys and sessions, users'
 * kubeconfigs, ServiceAccounts that may do everything.
 */
export const SYSTEM_NAMESPACES: ReadonlySet<string> = new Set([
  'kube-system',
  ...CREDENTIAL_NAMESPACES,
]);

/** The workspace of the platform's own namespaces. */
export const SYSTEM_WORKSPACE = 'system-workspace';
