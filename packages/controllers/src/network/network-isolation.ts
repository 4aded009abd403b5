import { WORKSPACE_LABEL } from '@ks-apiserver/api/labels';
import { controllerReference, isTerminating } from '@ks-apiserver/apimachinery/meta/object-meta';
import type { GroupVersionResource, KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Entry } from '@ks-apiserver/client/informer/entry';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import type { EventRecorder } from '../events/recorder.ts';
import type { Reconciler } from '../runtime/controller.ts';
import { ensureDeleted, ensureEqual } from '../runtime/ensure.ts';
import { isolationPolicy, NODE_ADDRESSES, nodeAddresses } from './isolation-policy.ts';
import { convertPolicy } from './namespace-policy.ts';
import type { PeerSources } from './policy-peers.ts';
import type { NamespacePolicy, PolicySpec } from './policy-types.ts';

const NETWORK_POLICIES: GroupVersionResource = {
  group: 'networking.k8s.io',
  version: 'v1',
  resource: 'networkpolicies',
};

/** Annotation of a namespace that isolates it when its value is `enabled`. */
const ISOLATE_ANNOTATION = 'kubesphere.io/network-isolate';

/** How the names of the NetworkPolicies made here begin. */
const PREFIX = 'nsnp-';
const ISOLATION_NAME = `${PREFIX}network-isolate`;

/** Dependencies of the controller. */
export interface NetworkIsolationDependencies {
  client: KubeClient;
  namespaces: Informer;
  workspaces: Informer;
  services: Informer;
  nodes: Informer;
  /** NamespaceNetworkPolicies; their informer keeps objects. */
  namespacePolicies: Informer;
  /** NetworkPolicies; their informer keeps objects. */
  networkPolicies: Informer;
  events: EventRecorder;
  /** Namespaces that may connect to every isolated one. */
  allowedNamespaces: readonly string[];
}

/** Whom an isolated namespace trusts: its own pods, or all of its workspace. */
type Scope = 'namespace' | 'workspace';

function parsed({ bytes }: Entry): KubeObject {
  return JSON.parse(bytes.toString()) as KubeObject;
}

function isNamespacePolicy({ kind }: { kind: string }): boolean {
  return kind === 'NamespaceNetworkPolicy';
}

function isMade({ name }: Entry): boolean {
  return name.startsWith(PREFIX);
}

function namesService(policy: NamespacePolicy, { name, namespace }: Entry): boolean {
  const { ingress = [], egress = [] } = policy.spec ?? {};

  return [...ingress.flatMap(({ from = [] }) => from), ...egress.flatMap(({ to = [] }) => to)].some(
    ({ service }) => service?.name === name && service.namespace === namespace,
  );
}

/**
 * Isolates namespaces by NetworkPolicies, where the namespace's annotation or its Workspace says
 * so, and makes a NetworkPolicy of each NamespaceNetworkPolicy while its namespace is isolated by
 * itself. The key is the namespace.
 */
export function networkIsolationReconciler({
  client,
  namespaces,
  workspaces,
  services,
  nodes,
  namespacePolicies,
  networkPolicies,
  events,
  allowedNamespaces,
}: NetworkIsolationDependencies): Reconciler {
  const sources: PeerSources = {
    namespace: (name) => namespaces.store.get(name),
    service: (name, namespace) => {
      const entry = services.store.get(name, namespace);
      return entry && parsed(entry);
    },
  };

  /** Reads the annotation from the whole object: entries keep the beginning of long ones. */
  const addressesOfNodes = () =>
    nodeAddresses(
      [...nodes.store.values()]
        .filter(({ annotations }) => NODE_ADDRESSES in annotations)
        .map((entry) => parsed(entry).metadata.annotations?.[NODE_ADDRESSES]),
    );

  const policiesOf = (namespace: string) =>
    namespacePolicies.store
      .list('name', namespace)
      .flatMap(({ object }) => (object ? [object as NamespacePolicy] : []));

  function scopeOf(namespace: Entry): Scope | undefined {
    const workspace = workspaces.store.get(namespace.labels[WORKSPACE_LABEL] ?? '')?.object;
    if (!workspace) {
      return undefined;
    }
    if (namespace.annotations[ISOLATE_ANNOTATION] === 'enabled') {
      return 'namespace';
    }

    return workspace.spec?.networkIsolation === true ? 'workspace' : undefined;
  }

  async function ensurePolicy(
    name: string,
    namespace: string,
    spec: PolicySpec,
    owner?: NamespacePolicy,
  ): Promise<void> {
    const policy = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: {
        name,
        namespace,
        ...(owner && { ownerReferences: [controllerReference(owner)] }),
      },
      spec,
    };

    await ensureEqual(
      client,
      NETWORK_POLICIES,
      policy,
      ['spec'],
      networkPolicies.store.get(name, namespace)?.object,
    );
  }

  /** Deletes what was made for a namespace and is not `wanted` any more. */
  async function removeOthers(namespace: string, wanted: ReadonlySet<string>): Promise<void> {
    const made = networkPolicies.store
      .list('name', namespace)
      .filter(({ name, owners }) => name === ISOLATION_NAME || owners.some(isNamespacePolicy))
      .map(({ name }) => name);

    // Those of 3.0 have no owner.
    const ofPolicies = policiesOf(namespace).map(({ metadata }) => PREFIX + metadata.name);
    const existing = ofPolicies.filter((name) => networkPolicies.store.get(name, namespace));

    for (const name of new Set([...made, ...existing])) {
      if (!wanted.has(name)) {
        await ensureDeleted(client, { resource: NETWORK_POLICIES, namespace, name });
      }
    }
  }

  /** Returns the names of the policies that isolate the namespace now. */
  async function isolate(namespace: Entry, scope: Scope): Promise<ReadonlySet<string>> {
    const all = scope === 'namespace' ? policiesOf(namespace.name) : [];
    const policies = all.filter((policy) => !isTerminating(policy));

    const spec = isolationPolicy(
      {
        namespace: namespace.name,
        workspace: scope === 'workspace' ? namespace.labels[WORKSPACE_LABEL] : undefined,
        allowedNamespaces,
        nodeAddresses: addressesOfNodes(),
        limitsEgress: policies.some((policy) => (policy.spec?.egress?.length ?? 0) > 0),
      },
      sources,
    );

    await ensurePolicy(ISOLATION_NAME, namespace.name, spec);

    for (const policy of policies) {
      const { spec: converted, problems } = convertPolicy(policy, sources);
      await ensurePolicy(PREFIX + policy.metadata.name, namespace.name, converted, policy);

      for (const problem of problems) {
        events.record(policy, 'Warning', 'PeerIgnored', problem);
      }
    }

    return new Set([ISOLATION_NAME, ...policies.map(({ metadata }) => PREFIX + metadata.name)]);
  }

  const isolated = () =>
    [...namespaces.store.values()].filter((one) => scopeOf(one)).map(({ name }) => name);

  return {
    name: 'network-isolation',
    about: (name) => namespaces.store.get(name)?.object,
    sources: [
      { informer: namespaces, keys: ({ entry }) => [entry.name] },
      {
        informer: workspaces,
        keys: ({ entry }) =>
          [...namespaces.store.values()]
            .filter(({ labels }) => labels[WORKSPACE_LABEL] === entry.name)
            .map(({ name }) => name),
      },
      { informer: namespacePolicies, keys: ({ entry }) => [entry.namespace] },
      { informer: networkPolicies, keys: ({ entry }) => (isMade(entry) ? [entry.namespace] : []) },
      {
        informer: services,
        keys: ({ entry }) =>
          [...namespacePolicies.store.values()]
            .filter(({ object }) => object && namesService(object as NamespacePolicy, entry))
            .map(({ namespace }) => namespace),
      },
      {
        // Nodes change with every heartbeat.
        informer: nodes,
        keys: ({ entry, previous, type }) =>
          type === 'MODIFIED' &&
          previous?.annotations[NODE_ADDRESSES] === entry.annotations[NODE_ADDRESSES]
            ? []
            : isolated(),
      },
    ],
    async reconcile(name) {
      const namespace = namespaces.store.get(name);
      if (!namespace || (namespace.object && isTerminating(namespace.object))) {
        return undefined;
      }

      const scope = scopeOf(namespace);
      await removeOthers(name, scope ? await isolate(namespace, scope) : new Set());

      return undefined;
    },
  };
}
