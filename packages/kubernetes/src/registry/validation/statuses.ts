import type { GroupVersionKind, KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { dnsSubdomainErrors } from '@ks-apiserver/apimachinery/validation/names';
import { ipErrors } from '@ks-apiserver/apimachinery/validation/values';
import type { Fields } from '../resources/defaults/types.ts';
import { type Causes, each } from './causes.ts';
import { nodes } from './cluster/nodes.ts';
import { validateStatusUpdate } from './pods/status.ts';
import { validateAmount, validateQuotaResourceName } from './resources.ts';

type StatusRule = (object: KubeObject, old: KubeObject, out: Causes) => void;

/** Counts that must not be negative, and those that must not exceed `status.replicas`. */
function counts(
  names: readonly string[],
  parts: readonly string[],
  readiness = 'readyReplicas',
): StatusRule {
  return ({ status = {} }, old, out) => {
    for (const name of names) {
      out.notNegative(`status.${name}`, status[name]);
    }

    for (const name of parts) {
      if ((status[name] ?? 0) > (status.replicas ?? 0)) {
        out.invalid(`status.${name}`, status[name] ?? 0, 'cannot be greater than status.replicas');
      }
    }

    if (parts.length > 0 && (status.availableReplicas ?? 0) > (status.readyReplicas ?? 0)) {
      out.invalid(
        'status.availableReplicas',
        status.availableReplicas ?? 0,
        `cannot be greater than ${readiness}`,
      );
    }

    const before = old.status?.collisionCount;
    if (
      names.includes('collisionCount') &&
      before !== undefined &&
      (status.collisionCount ?? -1) < before
    ) {
      out.invalid('status.collisionCount', status.collisionCount ?? 0, 'cannot be decremented');
    }
  };
}

function balancers({ ofService }: { ofService: boolean }): StatusRule {
  return ({ status = {}, spec = {} }, _old, out) => {
    const field = 'status.loadBalancer.ingress';
    const list: Fields[] = status.loadBalancer?.ingress ?? [];
    if (ofService && spec.type !== 'LoadBalancer' && list.length > 0) {
      out.forbidden(field, "may only be used when `spec.type` is 'LoadBalancer'");
      return;
    }

    each(list, field, ({ ip = '', hostname = '', ipMode }, path) => {
      if (ip !== '') {
        out.each(`${path}.ip`, ip, ipErrors(ip));
      }

      if (ofService && ipMode !== undefined) {
        if (ip === '') {
          out.forbidden(`${path}.ipMode`, 'may not be specified when `ip` is not set');
        } else {
          out.supported(`${path}.ipMode`, ipMode, ['Proxy', 'VIP']);
        }
      }

      if (hostname === '') {
        return;
      }

      out.each(`${path}.hostname`, hostname, dnsSubdomainErrors(hostname));

      if (ipErrors(hostname).length === 0) {
        out.invalid(`${path}.hostname`, hostname, 'must be a DNS name, not an IP address');
      }
    });
  };
}

const namespacePhase: StatusRule = ({ metadata, status = {} }, _old, out) => {
  const phase = metadata.deletionTimestamp ? 'Terminating' : 'Active';
  if (status.phase === phase) {
    return;
  }

  const when = metadata.deletionTimestamp ? 'is not empty' : 'is empty';
  out.invalid(
    'status.Phase',
    status.phase ?? '',
    `may only be '${phase}' if \`deletionTimestamp\` ${when}`,
  );
};

const quotaStatus: StatusRule = ({ status = {} }, _old, out) => {
  for (const field of ['hard', 'used']) {
    for (const [name, amount] of Object.entries(status[field] ?? {})) {
      validateQuotaResourceName(name, `status.${field}[${name}]`, out);
      validateAmount(name, amount, `status.${field}[${name}]`, out);
    }
  }
};

const replicas = [
  'replicas',
  'fullyLabeledReplicas',
  'readyReplicas',
  'availableReplicas',
  'observedGeneration',
];

const partsOfSet = ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'];

const rules = new Map<string, StatusRule>(
  Object.entries({
    '/Namespace': namespacePhase,
    '/Node': (object, old, out) => nodes(object, old, out, 'status'),
    '/Pod': validateStatusUpdate,
    '/ReplicationController': counts(replicas, partsOfSet),
    '/ResourceQuota': quotaStatus,
    '/Service': balancers({ ofService: true }),
    'networking.k8s.io/Ingress': balancers({ ofService: false }),
    'apps/Deployment': counts(
      [
        'observedGeneration',
        'replicas',
        'updatedReplicas',
        'readyReplicas',
        'availableReplicas',
        'unavailableReplicas',
        'terminatingReplicas',
        'collisionCount',
      ],
      ['updatedReplicas', 'readyReplicas', 'availableReplicas'],
    ),
    'apps/ReplicaSet': counts([...replicas, 'terminatingReplicas'], partsOfSet),
    'apps/StatefulSet': counts(
      [
        'replicas',
        'readyReplicas',
        'currentReplicas',
        'updatedReplicas',
        'availableReplicas',
        'observedGeneration',
        'collisionCount',
      ],
      ['readyReplicas', 'currentReplicas', 'updatedReplicas', 'availableReplicas'],
      'status.readyReplicas',
    ),
    'apps/DaemonSet': counts(
      [
        'currentNumberScheduled',
        'numberMisscheduled',
        'desiredNumberScheduled',
        'numberReady',
        'observedGeneration',
        'updatedNumberScheduled',
        'numberAvailable',
        'numberUnavailable',
        'collisionCount',
      ],
      [],
    ),
    'policy/PodDisruptionBudget': counts(
      ['disruptionsAllowed', 'currentHealthy', 'desiredHealthy', 'expectedPods'],
      [],
    ),
    'autoscaling/HorizontalPodAutoscaler': counts(['currentReplicas', 'desiredReplicas'], []),
  } satisfies Record<string, StatusRule>),
);

/** What is wrong with a status. */
export function validateStatus(
  gvk: GroupVersionKind,
  object: KubeObject,
  old: KubeObject,
  out: Causes,
): void {
  rules.get(`${gvk.group}/${gvk.kind}`)?.(object, old, out);
}
