import { NAMESPACE_LABEL, WORKSPACE_LABEL } from '@ks-apiserver/api/labels';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Entry } from '@ks-apiserver/client/informer/entry';
import type { NamespacePeer, PolicyPeer, PolicyPort } from './policy-types.ts';

/** Label that Kubernetes sets on every namespace and lets nobody change, since 1.21. */
const NAME_LABEL = 'kubernetes.io/metadata.name';

/** What peers are looked up in. */
export interface PeerSources {
  namespace: (name: string) => Entry | undefined;
  service: (name: string, namespace: string) => KubeObject | undefined;
}

/** A peer of a NetworkPolicy; `ports` are those of the Service that it stands for. */
export interface ResolvedPeer {
  peer: PolicyPeer;
  ports?: readonly PolicyPort[];
}

/** A peer that does not exist, or may not be named. */
export class PeerError extends Error {}

/** Returns the selector of one namespace, by the label that nobody can forge where there is one. */
export function selectorOfNamespace(
  name: string,
  { namespace }: Pick<PeerSources, 'namespace'>,
): NonNullable<PolicyPeer['namespaceSelector']> {
  const label = namespace(name)?.labels[NAME_LABEL] === name ? NAME_LABEL : NAMESPACE_LABEL;
  return { matchLabels: { [label]: name } };
}

function workspaceOf(name: string, { namespace }: PeerSources): string | undefined {
  return namespace(name)?.labels[WORKSPACE_LABEL];
}

/** Returns the ports of a Service's pods: policies act on those, not on the Service's own. */
function podPorts(service: KubeObject): PolicyPort[] {
  const ports: { protocol?: string; port: number; targetPort?: number | string }[] =
    service.spec?.ports ?? [];

  return ports.map(({ protocol = 'TCP', port, targetPort = port }) => ({
    protocol,
    port: targetPort,
  }));
}

/**
 * Returns the pods behind a Service. Throws a PeerError for a Service of another workspace, whose
 * labels are not for everybody to read.
 */
function peerOfService(
  { name, namespace }: { name: string; namespace: string },
  own: string,
  sources: PeerSources,
): ResolvedPeer {
  if (namespace !== own && workspaceOf(namespace, sources) !== workspaceOf(own, sources)) {
    throw new PeerError(`the service ${namespace}/${name} is in no project of this workspace`);
  }

  const service = sources.service(name, namespace);
  if (!service) {
    throw new PeerError(`the service ${namespace}/${name} does not exist`);
  }

  const selector: Record<string, string> = service.spec?.selector ?? {};
  if (Object.keys(selector).length === 0) {
    throw new PeerError(
      `the service ${namespace}/${name} selects no pods: name an ipBlock instead`,
    );
  }

  return {
    peer: {
      podSelector: { matchLabels: { ...selector } },
      namespaceSelector: selectorOfNamespace(namespace, sources),
    },
    ports: podPorts(service),
  };
}

/**
 * Returns the peer of a NetworkPolicy that a peer of a NamespaceNetworkPolicy in the namespace
 * `own` stands for. Throws a PeerError.
 */
export function resolvePeer(
  { namespace, service, ipBlock }: NamespacePeer,
  own: string,
  sources: PeerSources,
): ResolvedPeer {
  if (service) {
    return peerOfService(service, own, sources);
  }
  if (namespace) {
    return { peer: { namespaceSelector: selectorOfNamespace(namespace.name, sources) } };
  }
  if (ipBlock) {
    return { peer: { ipBlock } };
  }

  throw new PeerError('a peer has none of namespace, service and ipBlock');
}
