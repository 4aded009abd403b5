import type { Entry } from '@ks-apiserver/client/informer/entry';
import { listField, serviceSelects } from '../computed/fields.ts';
import type { ResourceStores, SortKey } from '../query/resource-definition.ts';

/** A condition of the older search; it also gets the query's other exact conditions. */
export type Condition = (
  entry: Entry,
  value: string,
  stores: ResourceStores,
  others: ReadonlyMap<string, string>,
) => boolean;

/** Conditions and sort keys of one resource beyond names and labels. */
export interface SearchType {
  keys?: Readonly<Record<string, Condition>>;
  orderBy?: Readonly<Record<string, SortKey>>;
}

const equal =
  (field: string): Condition =>
  (entry, value) =>
    entry.fields[field] === value;

const time =
  (field: string): SortKey =>
  (entry) =>
    Number(entry.fields[field]);

const status = { keys: { status: equal('status') } };

function ownedBy(entry: Entry, kind: string, name: string): boolean {
  return listField(entry, 'owners').includes(`${kind}/${name}`);
}

/**
 * Tests whether a pod belongs to a workload; pods of a Deployment belong to one of its ReplicaSets.
 */
const podOwner: Condition = (pod, _value, stores, others) => {
  const kind = others.get('ownerKind') ?? '';
  const name = others.get('ownerName') ?? '';

  if (kind !== 'Deployment') {
    return (
      ['ReplicaSet', 'DaemonSet', 'StatefulSet', 'Job'].includes(kind) && ownedBy(pod, kind, name)
    );
  }

  const replicaSets = stores.store('replicasets');

  return listField(pod, 'owners').some((owner) => {
    if (!owner.startsWith('ReplicaSet/')) {
      return false;
    }

    const replicaSet = replicaSets?.get(owner.slice('ReplicaSet/'.length), pod.namespace);
    return replicaSet !== undefined && ownedBy(replicaSet, kind, name);
  });
};

const roleOwner: Condition = (role, _value, _stores, others) =>
  (role.object?.metadata.ownerReferences ?? []).some(
    ({ kind, name }) => kind === others.get('ownerKind') && name === others.get('ownerName'),
  );

const userFacing: Condition = (role, value) =>
  value !== 'true' || role.annotations['kubesphere.io/creator'] !== undefined;

const autoscalerTarget: Condition = (autoscaler, _value, _stores, others) => {
  const { kind, name } = { ...Object(autoscaler.fields.target) };
  return kind === others.get('targetKind') && name === others.get('targetName');
};

/** `key=false` leaves out jobs that are owned by an object of this kind. */
const ownerKind =
  (kind: string): Condition =>
  (job, value) =>
    value !== 'false' || !job.owners.some((owner) => owner.kind === kind);

/** All resources that v1alpha2 lists. */
export const SEARCH_TYPES: ReadonlyMap<string, SearchType> = new Map<string, SearchType>([
  ...[
    'configmaps',
    'ingresses',
    'services',
    'namespaces',
    'workspaces',
    'applications',
    's2ibuilders',
    's2ibuildertemplates',
  ].map((resource): [string, SearchType] => [resource, {}]),
  ['secrets', { keys: { type: equal('type') } }],
  [
    'deployments',
    { keys: { status: equal('wantedStatus') }, orderBy: { updateTime: time('updateTime') } },
  ],
  ['daemonsets', status],
  ['statefulsets', status],
  ['cronjobs', { ...status, orderBy: { lastScheduleTime: time('lastScheduleTime') } }],
  [
    'jobs',
    {
      keys: {
        status: equal('countStatus'),
        includeCronJob: ownerKind('CronJob'),
        includeS2iRun: ownerKind('S2iRun'),
      },
      orderBy: { updateTime: time('updateTime') },
    },
  ],
  [
    'persistentvolumeclaims',
    {
      keys: {
        status: (claim, value) =>
          value.toLowerCase().split('|').includes(String(claim.fields.phase)),
        storageClassName: equal('storageClassName'),
      },
    },
  ],
  [
    'pods',
    {
      keys: {
        ownerKind: podOwner,
        ownerName: podOwner,
        nodeName: equal('nodeName'),
        pvcName: (pod, value) => listField(pod, 'claims').includes(value),
        serviceName: serviceSelects,
      },
      orderBy: { startTime: time('startTime') },
    },
  ],
  ['roles', { keys: { userfacing: userFacing } }],
  [
    'clusterroles',
    { keys: { ownerKind: roleOwner, ownerName: roleOwner, userfacing: userFacing } },
  ],
  [
    'nodes',
    {
      keys: {
        role: (node, value) => node.labels[`node-role.kubernetes.io/${value}`] !== undefined,
        status: equal('status'),
      },
    },
  ],
  ['storageclasses', {}],
  [
    'horizontalpodautoscalers',
    { keys: { targetKind: autoscalerTarget, targetName: autoscalerTarget } },
  ],
  ['s2iruns', status],
]);

/**
 * Resources whose lists in v1alpha3 use the older search too, because 3.0 has nothing else for
 * them.
 */
export const SEARCHED_IN_V1ALPHA3: ReadonlySet<string> = new Set([
  'secrets',
  'cronjobs',
  'storageclasses',
  'horizontalpodautoscalers',
  's2ibuilders',
  's2iruns',
  's2ibuildertemplates',
]);
