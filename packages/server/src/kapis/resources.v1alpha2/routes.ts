import type { KubeReader } from '@ks-apiserver/client/kube/client';
import { SMALL_BODY_LIMIT } from '@ks-apiserver/http/routes/body';
import type { Route } from '@ks-apiserver/http/routes/route';
import { Type } from 'typebox';
import type { Authorizer } from '../../models/authorization/authorizer.ts';
import { Components } from '../../models/components/components.ts';
import type { Kubeconfigs } from '../../models/kubeconfig/kubeconfig.ts';
import type { Outbound } from '../../models/outbound/outbound.ts';
import { Quotas } from '../../models/quotas/quotas.ts';
import type { Catalog } from '../../models/resources/catalog/catalog.ts';
import type { Routers } from '../../models/router/routers.ts';
import { componentRoutes } from '../components.ts';
import { queryText } from '../parameters.ts';
import { type RouteTuple, routesOf } from '../route-table.ts';
import { getAbnormalWorkloads, getQuotas } from './quotas.ts';
import { listResources } from './resources.ts';
import { getRevision } from './revisions.ts';
import { routerHandlers } from './router.ts';
import {
  GitAuthSchema,
  ImageDetailsSchema,
  MessageSchema,
  PageableResponse,
  PodInfoSchema,
  RegistryCredentialSchema,
  ResourceQuotaSchema,
  RouterSchema,
  WorkloadsSchema,
} from './types.ts';
import { getKubeconfig, getKubectlPod } from './users.ts';
import { getRegistryBlob, verifyGit, verifyRegistry } from './verification.ts';

const BASE = '/kapis/resources.kubesphere.io/v1alpha2';
const IN_NAMESPACE = '/namespaces/{namespace}';

/** What the handlers of the group work with. */
export interface ResourcesV1alpha2Dependencies {
  client: KubeReader;
  kubeconfigs: Kubeconfigs;
  routers: Routers;
  catalog: Catalog;
  authorizer: Authorizer;
  runsContainers: boolean;
  /** Contacts servers that users name. */
  outbound: Outbound;
}

const LIST_PARAMETERS = [
  queryText('conditions', 'what must hold, separated by commas: key=value equal, key~value part'),
  queryText('paging', 'limit=N,page=N; without, ten items of the first page'),
  queryText('reverse', 'true for descending'),
  queryText('orderBy', 'createTime, name or a key of the resource'),
];

const BLOB_PARAMETERS = [
  queryText('image', 'reference of the image'),
  queryText('namespace', 'namespace of the secret'),
  queryText('secret', 'secret of type kubernetes.io/dockerconfigjson'),
];

const json = { errors: 'message' } as const;

/**
 * resources.kubesphere.io/v1alpha2: the older lists, quotas, revisions, routers and verification.
 */
export function resourcesV1alpha2(dependencies: ResourcesV1alpha2Dependencies): Route[] {
  const { client, routers, catalog, authorizer, runsContainers } = dependencies;
  const verification = { client, authorizer, outbound: dependencies.outbound };
  const quotas = getQuotas(new Quotas(catalog));
  const abnormal = getAbnormalWorkloads(catalog);

  const list = listResources(catalog, authorizer);
  const lists = { parameters: LIST_PARAMETERS, returns: PageableResponse };

  const router = routerHandlers(routers);

  const revisionOf = (kind: 'deployment' | 'statefulset' | 'daemonset') =>
    getRevision(client, `${kind}s`, kind);

  const [cluster, namespaced, user] = [
    'Cluster Resources',
    'Namespace Resources',
    'User Resources',
  ];

  const service = { ...json, returns: Type.Unknown() };

  const table: RouteTuple[] = [
    [
      'GET',
      '/{resources}',
      'handleListNamespaceResources',
      'List objects of any kind',
      list,
      { ...lists, tags: [cluster] },
    ],
    [
      'GET',
      `${IN_NAMESPACE}/{resources}`,
      'handleListNamespaceResources',
      'List objects of any kind in a project',
      list,
      { ...lists, tags: [namespaced] },
    ],
    [
      'GET',
      '/quotas',
      'handleGetClusterQuotas',
      'Use of the whole cluster',
      quotas,
      { tags: [cluster], returns: ResourceQuotaSchema },
    ],
    [
      'GET',
      `${IN_NAMESPACE}/quotas`,
      'handleGetNamespaceQuotas',
      'Quotas and use of a project',
      quotas,
      { tags: [namespaced], returns: ResourceQuotaSchema },
    ],
    [
      'GET',
      '/abnormalworkloads',
      'handleGetNamespacedAbnormalWorkloads',
      'Count unhealthy workloads',
      abnormal,
      { tags: [cluster], returns: WorkloadsSchema },
    ],
    [
      'GET',
      `${IN_NAMESPACE}/abnormalworkloads`,
      'handleGetNamespacedAbnormalWorkloads',
      'Count unhealthy workloads of a project',
      abnormal,
      { tags: [namespaced], returns: WorkloadsSchema },
    ],
    [
      'GET',
      `${IN_NAMESPACE}/deployments/{deployment}/revisions/{revision}`,
      'handleGetDeploymentRevision',
      'One revision of a deployment',
      revisionOf('deployment'),
      { tags: [namespaced], returns: Type.Unknown(), errors: 'message' },
    ],
    [
      'GET',
      `${IN_NAMESPACE}/daemonsets/{daemonset}/revisions/{revision}`,
      'handleGetDaemonSetRevision',
      'One revision of a daemonset',
      revisionOf('daemonset'),
      { tags: [namespaced], returns: Type.Unknown(), errors: 'message' },
    ],
    [
      'GET',
      `${IN_NAMESPACE}/statefulsets/{statefulset}/revisions/{revision}`,
      'handleGetStatefulSetRevision',
      'One revision of a statefulset',
      revisionOf('statefulset'),
      { tags: [namespaced], returns: Type.Unknown(), errors: 'text' },
    ],
    [
      'GET',
      `${IN_NAMESPACE}/router`,
      'handleGetRouter',
      "A project's router",
      router.get,
      { tags: [namespaced], ...service },
    ],
    [
      'POST',
      `${IN_NAMESPACE}/router`,
      'handleCreateRouter',
      "Create a project's router",
      router.create,
      { tags: [namespaced], ...service, body: RouterSchema },
    ],
    [
      'PUT',
      `${IN_NAMESPACE}/router`,
      'handleUpdateRouter',
      "Update a project's router",
      router.update,
      { tags: [namespaced], ...service, body: RouterSchema },
    ],
    [
      'DELETE',
      `${IN_NAMESPACE}/router`,
      'handleDeleteRouter',
      "Remove a project's router",
      router.delete,
      { tags: [namespaced], ...service },
    ],
    [
      'GET',
      '/users/{user}/kubectl',
      'GetKubectlPod',
      'Where a user may run kubectl',
      getKubectlPod(client, authorizer, { runsContainers }),
      { tags: [user], ...json, returns: PodInfoSchema },
    ],
    [
      'GET',
      '/users/{user}/kubeconfig',
      'GetKubeconfig',
      "A user's kubeconfig",
      getKubeconfig(dependencies.kubeconfigs, authorizer),
      {
        tags: [user],
        ...json,
        produces: ['text/plain', 'application/json'],
        returns: Type.String(),
      },
    ],
    [
      'POST',
      '/git/verify',
      'handleVerifyGitCredential',
      'Check access to a Git repository',
      verifyGit(verification),
      {
        tags: ['Verification'],
        ...json,
        body: GitAuthSchema,
        bodyLimit: SMALL_BODY_LIMIT,
        returns: MessageSchema,
      },
    ],
    [
      'POST',
      '/registry/verify',
      'handleVerifyRegistryCredential',
      'Check an account of an image registry',
      verifyRegistry(verification),
      {
        tags: ['Verification'],
        body: RegistryCredentialSchema,
        bodyLimit: SMALL_BODY_LIMIT,
        returns: MessageSchema,
      },
    ],
    [
      'GET',
      '/registry/blob',
      'handleGetRegistryEntry',
      'Manifest and configuration of an image',
      getRegistryBlob(verification),
      { tags: ['Docker Registry'], parameters: BLOB_PARAMETERS, returns: ImageDetailsSchema },
    ],
  ];

  return [...componentRoutes(BASE, new Components(catalog)), ...routesOf(BASE, [], table)];
}
