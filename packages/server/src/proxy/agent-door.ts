import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { parseRequestInfo } from '@ks-apiserver/http/request/request-info';
import { ordinaryAnswer } from '@ks-apiserver/http/server/upgrade';
import type { AgentServer } from '@ks-apiserver/tower/server/agent-server';
import { agentStream, isAgentUpgrade } from '@ks-apiserver/tower/server/agent-socket';
import type { SourceAddresses } from '../http/source-ip.ts';
import type { Auditor } from '../models/auditing/auditor.ts';

/** Paths at which agents connect; the second one is for proxies that choose by path. */
const PATHS = new Set(['/', '/tower']);

/** The path that audit records name. */
const AUDITED_PATH = '/tower';

const MAX_AUDITED_NAME = 63;

/** What the door of agents needs. */
export interface AgentDoorDependencies {
  agents: AgentServer;
  auditor: Auditor;
  addresses: SourceAddresses;
}

/** Lets agents of members in, whose credentials are not those of users. */
export class AgentDoor {
  readonly #dependencies: AgentDoorDependencies;

  constructor(dependencies: AgentDoorDependencies) {
    this.#dependencies = dependencies;
  }

  /** Whether a request for an upgrade is that of an agent. */
  takes(req: IncomingMessage): boolean {
    const [path = ''] = (req.url ?? '').split('?', 1);
    return PATHS.has(path) && isAgentUpgrade(req);
  }

  /** Takes over a connection that {@link takes} has accepted. */
  take(req: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { agents, addresses } = this.#dependencies;
    const address = addresses.of(req);

    socket.on('error', () => socket.destroy());

    if (!agents.admits(address)) {
      const res = ordinaryAnswer(req, socket);
      res.writeHead(503, { 'content-type': 'text/plain', 'retry-after': '10' });
      res.end('too many agents are connecting: try again later\n');
      return;
    }

    agentStream(req, socket, head, (stream) => agents.accept(stream, address));
  }

  /** Records an agent that was refused; the name is what it told. */
  auditRefusal(name: string, sourceIP: string): void {
    const printable = name.replace(/[^ -~]/g, '?').slice(0, MAX_AUDITED_NAME);
    const request = {
      info: parseRequestInfo('GET', AUDITED_PATH),
      query: '',
      headers: {},
      sourceIP,
    };

    void this.#dependencies.auditor
      .begin(request)
      ?.finish({ user: { name: `system:agent:${printable}`, groups: [] }, status: 401 });
  }
}

/** Answers requests at the port of agents that are no upgrades, as tower does. */
export function agentPortAnswer(
  version: string,
): (req: IncomingMessage, res: ServerResponse) => void {
  const texts = new Map([
    ['/health', 'OK\n'],
    ['/version', version],
  ]);

  return (req, res) => {
    const text = req.method === 'GET' ? texts.get(req.url ?? '') : undefined;

    res.writeHead(text === undefined ? 404 : 200, { 'content-type': 'text/plain; charset=utf-8' });
    res.end(text ?? 'Not Found');
  };
}
