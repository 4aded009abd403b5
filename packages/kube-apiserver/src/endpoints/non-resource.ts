import type { KubeRequest, KubeResponse } from '@ks-apiserver/client/kube/transport';
import { type Discovery, versionResponse } from './discovery.ts';
import { textResponse } from './respond.ts';

const CHECKS = new Set(['/healthz', '/livez', '/readyz']);

/** Everything that needs no resource: discovery, version, health. Undefined when the path is none of these. */
export function nonResource(
  request: KubeRequest,
  url: URL,
  discovery: Discovery,
  gitVersion: string,
): KubeResponse | undefined {
  const path = url.pathname.length > 1 ? url.pathname.replace(/\/$/, '') : url.pathname;
  if (request.method !== 'GET' && request.method !== 'HEAD') return undefined;
  if (path === '/version') return versionResponse(gitVersion);
  const [, first = '', ...rest] = path.split('/');
  if (CHECKS.has(`/${first}`)) {
    if (rest.length > 1) return undefined;
    return url.searchParams.has('verbose')
      ? textResponse(`[+]ping ok\n[+]storage ok\n${first} check passed\n`)
      : textResponse('ok');
  }
  if (first === 'api' || first === 'apis') return discovery.answer(path, request.headers.accept);
  return undefined;
}
