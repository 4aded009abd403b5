import type { Route } from '@ks-apiserver/apiserver/routes/route';
import { Type } from 'typebox';
import type { Authorizer } from '../../models/authorization/authorizer.ts';
import { Components } from '../../models/components/components.ts';
import type { UserList } from '../../models/iam/user-list.ts';
import type { Catalog } from '../../models/resources/catalog.ts';
import { componentRoutes } from '../components.ts';
import {
  CONTINUE_PARAMETER,
  LIST_PARAMETERS,
  PageableResponse,
  pathParameter,
  RESOURCES_PARAMETER,
} from '../parameters.ts';
import { BASE, getResource, listResources } from './resources.ts';

const CLUSTER = ['Cluster Resources'];
const NAMESPACED = ['Namespace Resources'];
const NAMESPACE = pathParameter('namespace', 'the name of the project');
const NAME = pathParameter('name', 'the name of the object');

/** resources.kubesphere.io/v1alpha3: lists and gets of every resource. */
export function resourcesV1alpha3(catalog: Catalog, authorizer: Authorizer, userList: UserList): Route[] {
  const list = listResources(catalog, authorizer, userList);
  const get = getResource(catalog, authorizer);
  return [
    ...componentRoutes(BASE, new Components(catalog)),
    {
      method: 'GET',
      path: `${BASE}/{resources}`,
      operationId: 'handleListResources',
      summary: 'Cluster level resources',
      tags: CLUSTER,
      parameters: [RESOURCES_PARAMETER, ...LIST_PARAMETERS, CONTINUE_PARAMETER],
      returns: PageableResponse,
      handler: list,
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
      parameters: [NAMESPACE, RESOURCES_PARAMETER, ...LIST_PARAMETERS, CONTINUE_PARAMETER],
      returns: PageableResponse,
      handler: list,
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
