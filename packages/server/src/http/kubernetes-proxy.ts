import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import { endToEndHeaders } from '@ks-apiserver/apimachinery/transport/end-to-end-headers';
import {
  isWhole,
  type KubeBody,
  type KubeRequest,
  type KubeResponse,
} from '@ks-apiserver/apimachinery/transport/transport';
import { countedBody } from '@ks-apiserver/http/request/body-budgets';
import { kubeRequestFrom } from '@ks-apiserver/http/request/kube-request';
import { sendText } from '@ks-apiserver/http/response/error-responder';
import { writeKubeResponse } from '@ks-apiserver/http/response/respond';
import { BODY_LIMIT, readRequestBody } from '@ks-apiserver/http/routes/body';
import type { Exchange, Filter, Incoming } from '@ks-apiserver/http/server/exchange';
import type { Send } from '../models/legacy-versions/calls/legacy-call.ts';
import { asksForDiscovery } from '../models/legacy-versions/discovery/legacy-discovery.ts';
import type { ChainDependencies } from './chain-dependencies.ts';
import { legacyCalls } from './legacy-calls.ts';

/**
 * Headers with which a caller could act as somebody else at the Kubernetes API, or pass on their
 * own credentials.
 */
const NEVER_PROXIED = /^(authorization|cookie|x-kubesphere-.*|impersonate-.*|x-remote-.*)$/;

/**
 * Returns the call as it is sent to the Kubernetes API: with this server's identity, without the
 * caller's credentials.
 */
export function proxied(exchange: Incoming, headers: Record<string, string>): KubeRequest {
  const kept: Record<string, string> = {};

  for (const [name, value] of Object.entries(headers)) {
    if (!NEVER_PROXIED.test(name)) {
      kept[name] = value;
    }
  }

  const request = kubeRequestFrom(exchange.req, exchange.signal, kept);

  // Bodies for pods and services are not kept in memory.
  const streams = exchange.info.subresource === 'proxy';
  const isCounted = request.body !== undefined && !streams;

  return { ...request, ...(isCounted && { body: countedBody(exchange.req) }), url: exchange.url };
}

/**
 * Makes a caller's call to the Kubernetes API, through the gate and in the version that is served.
 */
export function gatedCall(
  { gate, kubernetes, legacyVersions: versions, schemaOf }: ChainDependencies,
  exchange: Incoming,
  request: KubeRequest,
): Promise<KubeResponse> {
  const { req, user: caller } = exchange;
  const readBody = () => readRequestBody(req, BODY_LIMIT);

  const send: Send = (info, sent, readSent) =>
    gate.call({
      caller,
      info,
      request: sent,
      kubernetes,
      own: kubernetes,
      readBody: readSent,
      isAuthorizedByKubernetes: false,
    });

  const own = (one: KubeRequest) => kubernetes.request(one);
  const legacy = legacyCalls.get(exchange);
  if (legacy) {
    return legacy.make(request, { send, readBody, own, schemaOf });
  }

  const { info } = exchange;

  return versions && asksForDiscovery(request, info)
    ? versions.discovery.answer(request, (one) => send(info, one, readBody), own)
    : send(info, request, readBody);
}

/** Returns a watch's body that ends without an error when the server stops. */
async function* endingQuietly(body: KubeBody, stopped: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    yield* isWhole(body) ? [body] : body;
  } catch (error) {
    if (!stopped.aborted) {
      throw error;
    }
  }
}

/**
 * Passes a watch on; it ends with its reader, its session or the server, then like one that timed
 * out.
 */
async function proxyWatch(
  dependencies: ChainDependencies,
  exchange: Exchange,
  request: KubeRequest,
): Promise<void> {
  const watch = new AbortController();
  const gone = () => watch.abort();

  exchange.signal.addEventListener('abort', gone, { once: true });

  const forget = dependencies.connections.add(exchange, gone);

  try {
    const response = await gatedCall(dependencies, exchange, { ...request, signal: watch.signal });
    await writeKubeResponse(exchange.res, {
      ...response,
      body: endingQuietly(response.body, watch.signal),
    });
  } finally {
    forget();
  }
}

/** Passes any other call on; a long one, such as following a log, is cut when its session ends. */
async function proxyCall(
  dependencies: ChainDependencies,
  exchange: Exchange,
  request: KubeRequest,
): Promise<void> {
  const response = await gatedCall(dependencies, exchange, request);
  if (isWhole(response.body)) {
    return writeKubeResponse(exchange.res, response);
  }

  const forget = dependencies.connections.add(exchange, (why) => {
    // Answers in progress when the server stops are completed.
    if (why !== 'stopping') {
      exchange.res.destroy();
    }
  });

  await Promise.resolve(writeKubeResponse(exchange.res, response)).finally(forget);
}

/** Passes calls of `/api` and `/apis` to the Kubernetes API, streaming both ways. */
export function kubernetesProxy(dependencies: ChainDependencies): Filter {
  const proxy: Filter = async (exchange) => {
    const { info, req, res } = exchange;
    const request = proxied(exchange, endToEndHeaders(req.headers));

    try {
      if (info.verb === 'watch') {
        await proxyWatch(dependencies, exchange, request);
      } else {
        await proxyCall(dependencies, exchange, request);
      }
    } catch (error) {
      if (exchange.signal.aborted) {
        return void res.destroy();
      }
      if (error instanceof StatusError && error.code === 503) {
        return void sendText(res, 502, `${error.message}\n`);
      }

      throw error;
    }
  };

  return (exchange, next) => (exchange.info.isKubernetes ? proxy(exchange, next) : next(exchange));
}
