import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { badRequest, StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import { NAMESPACED_PROXIES, PROCESSES, type RequestInfo } from '../request/request-info.ts';
import { closeLingering } from './linger.ts';

/**
 * Returns what an upgrade asks of the Kubernetes API; undefined for everything that is served
 * without one.
 */
function upgradable(info: RequestInfo): 'watch' | 'process' | 'proxy' | undefined {
  if (info.verb === 'watch') {
    return 'watch';
  }
  if (info.apiPrefix !== 'api' || info.namespace === '' || info.name === '') {
    return undefined;
  }
  if (info.resource === 'pods' && PROCESSES.has(info.subresource)) {
    return 'process';
  }

  return NAMESPACED_PROXIES.has(info.resource) && info.subresource === 'proxy'
    ? 'proxy'
    : undefined;
}

/**
 * Throws for a call that must not be upgraded, before anything of it runs: Node passes every
 * method, with its body unread, to the upgrade handler. Allows GET, and POST without a body for
 * processes in a container, which SPDY clients such as kubectl before 1.31 send. Of the Kubernetes
 * API only watches, `exec`, `attach`, `portforward` and the proxies of pods and services are
 * upgraded. 405 for other methods, 400 for other paths.
 */
export function checkUpgrade(
  { method = '', headers }: Pick<IncomingMessage, 'method' | 'headers'>,
  info: RequestInfo,
) {
  const kind = info.isKubernetes ? upgradable(info) : undefined;
  if (method !== 'GET' && !(method === 'POST' && kind === 'process')) {
    throw new StatusError(
      405,
      'MethodNotAllowed',
      `${method} asks for a protocol upgrade, which only GET may: send it again without the Upgrade header`,
    );
  }

  if (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) !== 0) {
    throw badRequest('a call that asks for a protocol upgrade must have no body');
  }

  if (info.isKubernetes && kind === undefined) {
    throw badRequest(
      'only watches, exec, attach, portforward and the proxies of pods and services take a protocol upgrade: send the call again without the Upgrade header',
    );
  }
}

/**
 * Writes an ordinary answer on a connection that asked for an upgrade; the connection ends after
 * it.
 */
export function ordinaryAnswer(req: IncomingMessage, socket: Duplex): ServerResponse {
  const res = new ServerResponse(req);
  res.assignSocket(socket as Socket);
  res.shouldKeepAlive = false;
  res.once('finish', () => {
    res.detachSocket(socket as Socket);
    closeLingering(socket as Socket);
  });

  return res;
}
