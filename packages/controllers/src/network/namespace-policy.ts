import { PeerError, type PeerSources, resolvePeer } from './policy-peers.ts';
import type {
  NamespacePeer,
  NamespacePolicy,
  PolicyPort,
  PolicyRule,
  PolicySpec,
} from './policy-types.ts';

/** A NetworkPolicy's spec, and what of its source could not be used. */
export interface ConvertedPolicy {
  spec: PolicySpec;
  problems: string[];
}

/** Ports with the protocol that the API would add: what is stored can then be compared. */
function withProtocols(ports: readonly PolicyPort[] | undefined) {
  return ports && { ports: ports.map((port) => ({ protocol: 'TCP', ...port })) };
}

/**
 * Returns what a NamespaceNetworkPolicy means as a NetworkPolicy for all pods of its namespace.
 * Peers that cannot be resolved admit nobody and are named in `problems`.
 */
export function convertPolicy(policy: NamespacePolicy, sources: PeerSources): ConvertedPolicy {
  const { spec = {}, metadata } = policy;
  const namespace = metadata.namespace ?? '';
  const problems: string[] = [];

  const resolve = (peers: readonly NamespacePeer[]) =>
    peers.flatMap((peer) => {
      try {
        return [resolvePeer(peer, namespace, sources)];
      } catch (error) {
        if (!(error instanceof PeerError)) {
          throw error;
        }

        problems.push(error.message);
        return [];
      }
    });

  const ingress = spec.ingress?.flatMap(({ ports, from = [] }): PolicyRule[] => {
    const peers = resolve(from).map(({ peer }) => peer);

    // Without peers a rule would admit everybody.
    return from.length > 0 && peers.length === 0
      ? []
      : [{ ...withProtocols(ports), ...(peers.length > 0 && { from: peers }) }];
  });

  const egress = spec.egress?.flatMap(({ ports, to = [] }): PolicyRule[] => {
    const peers = resolve(to);
    const services = peers.filter((peer) => peer.ports !== undefined);
    const others = peers.filter((peer) => peer.ports === undefined).map(({ peer }) => peer);

    return [
      // A Service may be reached at its own ports alone.
      ...services.map(({ peer, ports: own = [] }) => ({ ports: own, to: [peer] })),
      ...(others.length > 0 || to.length === 0
        ? [{ ...withProtocols(ports), ...(others.length > 0 && { to: others }) }]
        : []),
    ];
  });

  const policyTypes = spec.policyTypes ?? [
    ...(egress ? ['Egress'] : []),
    ...(ingress ? ['Ingress'] : []),
  ];

  return {
    spec: {
      podSelector: {},
      policyTypes,
      ...(ingress && { ingress }),
      ...(egress && { egress }),
    },
    problems,
  };
}
