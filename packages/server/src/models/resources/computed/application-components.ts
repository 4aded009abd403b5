/** A kind that applications are made of. */
export interface ComponentKind {
  group: string;
  resource: string;
}

/**
 * By group and kind. What is not here, such as Secrets and bindings, is never a component: it would
 * be shown, and go with its application.
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
 * The resource of a kind that an application names, whose group may say a version too; undefined
 * for what is no component.
 */
export function componentKind(group: unknown, kind: unknown): ComponentKind | undefined {
  const name = String(group ?? '').split('/', 1)[0]!;
  const resource = KINDS[`${name}/${String(kind)}`];

  return resource === undefined ? undefined : { group: name, resource };
}
