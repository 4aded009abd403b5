import { StringMap } from '@ks-apiserver/apimachinery/schema/string-map';
import type { Route } from '@ks-apiserver/http/routes/route';
import { Type } from 'typebox';
import type { Components } from '../models/components/components.ts';
import { pathParameter } from './parameters.ts';

const Count = (description: string) => Type.Integer({ description, format: 'int32' });

const ComponentStatusSchema = Type.Object(
  {
    name: Type.String({ description: 'name of the Service' }),
    namespace: Type.String({ description: 'namespace of the Service' }),
    selfLink: Type.String({ description: 'path of the Service in the Kubernetes API' }),
    label: StringMap(),
    startedAt: Type.String({ description: 'when the Service was made', format: 'date-time' }),
    totalBackends: Count('how many pods the Service selects'),
    healthyBackends: Count('how many of them run with all containers ready'),
  },
  { $id: 'v1alpha2.ComponentStatus' },
);

const HealthStatusSchema = Type.Object(
  {
    kubesphereStatus: Type.Array(ComponentStatusSchema, {
      description: 'components of the platform',
    }),
    nodeStatus: Type.Object(
      {
        totalNodes: Count('how many nodes there are'),
        healthyNodes: Count('how many of them are ready'),
      },
      { $id: 'v1alpha2.NodeStatus' },
    ),
  },
  { $id: 'v1alpha2.HealthStatus' },
);

/** Routes of the platform's components, which v1alpha2 and v1alpha3 have alike. */
export function componentRoutes(base: string, components: Components): Route[] {
  const tags = ['Component Status'];

  return [
    {
      method: 'GET',
      path: `${base}/components`,
      operationId: 'handleGetComponents',
      summary: 'List system components',
      tags,
      returns: Type.Array(ComponentStatusSchema),
      handler: (request) => components.list(request),
    },
    {
      method: 'GET',
      path: `${base}/components/{component}`,
      operationId: 'handleGetComponentStatus',
      summary: 'Read one system component',
      tags,
      parameters: [pathParameter('component', 'name of the Service')],
      returns: ComponentStatusSchema,
      handler: (request) => components.get(request.params.component ?? '', request),
    },
    {
      method: 'GET',
      path: `${base}/componenthealth`,
      operationId: 'handleGetSystemHealthStatus',
      summary: 'Health of system components and nodes',
      tags,
      returns: HealthStatusSchema,
      handler: (request) => components.health(request),
    },
  ];
}
