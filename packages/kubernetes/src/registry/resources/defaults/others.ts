import { RBAC_GROUP } from '../../authorization/rbac-group.ts';
import { type Fields, fill, fillZero } from './types.ts';

function service(value: Fields): void {
  fill(value, { sessionAffinity: 'None', type: 'ClusterIP' });

  if (value.sessionAffinity === 'None') {
    delete value.sessionAffinityConfig;
  }

  if (
    value.sessionAffinity === 'ClientIP' &&
    value.sessionAffinityConfig?.clientIP?.timeoutSeconds === undefined
  ) {
    value.sessionAffinityConfig = { clientIP: { timeoutSeconds: 10_800 } };
  }

  for (const port of value.ports ?? []) {
    fill(port, { protocol: 'TCP' });
    if (!port.targetPort && port.port !== undefined) {
      port.targetPort = port.port;
    }
  }

  const external = value.type === 'NodePort' || value.type === 'LoadBalancer';
  const hasExternalIPs = value.type === 'ClusterIP' && (value.externalIPs ?? []).length > 0;
  if (external || hasExternalIPs) {
    fill(value, { externalTrafficPolicy: 'Cluster' });
  }
  if (value.type !== 'ExternalName') {
    fill(value, { internalTrafficPolicy: 'Cluster' });
  }
  if (value.type === 'LoadBalancer') {
    fill(value, { allocateLoadBalancerNodePorts: true });
  }
}

function limitRangeItem(value: Fields): void {
  if (value.type !== 'Container') {
    return;
  }

  value.default = { ...value.max, ...value.default };
  value.defaultRequest = { ...value.min, ...value.default, ...value.defaultRequest };
}

const webhook = {
  failurePolicy: 'Fail',
  matchPolicy: 'Equivalent',
  namespaceSelector: {},
  objectSelector: {},
  timeoutSeconds: 10,
};

function roleRef(value: Fields): void {
  if (value.roleRef) {
    fill(value.roleRef, { apiGroup: RBAC_GROUP });
  }
}

/** Defaults of the other kinds, by type. */
export const otherDefaults: Readonly<Record<string, (value: Fields) => void>> = {
  'core.v1.ServiceSpec': service,
  'core.v1.Secret': (value) => {
    fill(value, { type: 'Opaque' });

    if (value.stringData === undefined) {
      return;
    }

    value.data ??= {};
    for (const [key, text] of Object.entries(value.stringData)) {
      if (key !== '__proto__') {
        value.data[key] = Buffer.from(String(text)).toString('base64');
      }
    }

    delete value.stringData;
  },
  'core.v1.Namespace': (value) => {
    const { name, labels } = value.metadata ?? {};
    if (name) {
      value.metadata.labels = { ...labels, 'kubernetes.io/metadata.name': name };
    }
  },
  'core.v1.NamespaceStatus': (value) => fill(value, { phase: 'Active' }),
  // Of the singular and plural field, one that is set sets the other.
  'core.v1.NodeSpec': (value) => {
    if (value.podCIDR && value.podCIDRs?.[0] !== value.podCIDR) {
      value.podCIDRs = [value.podCIDR];
    } else if (!value.podCIDR && value.podCIDRs?.length) {
      value.podCIDR = value.podCIDRs[0];
    }
  },
  'core.v1.PodStatus': (value) => {
    if (value.podIP && value.podIPs?.[0]?.ip !== value.podIP) {
      value.podIPs = [{ ip: value.podIP }];
    } else if (!value.podIP && value.podIPs?.length) {
      value.podIP = value.podIPs[0].ip;
    }
  },
  'core.v1.NodeStatus': (value) => {
    if (value.allocatable === undefined && value.capacity !== undefined) {
      value.allocatable = { ...value.capacity };
    }
  },
  'core.v1.Service': ({ status }) => {
    for (const ingress of status?.loadBalancer?.ingress ?? []) {
      if (ingress.ip) {
        fill(ingress, { ipMode: 'VIP' });
      }
    }
  },
  'core.v1.PersistentVolumeSpec': (value) =>
    fill(value, { persistentVolumeReclaimPolicy: 'Retain', volumeMode: 'Filesystem' }),
  'core.v1.PersistentVolumeStatus': (value) => fill(value, { phase: 'Pending' }),
  'core.v1.PersistentVolumeClaimSpec': (value) => fill(value, { volumeMode: 'Filesystem' }),
  'core.v1.PersistentVolumeClaimStatus': (value) => fill(value, { phase: 'Pending' }),
  'core.v1.EndpointPort': (value) => fill(value, { protocol: 'TCP' }),
  'core.v1.LimitRangeItem': limitRangeItem,
  'discovery.v1.EndpointPort': (value) => {
    value.name ??= '';
    value.protocol ??= 'TCP';
  },
  'networking.v1.NetworkPolicyPort': (value) => fill(value, { protocol: 'TCP' }),
  'networking.v1.NetworkPolicySpec': (value) => {
    if ((value.policyTypes ?? []).length > 0) {
      return;
    }
    value.policyTypes = (value.egress ?? []).length > 0 ? ['Ingress', 'Egress'] : ['Ingress'];
  },
  'networking.v1.IngressClassParametersReference': (value) => fill(value, { scope: 'Cluster' }),
  'storage.v1.StorageClass': (value) =>
    fill(value, { reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate' }),
  'storage.v1.CSIDriverSpec': (value) => {
    fill(value, {
      attachRequired: true,
      podInfoOnMount: false,
      storageCapacity: false,
      fsGroupPolicy: 'ReadWriteOnceWithFSType',
      requiresRepublish: false,
      seLinuxMount: false,
    });

    if ((value.volumeLifecycleModes ?? []).length === 0) {
      value.volumeLifecycleModes = ['Persistent'];
    }
  },
  'rbac.v1.ClusterRoleBinding': roleRef,
  'rbac.v1.RoleBinding': roleRef,
  'rbac.v1.Subject': (value) => {
    if (value.kind === 'User' || value.kind === 'Group') {
      fill(value, { apiGroup: RBAC_GROUP });
    }
  },
  'admissionregistration.v1.ValidatingWebhook': (value) => fill(value, webhook),
  'admissionregistration.v1.MutatingWebhook': (value) =>
    fill(value, { ...webhook, reinvocationPolicy: 'Never' }),
  'admissionregistration.v1.RuleWithOperations': (value) => fill(value, { scope: '*' }),
  'admissionregistration.v1.NamedRuleWithOperations': (value) => fill(value, { scope: '*' }),
  'admissionregistration.v1.ServiceReference': (value) => fill(value, { port: 443 }),
  'admissionregistration.v1.ValidatingAdmissionPolicySpec': (value) =>
    fill(value, { failurePolicy: 'Fail' }),
  'admissionregistration.v1.MatchResources': (value) =>
    fill(value, { matchPolicy: 'Equivalent', namespaceSelector: {}, objectSelector: {} }),
  'scheduling.v1.PriorityClass': (value) =>
    fill(value, { preemptionPolicy: 'PreemptLowerPriority' }),
  'flowcontrol.v1.FlowSchemaSpec': (value) => fillZero(value, { matchingPrecedence: 1000 }),
  'flowcontrol.v1.ExemptPriorityLevelConfiguration': (value) =>
    fill(value, { nominalConcurrencyShares: 0, lendablePercent: 0 }),
  'flowcontrol.v1.LimitedPriorityLevelConfiguration': (value) =>
    fill(value, { nominalConcurrencyShares: 30, lendablePercent: 0 }),
  'flowcontrol.v1.QueuingConfiguration': (value) =>
    fillZero(value, { handSize: 8, queues: 64, queueLengthLimit: 50 }),
  'apiextensions.v1.CustomResourceDefinitionSpec': (value) => {
    fill(value, { conversion: { strategy: 'None' } });

    const { names } = value;
    if (names?.kind) {
      fill(names, { singular: names.kind.toLowerCase(), listKind: `${names.kind}List` });
    }
  },
  'apiextensions.v1.ServiceReference': (value) => fill(value, { port: 443 }),
  'apiregistration.v1.ServiceReference': (value) => fill(value, { port: 443 }),
};
