import { isIP, isIPv6 } from 'node:net';
import { WORKSPACE_LABEL } from '@ks-apiserver/api/labels';
import { PeerError, type PeerSources, resolvePeer, selectorOfNamespace } from './policy-peers.ts';
import type { PolicyPeer, PolicyRule, PolicySpec } from './policy-types.ts';

/** Address of the DNS cache that runs on each node. */
const NODE_DNS = '169.254.25.10/32';

const DNS_NAMESPACE = 'kube-system';
const DNS_SERVICES = ['kube-dns', 'coredns'];

const DNS_PORTS = [
  { protocol: 'TCP', port: 53 },
  { protocol: 'UDP', port: 53 },
];

/** Annotation of a node: addresses, separated by `;`, from which its pods' calls come. */
export const NODE_ADDRESSES = 'kubesphere.io/snat-node-ips';

/** What isolates a namespace. */
export interface Isolation {
  namespace: string;
  /** Workspace whose namespaces may connect; undefined where only the namespace itself may. */
  workspace: string | undefined;
  /** Namespaces that may always connect. */
  allowedNamespaces: readonly string[];
  /** Addresses of nodes that may connect. */
  nodeAddresses: readonly string[];
  /** Whether connections to outside are limited too, so that DNS has to be allowed. */
  limitsEgress: boolean;
}

/** Returns the addresses in the annotations of nodes, sorted; others than addresses are left out. */
export function nodeAddresses(annotations: Iterable<string | undefined>): string[] {
  return [...annotations]
    .flatMap((annotation) => annotation?.split(';') ?? [])
    .map((address) => address.trim())
    .filter((address) => isIP(address) !== 0)
    .sort();
}

function blockOf(address: string): PolicyPeer {
  return { ipBlock: { cidr: `${address}/${isIPv6(address) ? 128 : 32}` } };
}

/** Returns the rule for the cluster's DNS service; none where it cannot be found. */
function dnsServiceRule(sources: PeerSources): PolicyRule[] {
  for (const name of DNS_SERVICES) {
    try {
      const service = { name, namespace: DNS_NAMESPACE };
      const { peer, ports = [] } = resolvePeer({ service }, DNS_NAMESPACE, sources);
      return [{ ports, to: [peer] }];
    } catch (error) {
      if (!(error instanceof PeerError)) {
        throw error;
      }
    }
  }

  return [];
}

/** Returns the spec of the NetworkPolicy that isolates a namespace. */
export function isolationPolicy(isolation: Isolation, sources: PeerSources): PolicySpec {
  const { namespace, workspace, allowedNamespaces } = isolation;

  const own =
    workspace === undefined
      ? selectorOfNamespace(namespace, sources)
      : { matchLabels: { [WORKSPACE_LABEL]: workspace } };

  const namespaces = allowedNamespaces.map((name) => selectorOfNamespace(name, sources));
  const from = [own, ...namespaces].map((namespaceSelector) => ({ namespaceSelector }));
  const nodes = isolation.nodeAddresses.map(blockOf);

  const egress = [
    { ports: DNS_PORTS, to: [{ ipBlock: { cidr: NODE_DNS } }] },
    ...dnsServiceRule(sources),
  ];

  return {
    podSelector: {},
    policyTypes: isolation.limitsEgress ? ['Ingress', 'Egress'] : ['Ingress'],
    ingress: [{ from }, ...(nodes.length > 0 ? [{ from: nodes }] : [])],
    ...(isolation.limitsEgress && { egress }),
  };
}
