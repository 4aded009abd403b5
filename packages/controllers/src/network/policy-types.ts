import type { PersistedObject } from '@ks-apiserver/apimachinery/meta/types';

/** A port of a rule, as in a NetworkPolicy. */
export interface PolicyPort {
  protocol?: string;
  port?: number | string;
}

/** Whom a rule of a NetworkPolicy admits. */
export interface PolicyPeer {
  namespaceSelector?: { matchLabels: Record<string, string> };
  podSelector?: { matchLabels: Record<string, string> };
  ipBlock?: { cidr: string; except?: string[] };
}

/** A rule of a NetworkPolicy (networking.k8s.io/v1). */
export interface PolicyRule {
  ports?: readonly PolicyPort[];
  from?: readonly PolicyPeer[];
  to?: readonly PolicyPeer[];
}

/** The spec of a NetworkPolicy. */
export interface PolicySpec {
  podSelector: Record<string, never>;
  policyTypes: readonly string[];
  ingress?: readonly PolicyRule[];
  egress?: readonly PolicyRule[];
}

/** Whom a rule of a NamespaceNetworkPolicy admits: one of the three. */
export interface NamespacePeer {
  namespace?: { name: string };
  service?: { name: string; namespace: string };
  ipBlock?: { cidr: string; except?: string[] };
}

/** A NamespaceNetworkPolicy (network.kubesphere.io/v1alpha1). */
export interface NamespacePolicy extends PersistedObject {
  spec?: {
    policyTypes?: string[];
    ingress?: { ports?: PolicyPort[]; from?: NamespacePeer[] }[];
    egress?: { ports?: PolicyPort[]; to?: NamespacePeer[] }[];
  };
}
