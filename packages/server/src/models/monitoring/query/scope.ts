import type { Matcher } from '@ks-apiserver/promql/matching/matcher';
import type { Selection } from '../metrics/metric-templates.ts';

/** What a call asks about: names of its path, and regular expressions of its query. */
export interface Scope {
  node?: string | undefined;
  workspace?: string | undefined;
  namespace?: string | undefined;
  /** `deployment`, `statefulset` or `daemonset`; any other text stands for every kind. */
  kind?: string | undefined;
  workload?: string | undefined;
  pod?: string | undefined;
  container?: string | undefined;
  claim?: string | undefined;
  storageClass?: string | undefined;
  ingress?: string | undefined;
  /** Job and pod of the ingress controller, and the window of rates in seconds. */
  controller?: { job: string; pod: string; windowSeconds: number };
  /** Namespaces and names of pods, as `namespace/pod`, of which the call asks for the metrics. */
  pods?: readonly string[];
  /** Regular expression (RE2) that names must match as a whole. */
  filter: string;
}

const KINDS: Readonly<Record<string, string>> = {
  deployment: 'Deployment',
  statefulset: 'StatefulSet',
  daemonset: 'DaemonSet',
};

const equals = (name: string, value: string): Matcher => ({ name, op: '=', value });
const differs = (name: string, value: string): Matcher => ({ name, op: '!=', value });
const matches = (name: string, value: string): Matcher => ({ name, op: '=~', value });

/** Returns the regular expression of a literal text (RE2 syntax, "Escapes"). */
function literal(text: string): string {
  return text.replace(/[\\.+*?()|[\]{}^$]/g, '\\$&');
}

/** Chooses one name, or those that the filter matches. */
function named(label: string, name: string | undefined, filter: string): Matcher {
  return name === undefined ? matches(label, filter) : equals(label, name);
}

/** Selects nodes. */
export function selectNodes({ node, filter }: Scope): Selection {
  return { nodes: [named('node', node, filter)] };
}

/** Selects workspaces. */
export function selectWorkspaces({ workspace, filter }: Scope): Selection {
  return workspace === undefined
    ? { workspaces: [matches('workspace', filter), differs('workspace', '')] }
    : { workspaces: [equals('workspace', workspace)] };
}

/** Selects namespaces, all or those of a workspace. */
export function selectNamespaces({ workspace, namespace, filter }: Scope): Selection {
  const ofWorkspace = workspace === undefined ? [] : [equals('workspace', workspace)];
  return { namespaces: [...ofWorkspace, named('namespace', namespace, filter)] };
}

/**
 * Selects workloads of a namespace: recorded series know them as `Deployment:name`, those of
 * kube-state-metrics by a label that is called like the kind in the metric's name.
 */
export function selectWorkloads(
  { namespace = '', kind, filter }: Scope,
  metric: string,
): Selection {
  const ofNamespace = equals('namespace', namespace);
  const label = Object.keys(KINDS).find((name) => metric.includes(name));

  return {
    workloads: [ofNamespace, matches('workload', `${KINDS[kind ?? ''] ?? '.*'}:(${filter})`)],
    objects: label ? [ofNamespace, differs(label, ''), matches(label, filter)] : [],
  };
}

/** Selects the owners of a workload's pods. ReplicaSets are known by their Deployment's name. */
function ownersOf({ kind = '', workload }: Scope): Matcher[] {
  const owner = KINDS[kind];
  if (workload === undefined || owner === undefined) {
    return [];
  }

  return kind === 'deployment'
    ? [
        equals('owner_kind', 'ReplicaSet'),
        matches('owner_name', `^${literal(workload)}-[^-]{1,10}$`),
      ]
    : [equals('owner_kind', owner), equals('owner_name', workload)];
}

/** Selects namespaces and names of pods that a call lists; the pairs are not told apart. */
function listedPods(pods: readonly string[]): Matcher[] {
  const namespaces = new Set<string>();
  const names = new Set<string>();

  for (const pod of pods) {
    const slash = pod.indexOf('/');
    names.add(literal(pod.slice(slash + 1)));

    if (slash > 0) {
      namespaces.add(literal(pod.slice(0, slash)));
    }
  }

  return [
    ...(namespaces.size > 0 ? [matches('namespace', [...namespaces].join('|'))] : []),
    ...(names.size > 0 ? [matches('pod', [...names].join('|'))] : []),
  ];
}

/** Selects pods of a namespace, a node or a workload, or those that the call lists. */
export function selectPods(scope: Scope): Selection {
  const { namespace, node, pod, filter, pods = [] } = scope;

  return {
    owners: ownersOf(scope),
    pods: [
      named('pod', pod, filter),
      ...(namespace === undefined ? [] : [equals('namespace', namespace)]),
      ...(node === undefined ? [] : [equals('node', node)]),
      ...listedPods(pods),
    ],
  };
}

/** Selects containers of a pod. */
export function selectContainers(scope: Scope): Selection {
  const { namespace = '', pod = '', container, filter } = scope;

  return {
    containers: [
      equals('pod', pod),
      equals('namespace', namespace),
      named('container', container, filter),
    ],
  };
}

/** Selects persistent volume claims of a namespace or of a storage class. */
export function selectClaims({ namespace, storageClass, claim, filter }: Scope): Selection {
  return {
    claims: [
      namespace === undefined
        ? equals('storageclass', storageClass ?? '')
        : equals('namespace', namespace),
      named('persistentvolumeclaim', claim, filter),
    ],
  };
}

/** Selects ingresses of a namespace, and the controller that serves them. */
export function selectIngresses({ namespace = '', ingress, controller, filter }: Scope): Selection {
  const { job = '', pod = '', windowSeconds = 300 } = controller ?? {};

  return {
    ingresses: [equals('exported_namespace', namespace), named('ingress', ingress, filter)],
    jobs: [
      job === '' ? matches('job', '.*') : equals('job', job),
      ...(pod === '' ? [] : [equals('controller_pod', pod)]),
    ],
    window: windowSeconds,
  };
}
