import { randomUUID } from 'node:crypto';
import { timestamp } from '@ks-apiserver/apimachinery/meta/time';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { listOf } from '../core-types.ts';
import { STATUS_METADATA, type Strategy } from '../strategy.ts';
import { csrStrategy } from './certificate-signing-requests.ts';
import { claimStrategy } from './claims.ts';
import { daemonSetStrategy } from './daemon-sets.ts';
import { eventFields } from './events.ts';
import { labelJobPods } from './jobs.ts';
import { namespaceStrategy } from './namespaces.ts';
import { nodeStrategy } from './nodes.ts';
import { podStrategy } from './pods/strategy.ts';
import { secretStrategy } from './secrets.ts';

/** A strategy that gives new objects a status. */
function withStatus(status: () => Record<string, unknown>, rest: Strategy = {}): Strategy {
  return {
    ...rest,
    prepareForCreate(object, context) {
      object.status = status();
      rest.prepareForCreate?.(object, context);
    },
  };
}

const empty = () => ({});
const counted: Strategy = { generation: true };
const deleted: Strategy = { returnsDeleted: true };

/** Keeps only the names in a ServiceAccount's Secrets. */
function nameSecrets(object: KubeObject): void {
  const secrets = listOf<{ name?: string }>(object.secrets);
  for (const [index, { name }] of secrets.entries()) {
    secrets[index] = name === undefined ? {} : { name };
  }
}

const replicas = (object: KubeObject) => ({
  'status.replicas': String(object.status?.replicas ?? 0),
});

/**
 * Strategies of the built-in resources, by `resource` or `resource.group` of where they are stored.
 */
export const BUILTIN_STRATEGIES: ReadonlyMap<string, Strategy> = new Map<string, Strategy>([
  ['namespaces', namespaceStrategy],
  ['pods', podStrategy],
  ['secrets', secretStrategy],
  ['events', { createOnUpdate: true, fields: eventFields }],
  ['nodes', nodeStrategy],
  ['endpoints', { createOnUpdate: true }],
  ['limitranges', { createOnUpdate: true, unnamed: () => randomUUID() }],
  [
    'serviceaccounts',
    { returnsDeleted: true, prepareForCreate: nameSecrets, prepareForUpdate: nameSecrets },
  ],
  ['podtemplates', { returnsDeleted: true, generation: true }],
  ['resourcequotas', withStatus(empty, { returnsDeleted: true })],
  [
    'persistentvolumes',
    {
      returnsDeleted: true,
      prepareForCreate: (object, { now }) => {
        object.status = { phase: 'Pending', lastPhaseTransitionTime: timestamp(now) };
      },
    },
  ],
  ['persistentvolumeclaims', claimStrategy],
  [
    'replicationcontrollers',
    withStatus(() => ({ replicas: 0 }), {
      ...counted,
      fields: replicas,
      propagationPolicy: 'Orphan',
    }),
  ],
  ['deployments.apps', withStatus(empty, { ...counted, statusKeeps: ['labels'] })],
  ['replicasets.apps', withStatus(() => ({ replicas: 0 }), counted)],
  ['statefulsets.apps', withStatus(() => ({ replicas: 0, availableReplicas: 0 }), counted)],
  [
    'daemonsets.apps',
    withStatus(
      () => ({
        currentNumberScheduled: 0,
        numberMisscheduled: 0,
        desiredNumberScheduled: 0,
        numberReady: 0,
      }),
      daemonSetStrategy,
    ),
  ],
  [
    'jobs.batch',
    withStatus(empty, {
      ...counted,
      prepareForCreate: labelJobPods,
      fields: (object) => ({ 'status.successful': String(object.status?.succeeded ?? 0) }),
    }),
  ],
  ['cronjobs.batch', withStatus(empty, counted)],
  ['ingresses.networking.k8s.io', withStatus(() => ({ loadBalancer: {} }), counted)],
  ['networkpolicies.networking.k8s.io', counted],
  ['ingressclasses.networking.k8s.io', counted],
  ['servicecidrs.networking.k8s.io', withStatus(empty, { statusKeeps: STATUS_METADATA })],
  [
    'poddisruptionbudgets.policy',
    withStatus(
      () => ({ disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 }),
      {
        ...counted,
        unconditionalUpdate: false,
      },
    ),
  ],
  [
    'horizontalpodautoscalers.autoscaling',
    withStatus(() => ({ desiredReplicas: 0, currentMetrics: null })),
  ],
  ['certificatesigningrequests.certificates.k8s.io', csrStrategy],
  ['apiservices.apiregistration.k8s.io', withStatus(empty, { unconditionalUpdate: false })],
  ['leases.coordination.k8s.io', { createOnUpdate: true, unconditionalUpdate: false }],
  ['endpointslices.discovery.k8s.io', counted],
  ...['roles', 'rolebindings', 'clusterroles', 'clusterrolebindings'].map(
    (name): [string, Strategy] => [`${name}.rbac.authorization.k8s.io`, { createOnUpdate: true }],
  ),
  // Its generation is set once and never changes.
  [
    'priorityclasses.scheduling.k8s.io',
    {
      prepareForCreate: (object) => {
        object.metadata.generation = 1;
      },
    },
  ],
  ['runtimeclasses.node.k8s.io', { createOnUpdate: true, unconditionalUpdate: false }],
  ['storageclasses.storage.k8s.io', deleted],
  ['volumeattributesclasses.storage.k8s.io', deleted],
  ...['csidrivers', 'csinodes', 'volumeattachments'].map((name): [string, Strategy] => [
    `${name}.storage.k8s.io`,
    { ...deleted, unconditionalUpdate: false },
  ]),
  ['csistoragecapacities.storage.k8s.io', { unconditionalUpdate: false }],
  [
    'flowschemas.flowcontrol.apiserver.k8s.io',
    withStatus(empty, { ...counted, statusKeeps: STATUS_METADATA }),
  ],
  [
    'prioritylevelconfigurations.flowcontrol.apiserver.k8s.io',
    withStatus(empty, { ...counted, statusKeeps: STATUS_METADATA }),
  ],
  ...[
    'mutatingwebhookconfigurations',
    'validatingwebhookconfigurations',
    'validatingadmissionpolicies',
    'validatingadmissionpolicybindings',
  ].map((name): [string, Strategy] => [
    `${name}.admissionregistration.k8s.io`,
    { ...counted, unconditionalUpdate: false },
  ]),
]);
