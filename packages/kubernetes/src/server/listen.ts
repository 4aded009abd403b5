import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { unauthorized } from '@ks-apiserver/apimachinery/meta/errors';
import type {
  KubeRequest,
  KubeResponse,
  UserInfo,
} from '@ks-apiserver/apimachinery/transport/transport';
import { BodyBudgets } from '@ks-apiserver/http/request/body-budgets';
import { kubeRequestFrom } from '@ks-apiserver/http/request/kube-request';
import { parseRequestInfo } from '@ks-apiserver/http/request/request-info';
import { writeKubeResponse } from '@ks-apiserver/http/response/respond';
import { CallLimits } from '@ks-apiserver/http/server/call-limits';
import { GUARDED, guard } from '@ks-apiserver/http/server/connection-guard';
import { checkUpgrade } from '@ks-apiserver/http/server/upgrade';
import { errorResponse } from '../endpoints/respond.ts';
import { refuseUpgrade } from '../endpoints/verbs/watch-socket.ts';
import { UID_ATTRIBUTE } from './sign-request.ts';

/** Options of a TLS listener. */
export interface ListenOptions {
  host?: string;
  /** 0 chooses a free one. */
  port: number;
  /** PEM; client certificates signed by `ca` name their user (CN) and groups (O). */
  tls: { key: string; cert: string; ca: string };
  /** The user of a bearer token; undefined when it is not valid. */
  authenticateToken?: (token: string) => Promise<UserInfo | undefined>;
  /**
   * Checks the user of each request with a client certificate, except for system:masters: throws a
   * StatusError where there is no such user. It may close the connection later.
   */
  admitUser?: (user: UserInfo, connection: TLSSocket) => void;
  /** Checks calls before they reach the API. */
  guard?: CallGuard;
}

/** Where a call came from. */
export interface CallOrigin {
  address: string;
  /** The user who acts as the call's user, where that is another one. */
  impersonator?: UserInfo;
}

/** Checks calls of users before they reach the API. */
export interface CallGuard {
  /** Handles a call; throws a StatusError to refuse it. */
  call(request: KubeRequest, user: UserInfo, origin: CallOrigin): Promise<KubeResponse>;
  /** The upgrade request to serve; throws a StatusError to refuse it. */
  upgrade(request: KubeRequest, user: UserInfo, origin: CallOrigin): KubeRequest;
  /** Is told of a call whose caller is not known. */
  refused(request: KubeRequest, error: unknown, origin: CallOrigin): void;
}

/** The part of the API that a listener calls. */
interface ServedApi {
  handle(request: KubeRequest, user: UserInfo): Promise<KubeResponse>;
  /** The user of a ServiceAccount token; undefined when it is not valid. */
  authenticateToken(token: string): Promise<UserInfo | undefined>;
  /** The user as whom a request acts by its Impersonate- headers; throws a StatusError 403. */
  impersonate(headers: KubeRequest['headers'], user: UserInfo): UserInfo;
  upgradeAs(request: KubeRequest, socket: Duplex, head: Uint8Array, user: UserInfo): void;
}

/** A socket that the API is served on. */
export interface Listener {
  readonly port: number;
  close(): Promise<void>;
}

const ANONYMOUS: UserInfo = { name: 'system:anonymous', groups: ['system:unauthenticated'] };

/**
 * AES-128 first, as in Go's TLS and so in kube-apiserver: large lists spend most time in
 * encryption. The others are those of Mozilla's "intermediate" recommendation.
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

/** URLs that may request a watch; resources with the word in their name count too. */
const WATCH = /[/?&]watch[=/&]/;
const MAX_WATCHES_PER_USER = 1000;
const CLOSE_GRACE_MS = 2_000;
const MASTERS = 'system:masters';

function toList(value: string | string[] | undefined): string[] {
  return value === undefined ? [] : [value].flat();
}

/**
 * The user in the client certificate of a connection; throws a StatusError 401 where its uid is
 * ambiguous.
 */
function certificateUser(socket: TLSSocket): UserInfo | undefined {
  const subject: Record<string, string | string[] | undefined> = {
    ...socket.getPeerCertificate().subject,
  };
  const [name] = toList(subject.CN);
  if (!name) {
    return undefined;
  }

  const uids = toList(subject[UID_ATTRIBUTE]);
  if (uids.length > 1 || uids[0] === '') {
    throw unauthorized();
  }

  const [uid] = uids;

  return {
    name,
    ...(uid !== undefined && { uid }),
    groups: [...toList(subject.O), 'system:authenticated'],
  };
}

async function authenticate(
  req: IncomingMessage,
  api: ServedApi,
  options: ListenOptions,
): Promise<UserInfo> {
  const socket = req.socket as TLSSocket;
  if (socket.authorized) {
    const user = certificateUser(socket);
    if (user) {
      if (!user.groups.includes(MASTERS)) {
        options.admitUser?.(user, socket);
      }
      return user;
    }
  }

  // As in Kubernetes, a request without a token and a known certificate is anonymous.
  const [, token] = /^Bearer +(\S+)/i.exec(req.headers.authorization ?? '') ?? [];
  if (token === undefined) {
    return ANONYMOUS;
  }

  const user = (await options.authenticateToken?.(token)) ?? (await api.authenticateToken(token));
  if (!user) {
    throw unauthorized();
  }

  const groups = user.groups.includes('system:authenticated')
    ? user.groups
    : [...user.groups, 'system:authenticated'];

  return { ...user, groups };
}

function originOf(req: IncomingMessage, caller: UserInfo, user: UserInfo): CallOrigin {
  const address = req.socket.remoteAddress ?? '';
  return caller === user ? { address } : { address, impersonator: caller };
}

/** Serves the API over TLS with bounded headers, idle times and requests. */
export async function listen(api: ServedApi, options: ListenOptions): Promise<Listener> {
  const server = createServer({
    ...options.tls,
    requestCert: true,
    rejectUnauthorized: false,
    minVersion: 'TLSv1.2',
    ciphers: CIPHERS,
    honorCipherOrder: true,
    ...GUARDED,
    keepAliveTimeout: 90_000,
    handshakeTimeout: 20_000,
  });

  const bodies = new BodyBudgets();
  const limits = new CallLimits(MAX_WATCHES_PER_USER);

  // Users of system:masters have no limit.
  const admit = ({ name, groups }: UserInfo) =>
    groups.includes('system:masters') ? () => {} : limits.admit(name);

  const identify = async (req: IncomingMessage, request: KubeRequest) => {
    try {
      const caller = await authenticate(req, api, options);
      return { caller, user: api.impersonate(request.headers, caller) };
    } catch (error) {
      options.guard?.refused(request, error, { address: req.socket.remoteAddress ?? '' });
      throw error;
    }
  };

  const onRequest = async (req: IncomingMessage, res: ServerResponse) => {
    const abort = new AbortController();
    res.once('close', () => {
      // A response that is sent completely needs no abort.
      if (!res.writableFinished) {
        abort.abort();
      }
    });

    try {
      const request = kubeRequestFrom(req, abort.signal);
      const { caller, user } = await identify(req, request);

      if (WATCH.test(request.url)) {
        res.once('close', admit(caller));
      }

      const counted = bodies.counted(request, req, res, caller);
      const response = options.guard
        ? await options.guard.call(counted, user, originOf(req, caller, user))
        : await api.handle(counted, user);

      await writeKubeResponse(res, response);
    } catch (error) {
      if (!res.headersSent) {
        await writeKubeResponse(res, errorResponse(error));
      } else {
        res.destroy();
      }
    }
  };

  const onUpgrade = async (req: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());

    try {
      checkUpgrade(req, parseRequestInfo(req.method ?? '', req.url ?? '/'));

      const request = kubeRequestFrom(req);
      const { caller, user } = await identify(req, request);

      socket.once('close', admit(caller));

      const served = options.guard?.upgrade(request, user, originOf(req, caller, user)) ?? request;
      api.upgradeAs(served, socket, head, user);
    } catch (error) {
      refuseUpgrade(socket, error);
    }
  };

  guard(server, { request: onRequest, upgrade: onUpgrade });
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
