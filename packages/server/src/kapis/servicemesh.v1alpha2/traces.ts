import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import { type Handler, RouteReply } from '@ks-apiserver/http/routes/route';
import type { JaegerClient } from '@ks-apiserver/upstreams/jaeger/jaeger-client';
import { UpstreamError } from '@ks-apiserver/upstreams/upstream';

const JSON_TYPE = { 'content-type': 'application/json' };

/** Handler of traces; without a Jaeger it says what is to be configured. */
export function tracesHandler(jaeger: JaegerClient | undefined): Handler {
  return async ({ params, query, signal }) => {
    if (!jaeger) {
      throw new StatusError(
        503,
        'ServiceUnavailable',
        'this server has no Jaeger to ask for traces: configure servicemesh.jaegerQueryHost',
      );
    }

    const { namespace = '', service = '' } = params;

    try {
      const body = await jaeger.traces(`${service}.${namespace}`, query, signal);

      // As in 3.0, whatever Jaeger answers: errors are in its body.
      return new RouteReply(200, JSON_TYPE, body);
    } catch (error) {
      throw error instanceof UpstreamError
        ? new StatusError(500, 'InternalError', error.message)
        : error;
    }
  };
}
