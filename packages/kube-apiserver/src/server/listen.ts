import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { unauthorized } from '@ks-apiserver/apimachinery/meta/errors';
import { kubeRequestFrom } from '@ks-apiserver/apiserver/http/kube-request';
import { writeKubeResponse } from '@ks-apiserver/apiserver/http/respond';
import type { UserInfo } from '@ks-apiserver/client/kube/transport';
import { errorResponse } from '../endpoints/respond.ts';
import { refuseUpgrade } from '../endpoints/watch-socket.ts';
import type { KubeApiServer } from './server.ts';
import { UID_ATTRIBUTE } from './sign-request.ts';

/** How the API is served. */
export interface ListenOptions {
  host?: string;
  /** 0 chooses a free one. */
  port: number;
  /** PEM; client certificates signed by `ca` name their user (CN) and groups (O). */
  tls: { key: string; cert: string; ca: string };
  /** The user of a bearer token; undefined when it is not valid. */
  authenticateToken?: (token: string) => Promise<UserInfo | undefined>;
  /**
   * Asked about the user of each request with a client certificate, those of system:masters apart: throws a StatusError where
   * the certificate is none of a user that there is. Who admits somebody may destroy his connection later.
   */
  admitUser?: (user: UserInfo, connection: TLSSocket) => void;
}

/** A socket that the API is served on. */
export interface Listener {
  readonly port: number;
  close(): Promise<void>;
}

const ANONYMOUS: UserInfo = { name: 'system:anonymous', groups: ['system:unauthenticated'] };
/**
 * AES-128 first, as Go's TLS and with it kube-apiserver prefers it: large lists are mostly encryption. The others are those
 * of Mozilla's "intermediate" recommendation.
 */
const CIPHERS = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':');
const CLOSE_GRACE_MS = 2_000;
const MASTERS = 'system:masters';

function many(value: string | string[] | undefined): string[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [value];
}

/** The user that the certificate of a connection names; throws a StatusError 401 where it does not say which one of that name. */
function certificateUser(socket: TLSSocket): UserInfo | undefined {
  const subject: Record<string, string | string[] | undefined> = { ...socket.getPeerCertificate().subject };
  const [name] = many(subject.CN);
  if (!name) return undefined;
  const uids = many(subject[UID_ATTRIBUTE]);
  if (uids.length > 1 || uids[0] === '') throw unauthorized();
  const [uid] = uids;
  return { name, ...(uid !== undefined && { uid }), groups: [...many(subject.O), 'system:authenticated'] };
}

async function authenticate(req: IncomingMessage, api: KubeApiServer, options: ListenOptions): Promise<UserInfo> {
  const socket = req.socket as TLSSocket;
  if (socket.authorized) {
    const user = certificateUser(socket);
    if (user) {
      if (!user.groups.includes(MASTERS)) options.admitUser?.(user, socket);
      return user;
    }
  }
  // As in Kubernetes, whoever brings no token and no certificate that is known here is anonymous.
  const [, token] = /^Bearer +(\S+)/i.exec(req.headers.authorization ?? '') ?? [];
  if (token === undefined) return ANONYMOUS;
  const user = (await options.authenticateToken?.(token)) ?? (await api.authenticateToken(token));
  if (!user) throw unauthorized();
  const groups = user.groups.includes('system:authenticated') ? user.groups : [...user.groups, 'system:authenticated'];
  return { ...user, groups };
}

/** Serves the API over TLS with bounded headers, idle times and requests. */
export async function listen(api: KubeApiServer, options: ListenOptions): Promise<Listener> {
  const server = createServer({
    ...options.tls,
    requestCert: true,
    rejectUnauthorized: false,
    minVersion: 'TLSv1.2',
    ciphers: CIPHERS,
    honorCipherOrder: true,
    maxHeaderSize: 64 * 1024,
    headersTimeout: 20_000,
    requestTimeout: 120_000,
    keepAliveTimeout: 90_000,
    handshakeTimeout: 20_000,
  });
  server.on('request', async (req, res) => {
    const abort = new AbortController();
    res.once('close', () => {
      // An answer that is out needs nobody to stop.
      if (!res.writableFinished) abort.abort();
    });
    try {
      const request = kubeRequestFrom(req, abort.signal);
      const user = api.impersonated(request.headers, await authenticate(req, api, options));
      await writeKubeResponse(res, await api.handle(request, user));
    } catch (error) {
      if (!res.headersSent) await writeKubeResponse(res, errorResponse(error));
      else res.destroy();
    }
  });
  server.on('upgrade', async (req: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    try {
      const request = kubeRequestFrom(req);
      const user = api.impersonated(request.headers, await authenticate(req, api, options));
      api.upgradeAs(request, socket, head, user);
    } catch (error) {
      refuseUpgrade(socket, error);
    }
  });
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host ?? '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    port,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
        setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS).unref();
      }),
  };
}
