import type { IncomingMessage, Server, ServerOptions, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { badRequest } from '@ks-apiserver/apimachinery/meta/errors';
import { hasBody } from '../request/request-body.ts';
import { countArrival } from '../response/arrivals.ts';
import { sendError } from '../response/error-responder.ts';
import { closeLingering } from './linger.ts';
import { ordinaryAnswer } from './upgrade.ts';

/** Most connections at the same time. */
const MAX_CONNECTIONS = 20_000;

/**
 * Limits against slow and oversized requests, in milliseconds and bytes; Node checks at that
 * interval.
 */
export const GUARDED: ServerOptions = {
  headersTimeout: 10_000,
  requestTimeout: 120_000,
  connectionsCheckingInterval: 1000,
  keepAliveTimeout: 75_000,
  maxHeaderSize: 64 * 1024,
  noDelay: true,
};

/** Handlers of requests and upgrades. */
export interface Handlers {
  request: (req: IncomingMessage, res: ServerResponse) => void;
  upgrade: (req: IncomingMessage, socket: Duplex, head: Buffer) => void;
}

const STATUSES: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: '413 Payload Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

/**
 * Says what is wrong with the Host headers of a request: Node itself keeps the first of several
 * (RFC 9112 section 3.2).
 */
function hostProblem({ rawHeaders, httpVersion }: IncomingMessage): string | undefined {
  const hosts = rawHeaders.filter(
    (text, index) => index % 2 === 0 && text.length === 4 && text.toLowerCase() === 'host',
  ).length;

  if (hosts > 1) {
    return 'the request has more than one Host header';
  }

  return hosts === 0 && httpVersion === '1.1' ? 'the request has no Host header' : undefined;
}

/** The request on a connection whose body is being read. */
const bodies = new WeakMap<Socket, IncomingMessage>();

/**
 * Ends the connection of a request that is answered before all of its body was read: the rest of
 * the body would be taken for the next request.
 */
function closeIfUnread(req: IncomingMessage, res: ServerResponse): void {
  bodies.set(req.socket, req);

  const writeHead = res.writeHead.bind(res) as (...args: unknown[]) => ServerResponse;
  res.writeHead = ((...args: unknown[]) => {
    if (!req.complete) {
      res.shouldKeepAlive = false;
    }
    return writeHead(...args);
  }) as typeof res.writeHead;
}

function lastAnswer(socket: Socket): void {
  const req = bodies.get(socket);
  if (req && !req.complete) {
    closeLingering(socket);
  } else {
    Socket.prototype.destroySoon.call(socket);
  }
}

/** Answers what is no HTTP request, or comes too slowly, and ends its connection. */
function refuseConnection(error: NodeJS.ErrnoException, socket: Socket): void {
  const { _httpMessage: answer } = socket as Socket & { _httpMessage?: ServerResponse };
  if (!socket.writable || error.code === 'ECONNRESET' || answer?.headersSent) {
    socket.destroy();
    return;
  }

  const status = STATUSES[error.code ?? ''] ?? '400 Bad Request';
  socket.write(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  closeLingering(socket);
}

/**
 * Serves the requests of an HTTP server that was made with `GUARDED`: requires one Host, ends
 * connections whose request was answered before its body was read, and cuts slow ones.
 */
export function guard(server: Server, { request, upgrade }: Handlers): void {
  server.maxConnections = MAX_CONNECTIONS;

  const prepare = (socket: Socket) => {
    socket.destroySoon = () => lastAnswer(socket);
  };
  server.on('connection', prepare);

  // A TLS socket is another object than the socket below it.
  server.on('secureConnection', prepare);
  server.on('clientError', refuseConnection);

  server.on('request', (req, res) => {
    countArrival();

    if (hasBody(req)) {
      closeIfUnread(req, res);
    }

    const problem = hostProblem(req);
    if (problem === undefined) {
      return request(req, res);
    }

    res.shouldKeepAlive = false;
    sendError(res, badRequest(problem));
  });

  server.on('upgrade', (req, socket, head) => {
    const problem = hostProblem(req);
    if (problem === undefined) {
      return upgrade(req, socket, head);
    }

    socket.on('error', () => socket.destroy());
    sendError(ordinaryAnswer(req, socket), badRequest(problem));
  });
}
