import type { Route } from '@ks-apiserver/http/routes/route';
import { Type } from 'typebox';
import { Components } from '../../models/components/components.ts';
import { componentRoutes } from '../components.ts';
import {
  CLUSTERS_LIST_PARAMETER,
  CONTINUE_PARAMETER,
  LIST_PARAMETERS,
  LIVE_TYPES,
  PageableResponse,
  pathParameter,
  RESOURCES_PARAMETER,
  SCOPE_PARAMETERS,
  WATCH_PARAMETERS,
} from '../parameters.ts';
import { BASE, type ResourceDependencies } from './dependencies.ts';
import { registryRoutes } from './registries.ts';
import { getResource, listResources, watchResources } from './resources.ts';

const CLUSTER = ['Cluster Resources'];
const NAMESPACED = ['Namespace Resources'];
const NAMESPACE = pathParameter('namespace', 'the name of the project');
const NAME = pathParameter('name', 'the name of the object');

/** resources.kubesphere.io/v1alpha3: lists and gets of every resource. */
export function resourcesV1alpha3(dependencies: ResourceDependencies): Route[] {
  const list = listResources(dependencies);
  const upgrade = watchResources(dependencies);
  const get = getResource(dependencies);

  return [
    ...componentRoutes(BASE, new Components(dependencies.catalog)),
    ...registryRoutes(dependencies),
    {
      method: 'GET',
      path: `${BASE}/{resources}`,
      operationId: 'handleListResources',
      summary: 'Cluster level resources',
      tags: CLUSTER,
      parameters: [
        RESOURCES_PARAMETER,
        ...LIST_PARAMETERS,
        CONTINUE_PARAMETER,
        CLUSTERS_LIST_PARAMETER,
        ...SCOPE_PARAMETERS,
        ...WATCH_PARAMETERS,
      ],
      narrows: true,
      returns: PageableResponse,
      produces: LIVE_TYPES,
      handler: list,
      upgrade,
    },
    {
      method: 'GET',
      path: `${BASE}/{resources}/{name}`,
      operationId: 'handleGetResources',
      summary: 'Cluster level resource',
      tags: CLUSTER,
      parameters: [RESOURCES_PARAMETER, NAME],
      returns: Type.Unknown(),
      handler: get,
    },
    {
      method: 'GET',
      path: `${BASE}/namespaces/{namespace}/{resources}`,
      operationId: 'handleListResources',
      summary: 'Namespace level resources',
      tags: NAMESPACED,
      parameters: [
        NAMESPACE,
        RESOURCES_PARAMETER,
        ...LIST_PARAMETERS,
        CONTINUE_PARAMETER,
        CLUSTERS_LIST_PARAMETER,
        ...WATCH_PARAMETERS,
      ],
      returns: PageableResponse,
      produces: LIVE_TYPES,
      handler: list,
      upgrade,
    },
    {
      method: 'GET',
      path: `${BASE}/namespaces/{namespace}/{resources}/{name}`,
      operationId: 'handleGetResources',
      summary: 'Namespace level resource',
      tags: NAMESPACED,
      parameters: [NAMESPACE, RESOURCES_PARAMETER, NAME],
      returns: Type.Unknown(),
      handler: get,
    },
  ];
}
