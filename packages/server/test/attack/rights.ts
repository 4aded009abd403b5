import { PATHS, SYSTEM } from '../support/test-platform.ts';
import type { Attacker } from './attackers.ts';
import type { Tenants } from './built-in-roles.ts';
import type { RawClient } from './raw-client.ts';

/** A question about one right, and its place: in a workspace, in a namespace, or everywhere. */
interface Probe {
  query: string;
  workspace: string;
  namespace: string;
}

type Right = [verb: string, resource: string, group?: string, subresource?: string];

const IAM = 'iam.kubesphere.io';
const RBAC = 'rbac.authorization.k8s.io';
const TENANT = 'tenant.kubesphere.io';

const PLATFORM: Right[] = [
  ['get', 'secrets'],
  ['list', 'nodes'],
  ['create', 'globalrolebindings', IAM],
  ['update', 'globalroles', IAM],
  ['update', 'users', IAM],
  ['create', 'clusterrolebindings', RBAC],
  ['update', 'certificatesigningrequests', 'certificates.k8s.io', 'approval'],
  ['get', 'clusters', 'cluster.kubesphere.io'],
];

const WORKSPACE: Right[] = [
  ['patch', 'workspaces', TENANT],
  ['create', 'workspacemembers', IAM],
];

const NAMESPACE: Right[] = [
  ['list', 'pods'],
  ['get', 'secrets'],
  ['create', 'pods', '', 'exec'],
  ['create', 'rolebindings', RBAC],
];

const SYSTEM_NAMESPACE: Right[] = [
  ['list', 'pods'],
  ['list', 'configmaps'],
  ['create', 'serviceaccounts', '', 'token'],
];

const DEVOPS: Right[] = [['create', 'members', IAM]];

function probe(
  [verb, resource, apiGroup = '', subresource = '']: Right,
  place: Record<string, string>,
): Probe {
  const isCollection = verb === 'list' || verb === 'create';
  const name = isCollection && !subresource ? '' : 'x';
  const api = resource === 'namespaces' && apiGroup === TENANT ? {} : { api: 'kubernetes' };

  const query = new URLSearchParams({
    verb,
    resource,
    apiGroup,
    subresource,
    name,
    ...api,
    ...place,
  }).toString();

  return { query, workspace: place.workspace ?? '', namespace: place.namespace ?? '' };
}

/**
 * Returns everything that is asked about a caller: rights on the platform, in both tenants, and in
 * the platform's own namespaces.
 */
export function probesOf({ own, other }: Tenants): Probe[] {
  return [
    ...PLATFORM.map((right) => probe(right, {})),
    ...[own.workspace, other.workspace, 'system-workspace'].flatMap((workspace) =>
      WORKSPACE.map((right) => probe(right, { workspace })),
    ),
    ...[own.namespace, own.devopsNamespace, other.namespace].flatMap((namespace) =>
      NAMESPACE.map((right) => probe(right, { namespace })),
    ),
    ...SYSTEM.flatMap((namespace) => SYSTEM_NAMESPACE.map((right) => probe(right, { namespace }))),
    ...DEVOPS.map((right) => probe(right, { devops: own.devops })),
  ];
}

/** The rights of a caller among those that were asked: one line each. */
export type Rights = ReadonlySet<string>;

async function may(client: RawClient, token: string, query: string): Promise<boolean> {
  const { status, body } = await client.send(`${PATHS.iam}/explain?${query}`, { token });
  if (status !== 200) {
    throw new Error(`explain?${query}: ${status} ${body}`);
  }

  return JSON.parse(body).allowed;
}

/** Asks the server for the rights of a caller. */
export async function rightsOf(
  client: RawClient,
  tenants: Tenants,
  token: string,
): Promise<Rights> {
  const rights = new Set<string>();

  const probes = probesOf(tenants).map(async ({ query }) => {
    if (await may(client, token, query)) {
      rights.add(query);
    }
  });

  await Promise.all(probes);

  return rights;
}

const VISIBLE = ['secrets', 'configmaps'];

/**
 * Returns the places that a caller sees in lists of all visible objects and in the lists of the
 * tenant API.
 */
export async function placesOf(
  client: RawClient,
  { own, other }: Tenants,
  token: string,
): Promise<Rights> {
  const known = new Set([
    own.workspace,
    other.workspace,
    own.namespace,
    own.devopsNamespace,
    other.namespace,
    ...SYSTEM,
  ]);

  const seen = new Set<string>();

  const itemsOf = async (path: string) => {
    const { status, body } = await client.send(path, { token });
    return status === 200 ? JSON.parse(body).items : [];
  };

  // biome-ignore lint/suspicious/noExplicitAny: items of any kind.
  const add = (what: string, items: any[], field: 'name' | 'namespace') => {
    for (const { metadata } of items) {
      if (known.has(metadata[field])) {
        seen.add(`sees ${what} of ${metadata[field]}`);
      }
    }
  };

  await Promise.all([
    ...VISIBLE.map(async (resource) => {
      add(
        resource,
        await itemsOf(`${PATHS.resources}/${resource}?scope=visible&limit=-1`),
        'namespace',
      );
    }),
    ...['workspaces', 'namespaces'].map(async (resource) => {
      add(
        `the ${resource.slice(0, -1)}`,
        await itemsOf(`${PATHS.tenant}/${resource}?limit=-1`),
        'name',
      );
    }),
  ]);

  return seen;
}

/**
 * Asks the Kubernetes API's own port, by SelfSubjectRulesReview, for the rights of a caller's
 * certificate: one line per right and place.
 */
export async function rulesAtOwnPort(
  { own, other }: Tenants,
  { client }: Attacker,
): Promise<Rights> {
  const rights = new Set<string>();
  const review = '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews';
  const namespaces = [own.namespace, own.devopsNamespace, other.namespace, ...SYSTEM];
  await Promise.all(
    namespaces.map(async (namespace) => {
      const body = {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectRulesReview',
        spec: { namespace },
      };

      const answer = await client!.call(review, { method: 'POST', body });
      if (answer.status !== 201) {
        throw new Error(`${review}: ${answer.status} ${answer.text}`);
      }

      for (const {
        verbs = [],
        apiGroups = [],
        resources = [],
        resourceNames = ['*'],
      } of JSON.parse(answer.text).status.resourceRules) {
        for (const verb of verbs) {
          for (const group of apiGroups) {
            for (const resource of resources) {
              for (const name of resourceNames) {
                rights.add(`own port: ${verb} ${resource}.${group} ${name} in ${namespace}`);
              }
            }
          }
        }
      }
    }),
  );

  return rights;
}

/**
 * Returns the workspaces and namespaces in which a caller may grant and create roles beyond their
 * own there: verbs `bind` and `escalate`.
 */
export async function grantablePlaces(
  client: RawClient,
  { own, other }: Tenants,
  token: string,
): Promise<Rights> {
  const places = new Set<string>();

  const grants = async (resource: string, place: string) => {
    const query = `apiGroup=${IAM}&resource=${resource}&name=x&${place}`;
    return (
      (await may(client, token, `verb=bind&${query}`)) ||
      may(client, token, `verb=escalate&${query}`)
    );
  };

  const inWorkspaces: [workspace: string, namespaces: string[]][] = [
    [own.workspace, [own.namespace, own.devopsNamespace]],
    [other.workspace, [other.namespace]],
  ];

  for (const [workspace, namespaces] of inWorkspaces) {
    const all = await grants('workspaceroles', `workspace=${workspace}`);
    if (all) {
      places.add(workspace);
    }

    for (const namespace of namespaces) {
      if (all || (await grants('roles', `namespace=${namespace}`))) {
        places.add(namespace);
      }
    }
  }

  // A DevOps project is its namespace.
  if (places.has(own.devopsNamespace)) {
    places.add(own.devops);
  }

  return places;
}

/** Returns the name of the place that a right of `Rights` is about; '' for the whole platform. */
export function placeOfRight(right: string): string {
  const named = / (?:of|in) (\S+)$/.exec(right)?.[1];
  if (named !== undefined) {
    return named;
  }

  const query = new URLSearchParams(right);

  return query.get('namespace') || query.get('workspace') || query.get('devops') || '';
}
