import {
  FEDERATED_GROUP,
  FEDERATED_KINDS,
  FEDERATED_VERSION,
  type FederatedKind,
  KUBEFED_CLUSTERS,
} from '@ks-apiserver/api/federation/kinds';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';

/** Any object, whose fields are kept as they are. */
const ANY_OBJECT = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
const TEXT = { type: 'string' };
const TEXTS = { type: 'array', items: TEXT };

const PLACEMENT = {
  type: 'object',
  description: 'Clusters that get the object, by name or else by labels; none if neither is given.',
  properties: {
    clusters: {
      type: 'array',
      items: { type: 'object', required: ['name'], properties: { name: TEXT } },
    },
    clusterSelector: {
      type: 'object',
      properties: {
        matchLabels: { type: 'object', additionalProperties: TEXT },
        matchExpressions: {
          type: 'array',
          items: {
            type: 'object',
            required: ['key', 'operator'],
            properties: { key: TEXT, operator: TEXT, values: TEXTS },
          },
        },
      },
    },
  },
};

const OVERRIDES = {
  type: 'array',
  description: 'What differs from the template in single clusters, as operations of JSON patches.',
  items: {
    type: 'object',
    required: ['clusterName'],
    properties: {
      clusterName: TEXT,
      clusterOverrides: {
        type: 'array',
        items: {
          type: 'object',
          required: ['path'],
          properties: {
            op: TEXT,
            path: TEXT,
            value: { 'x-kubernetes-preserve-unknown-fields': true },
          },
        },
      },
    },
  },
};

/** Returns the schema of conditions that have these texts besides type and status. */
function conditionsWith(...texts: readonly string[]) {
  const properties = ['type', 'status', ...texts].map((name) => [name, TEXT]);

  return {
    type: 'array',
    items: {
      type: 'object',
      required: ['type', 'status'],
      properties: Object.fromEntries(properties),
    },
  };
}

const STATUS = {
  type: 'object',
  properties: {
    observedGeneration: { type: 'integer', format: 'int64' },
    conditions: conditionsWith('reason', 'lastUpdateTime', 'lastTransitionTime'),
    clusters: {
      type: 'array',
      items: {
        type: 'object',
        required: ['name'],
        properties: {
          name: TEXT,
          status: TEXT,
          remoteStatus: { 'x-kubernetes-preserve-unknown-fields': true },
        },
      },
    },
  },
};

interface CrdOptions {
  group: string;
  version: string;
  kind: string;
  plural: string;
  namespaced: boolean;
  properties: object;
  columns?: readonly object[];
}

function makeCrd({
  group,
  version,
  kind,
  plural,
  namespaced,
  properties,
  columns = [],
}: CrdOptions): KubeObject {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      names: { kind, listKind: `${kind}List`, plural, singular: kind.toLowerCase() },
      scope: namespaced ? 'Namespaced' : 'Cluster',
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          subresources: { status: {} },
          ...(columns.length > 0 && { additionalPrinterColumns: columns }),
          schema: {
            openAPIV3Schema: {
              type: 'object',
              properties: {
                apiVersion: TEXT,
                kind: TEXT,
                metadata: { type: 'object' },
                ...properties,
              },
            },
          },
        },
      ],
    },
  };
}

function federatedCrd({ kind, namespaced, federated }: FederatedKind): KubeObject {
  const spec = {
    type: 'object',
    properties: {
      template: ANY_OBJECT,
      placement: PLACEMENT,
      overrides: OVERRIDES,
      retainReplicas: { type: 'boolean' },
    },
    'x-kubernetes-preserve-unknown-fields': true,
  };

  return makeCrd({
    group: FEDERATED_GROUP,
    version: FEDERATED_VERSION,
    kind: `Federated${kind}`,
    plural: federated.resource,
    // A namespace's federated object is in the namespace itself.
    namespaced,
    properties: { spec, status: STATUS },
  });
}

const KUBEFED_CLUSTER = makeCrd({
  group: KUBEFED_CLUSTERS.group,
  version: KUBEFED_CLUSTERS.version,
  kind: 'KubeFedCluster',
  plural: KUBEFED_CLUSTERS.resource,
  namespaced: true,
  columns: [
    { name: 'age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
    { name: 'ready', type: 'string', jsonPath: ".status.conditions[?(@.type=='Ready')].status" },
  ],
  properties: {
    spec: {
      type: 'object',
      description: 'How the cluster is reached; with a Secret only where KubeFed itself connects.',
      properties: {
        apiEndpoint: TEXT,
        caBundle: { type: 'string', format: 'byte' },
        secretRef: { type: 'object', properties: { name: TEXT } },
        disabledTLSValidations: TEXTS,
        proxyURL: TEXT,
      },
    },
    status: {
      type: 'object',
      properties: {
        conditions: conditionsWith('reason', 'message', 'lastProbeTime', 'lastTransitionTime'),
        zones: TEXTS,
        region: TEXT,
      },
    },
  },
});

/** Returns the CRDs of objects that are propagated to members, and of the members themselves. */
export function federationCrds(): KubeObject[] {
  return [KUBEFED_CLUSTER, ...FEDERATED_KINDS.map(federatedCrd)];
}
