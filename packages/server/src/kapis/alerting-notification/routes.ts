import type { Method, Route } from '@ks-apiserver/http/routes/route';
import type { Upstream } from '@ks-apiserver/upstreams/upstream';
import { forward } from '../forward.ts';
import { pathParameters } from '../parameters.ts';

/** KubeSphere's own programs for alerts and notifications; undefined where none is configured. */
export interface AlertingDependencies {
  alerting: Upstream | undefined;
  notification: Upstream | undefined;
}

const METHODS: readonly Method[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];
const VERSIONS = ['v1', 'v2'];
const PATHS = ['', '/{path:*}'];

/** Returns routes that pass on every call below the versions of a group. */
function forwarding(name: 'alerting' | 'notification', upstream: Upstream | undefined): Route[] {
  if (!upstream) {
    return [];
  }

  const group = `/kapis/${name}.kubesphere.io`;

  const route = (version: string, path: string, method: Method): Route => ({
    method,
    path: `${group}/${version}${path}`,
    operationId: `${method.toLowerCase()}-${name}-${version}${path === '' ? '' : '-path'}`,
    summary: `Call of the ${name} server`,
    tags: [name],
    parameters: pathParameters(path),
    rawBody: true,
    handler: (request) =>
      forward(request, { upstream, name: `${name} server`, path: pathBelow(group, request.url) }),
  });

  return VERSIONS.flatMap((version) =>
    PATHS.flatMap((path) => METHODS.map((method) => route(version, path, method))),
  );
}

/** Returns the path of a URL below a prefix, encoded as it was sent. */
function pathBelow(prefix: string, url: string): string {
  const [path = ''] = url.split('?', 1);
  return path.slice(prefix.length);
}

/**
 * Returns the operations of `alerting.kubesphere.io` and `notification.kubesphere.io`: the calls
 * go on to KubeSphere's own programs, within the caller's rights.
 */
export function alertingNotification({ alerting, notification }: AlertingDependencies): Route[] {
  return [...forwarding('alerting', alerting), ...forwarding('notification', notification)];
}
