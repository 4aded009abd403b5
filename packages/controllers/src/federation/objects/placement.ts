import type { FederatedTemplate, Placement } from '@ks-apiserver/api/federation/federated-object';
import { FEDERATED_NAMESPACE, type FederatedKind } from '@ks-apiserver/api/federation/kinds';
import { labelSelectorFrom } from '@ks-apiserver/apimachinery/selectors/labels';

/** A cluster that objects can be propagated to, as the KubeFedCluster tells it. */
export interface TargetCluster {
  name: string;
  labels: Readonly<Record<string, string>>;
  ready: boolean;
}

/** Clusters that a federated object is to be in. */
export interface SelectedClusters {
  names: ReadonlySet<string>;
  /** Whether the namespace of the object is not federated, so that it is nowhere. */
  namespaceNotFederated: boolean;
}

/** Returns the clusters that a placement selects. Throws a StatusError for a wrong selector. */
function placed(
  { spec }: FederatedTemplate,
  clusters: readonly TargetCluster[],
): ReadonlySet<string> {
  const { clusters: listed, clusterSelector } = spec?.placement ?? {};
  if (listed) {
    const names = new Set(listed.map(({ name }) => name));
    return new Set(clusters.map(({ name }) => name).filter((name) => names.has(name)));
  }
  if (!clusterSelector) {
    return new Set();
  }

  const selector = labelSelectorFrom(clusterSelector);

  return new Set(clusters.filter(({ labels }) => selector.matches(labels)).map(({ name }) => name));
}

/**
 * Returns the clusters in which a federated object is to exist; an object in a namespace only where
 * the namespace is, too. Throws a StatusError for a wrong selector.
 */
export function selectClusters(
  kind: FederatedKind,
  federated: FederatedTemplate,
  clusters: readonly TargetCluster[],
  namespace: FederatedTemplate | undefined,
): SelectedClusters {
  const names = placed(federated, clusters);
  const isNamespace = kind.kind === FEDERATED_NAMESPACE.kind;
  if (!kind.namespaced || isNamespace) {
    return { names, namespaceNotFederated: false };
  }
  if (!namespace) {
    return { names: new Set(), namespaceNotFederated: true };
  }

  const ofNamespace = placed(namespace, clusters);

  return {
    names: new Set([...names].filter((name) => ofNamespace.has(name))),
    namespaceNotFederated: false,
  };
}

/**
 * Whether a placement selects other clusters, but not this one. Throws a StatusError for a wrong
 * selector.
 */
export function leavesOut(
  { clusters, clusterSelector }: Placement,
  { name, labels }: Pick<TargetCluster, 'name' | 'labels'>,
): boolean {
  if (clusters) {
    return clusters.length > 0 && !clusters.some((one) => one.name === name);
  }

  return Boolean(clusterSelector) && !labelSelectorFrom(clusterSelector).matches(labels);
}
