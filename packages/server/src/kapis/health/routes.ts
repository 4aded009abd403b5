import { type Route, RouteReply } from '@ks-apiserver/http/routes/route';
import type { Registry } from 'prom-client';

const TEXT = { 'content-type': 'text/plain; charset=utf-8' };
const TAGS = ['Health'];

/** Returns the reasons why the server is not ready, one for each line; empty when it is. */
export type Readiness = () => readonly string[];

/** Probes for orchestrators, open to anybody, and metrics, for callers who may GET /metrics. */
export function health(readiness: Readiness, registry: Registry): Route[] {
  const ok = (path: string, summary: string): Route => ({
    method: 'GET',
    path,
    operationId: path.slice(1),
    summary,
    tags: TAGS,
    produces: ['text/plain'],
    handler: () => new RouteReply(200, TEXT, 'ok'),
  });

  return [
    ok('/healthz', 'Whether the process answers'),
    ok('/livez', 'Whether the process answers'),
    {
      method: 'GET',
      path: '/readyz',
      operationId: 'readyz',
      summary: 'Whether requests can be served with up-to-date data',
      tags: TAGS,
      produces: ['text/plain'],
      handler: () => {
        const reasons = readiness();
        return reasons.length === 0
          ? new RouteReply(200, TEXT, 'ok')
          : new RouteReply(503, TEXT, `${reasons.join('\n')}\n`);
      },
    },
    {
      method: 'GET',
      path: '/metrics',
      operationId: 'metrics',
      summary: 'Metrics in the text format of Prometheus',
      tags: TAGS,
      produces: ['text/plain'],
      handler: async () =>
        new RouteReply(200, { 'content-type': registry.contentType }, await registry.metrics()),
    },
  ];
}
