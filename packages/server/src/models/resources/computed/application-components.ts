/** A kind that an application can have as a component. */
export interface ComponentKind {
  group: string;
  resource: string;
}

/**
 * By group and kind. Kinds that are not listed, such as Secrets and bindings, are never components:
 * they would be shown, and deleted with their application.
 */
const KINDS: Readonly<Record<string, string>> = {
  '/Service': 'services',
  '/Pod': 'pods',
  '/PersistentVolumeClaim': 'persistentvolumeclaims',
  'apps/Deployment': 'deployments',
  'apps/StatefulSet': 'statefulsets',
  'apps/DaemonSet': 'daemonsets',
  'batch/Job': 'jobs',
  'batch/CronJob': 'cronjobs',
  'extensions/Ingress': 'ingresses',
  'networking.k8s.io/Ingress': 'ingresses',
};

/**
 * Returns the resource of a kind that an application names, whose group may include a version;
 * undefined for kinds that cannot be components.
 */
export function componentKind(group: unknown, kind: unknown): ComponentKind | undefined {
  const [name = ''] = String(group ?? '').split('/', 1);
  const resource = KINDS[`${name}/${String(kind)}`];

  return resource === undefined ? undefined : { group: name, resource };
}
