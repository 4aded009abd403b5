import type { Handler, RouteRequest } from '@ks-apiserver/http/routes/route';
import type { Static } from 'typebox';
import type { Routers } from '../../models/router/routers.ts';
import type { RouterOptions } from '../../models/router/templates.ts';
import type { RouterSchema } from './types.ts';

/** Body of a change; any type but LoadBalancer is NodePort. */
function optionsOf({ body }: RouteRequest): RouterOptions {
  const { type = '', annotations = {} } = body as Static<typeof RouterSchema>;
  return { type: type.toLowerCase() === 'loadbalancer' ? 'LoadBalancer' : 'NodePort', annotations };
}

/** Handlers of a project's router (its ingress controller). */
export function routerHandlers(
  routers: Routers,
): Record<'get' | 'create' | 'update' | 'delete', Handler> {
  return {
    get: ({ params, signal }) => routers.get(params.namespace ?? '', signal),
    create: (request) =>
      routers.create(request.params.namespace ?? '', optionsOf(request), request.signal),
    update: (request) =>
      routers.update(request.params.namespace ?? '', optionsOf(request), request.signal),
    delete: ({ params, signal }) => routers.delete(params.namespace ?? '', signal),
  };
}
