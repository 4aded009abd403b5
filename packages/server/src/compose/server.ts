import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { BodyBudgets } from '@ks-apiserver/http/request/body-budgets';
import { sendError } from '@ks-apiserver/http/response/error-responder';
import type { Pending } from '@ks-apiserver/http/response/pending';
import type { UpgradeRequest } from '@ks-apiserver/http/routes/route';
import {
  compose,
  type EndReason,
  type Exchange,
  HttpCall,
  type Incoming,
  IncomingCall,
} from '@ks-apiserver/http/server/exchange';
import { Listener } from '@ks-apiserver/http/server/listener';
import { ordinaryAnswer } from '@ks-apiserver/http/server/upgrade';
import { auditUpgrade } from '../http/auditing.ts';
import { chain, type UpgradeEnds, upgradeChain } from '../http/chain.ts';
import type { ChainDependencies } from '../http/chain-dependencies.ts';
import { relayToMember } from '../http/cluster-dispatch.ts';
import { Connections, neededBy } from '../http/connections.ts';
import { gatedCall } from '../http/kubernetes-proxy.ts';
import type { AccessLog } from '../http/observe/access-log.ts';
import type { Metrics } from '../http/observe/metrics.ts';
import type { SourceAddresses } from '../http/source-ip.ts';
import { ANONYMOUS } from '../models/iam/login/authenticate.ts';
import { relayUpgrade } from '../proxy/upgrade-relay.ts';
import { serveWatchSocket } from '../proxy/watch-socket.ts';

/** How long requests may take to finish when the server stops, in milliseconds. */
const GRACE_MS = 10_000;

/** The KubeSphere API on any number of addresses, all served by the same chain. */
export class KsApiServer {
  readonly #dependencies: ChainDependencies;
  readonly #metrics: Metrics;
  readonly #log: AccessLog;
  readonly #addresses: SourceAddresses;
  #stopping = false;
  readonly #listeners = new Map<string, Listener>();
  readonly #handle: (exchange: Exchange) => Pending;
  readonly #upgrades = new Set<Duplex>();

  constructor(
    dependencies: Omit<ChainDependencies, 'connections' | 'bodies'>,
    metrics: Metrics,
    log: AccessLog,
    addresses: SourceAddresses,
  ) {
    const connections = new Connections(dependencies.authenticator, dependencies.authorizer);
    this.#dependencies = { ...dependencies, connections, bodies: new BodyBudgets() };
    this.#metrics = metrics;
    this.#log = log;
    this.#addresses = addresses;
    this.#handle = compose(chain(this.#dependencies));
  }

  /** Listens on one more address and returns the port; rejects with the system's error. */
  async listen(host: string, port: number): Promise<number> {
    const listener = await Listener.listen({
      host,
      port,
      onRequest: this.#onRequest,
      onUpgrade: this.#onUpgrade,
    });

    this.#listeners.set(`${host}:${listener.port}`, listener);

    return listener.port;
  }

  /** Stops listening on one address; its running requests finish. */
  async unlisten(host: string, port: number): Promise<void> {
    const key = `${host}:${port}`;
    const listener = this.#listeners.get(key);
    this.#listeners.delete(key);
    await listener?.close(GRACE_MS);
  }

  readonly #onRequest = (req: IncomingMessage, res: ServerResponse): void => {
    const exchange = new HttpCall(req, res, ANONYMOUS, this.#addresses.of(req));

    if (this.#stopping) {
      res.setHeader('connection', 'close');
    }

    this.#metrics.begin();

    // A response closes once.
    res.on('close', () => {
      if (!res.writableFinished) {
        exchange.abort();
      }

      this.#metrics.end(exchange);
      this.#log.add(exchange, res.statusCode);
    });

    const failed = (error: unknown) => {
      this.#log.addUnexpected(exchange, error);
      res.destroy();
    };

    try {
      this.#handle(exchange)?.catch(failed);
    } catch (error) {
      failed(error);
    }
  };

  readonly #onUpgrade = (req: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const { agents } = this.#dependencies;

    if (agents?.takes(req)) {
      this.#upgrades.add(socket);
      socket.once('close', () => this.#upgrades.delete(socket));
      agents.take(req, socket, head);
      return;
    }

    socket.on('error', () => socket.destroy());

    const incoming = new IncomingCall(req, ANONYMOUS, this.#addresses.of(req));
    socket.once('close', () => incoming.abort());

    const { connections, longCalls } = this.#dependencies;
    const connection = { req, socket, head };
    let status = 101;

    const followBy =
      (open: Connections): UpgradeRequest['follow'] =>
      (needs, end) => {
        const forget = open.add(incoming, end, needs);

        this.#upgrades.add(socket);

        socket.once('close', () => {
          this.#upgrades.delete(socket);
          forget();
        });
      };

    const admit = () => {
      const giveBack = longCalls.admit(incoming);

      if (socket.destroyed) {
        giveBack();
      } else {
        socket.once('close', giveBack);
      }
    };

    const ends: UpgradeEnds = {
      member: async (call) => {
        admit();
        // The member decides about rights; the session is this server's.
        followBy(connections)([], () => socket.destroy());
        status = await relayToMember(call, connection);
      },
      kubernetes: async (request, dependencies) => {
        const end = (why: EndReason) => (why === 'stopping' ? socket.end() : socket.destroy());

        admit();
        followBy(dependencies.connections)(neededBy(incoming), end);

        if (incoming.info.verb === 'watch') {
          await serveWatchSocket(request, connection, (call) =>
            gatedCall(dependencies, incoming, call),
          );
        } else {
          status = await relayUpgrade(dependencies.kubernetes, request, connection);
        }
      },
      route: async (dependencies) => {
        const follow = followBy(dependencies.connections);

        admit();
        await dependencies.upgrade(incoming, { socket, head, follow });
      },
    };

    const serve = async () => {
      await compose<Incoming>(upgradeChain(this.#dependencies, ends))(incoming);
      auditUpgrade(this.#dependencies.auditor, incoming, status);

      // Opened shells are always logged.
      if (incoming.info.isKubernetes || incoming.info.verb === 'watch') {
        this.#log.add(incoming, status);
      } else {
        this.#log.addAlways(incoming, status);
      }
    };

    serve().catch((thrown) => {
      if (socket.destroyed) {
        return;
      }

      const { code } = sendError(ordinaryAnswer(req, socket), thrown);
      this.#log.add(incoming, code);
      auditUpgrade(this.#dependencies.auditor, incoming, code);
    });
  };

  /** Stops gracefully: no new connections, watches end, running requests finish, within 10 s. */
  async close(): Promise<void> {
    this.#stopping = true;
    this.#dependencies.connections.close();
    await Promise.all([...this.#listeners.values()].map((listener) => listener.close(GRACE_MS)));

    for (const socket of this.#upgrades) {
      socket.destroy();
    }

    this.#log.flush();
  }
}
