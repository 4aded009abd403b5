import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { endToEndHeaders } from '@ks-apiserver/apimachinery/transport/end-to-end-headers';
import type { KubeTransport } from '@ks-apiserver/apimachinery/transport/transport';
import { kubeRequestFrom } from '@ks-apiserver/http/request/kube-request';
import { sendError } from '@ks-apiserver/http/response/error-responder';
import { writeKubeResponse } from '@ks-apiserver/http/response/respond';
import { GUARDED, guard } from '@ks-apiserver/http/server/connection-guard';
import { ordinaryAnswer } from '@ks-apiserver/http/server/upgrade';
import { relayUpgrade } from './upgrade-relay.ts';

/** Certificates of a port; clients must have one that the authority has signed. */
export interface MemberPortTls {
  cert: string;
  key: string;
  clientCa: string;
}

/** What is served at a port. */
export interface MemberPortOptions {
  host: string;
  port: number;
  /** Without it the port speaks HTTP. */
  tls?: MemberPortTls;
  /** Where all calls go. */
  transport: KubeTransport;
}

async function pass(
  transport: KubeTransport,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  const caller = new AbortController();
  res.once('close', () => caller.abort());

  try {
    const answer = await transport.request(kubeRequestFrom(req, caller.signal));
    await writeKubeResponse(res, answer);
  } catch (error) {
    if (!res.destroyed) {
      sendError(res, error, 'status');
    }
  }
}

async function passUpgrade(
  transport: KubeTransport,
  req: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<void> {
  socket.on('error', () => socket.destroy());

  const headers = {
    ...endToEndHeaders(req.headers),
    upgrade: String(req.headers.upgrade ?? ''),
  };

  try {
    await relayUpgrade(transport, kubeRequestFrom(req, undefined, headers), { req, socket, head });
  } catch (error) {
    if (!socket.destroyed) {
      sendError(ordinaryAnswer(req, socket), error, 'status');
    }
  }
}

/** A port at which others reach one API of a member. */
export class MemberPort {
  readonly #server: Server;
  readonly #transport: KubeTransport;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server, transport: KubeTransport) {
    this.#server = server;
    this.#transport = transport;

    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  /** Starts listening; rejects with the system's error. */
  static async listen({ host, port, tls, transport }: MemberPortOptions): Promise<MemberPort> {
    const server = tls
      ? createSecureServer({
          ...GUARDED,
          cert: tls.cert,
          key: tls.key,
          ca: tls.clientCa,
          requestCert: true,
          rejectUnauthorized: true,
          minVersion: 'TLSv1.2',
        })
      : createServer(GUARDED);

    guard(server, {
      request: (req, res) => void pass(transport, req, res),
      upgrade: (req, socket, head) => void passUpgrade(transport, req, socket, head),
    });

    const memberPort = new MemberPort(server, transport);

    server.listen(port, host);
    await once(server, 'listening');

    return memberPort;
  }

  /** Ends the port and everything that goes through it. */
  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();

    for (const socket of this.#sockets) {
      socket.destroy();
    }

    await closed;
    await this.#transport.close();
  }
}
