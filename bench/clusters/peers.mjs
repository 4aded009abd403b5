// Processes of the benchmarks of members: a member that answers with constant pages over TLS, one
// that does without, the bare reverse proxy that dispatch is compared with, and a server of agents
// that does nothing else.
import { createServer } from 'node:http';
import https from 'node:https';
import { portOf } from '../../test/server.mjs';

const [role, ...rest] = process.argv.slice(2);

/** A member without TLS: every call is answered with a page of `size` bytes. */
function servePlainly({ size }) {
  const page = Buffer.from(JSON.stringify({ kind: 'PodList', items: 'x'.repeat(size) }));
  const server = createServer({ noDelay: true }, (req, res) => {
    req.resume();
    res.writeHead(200, { 'content-type': 'application/json', 'content-length': page.length });
    res.end(page);
  });

  server.listen(0, '127.0.0.1', () => process.send?.({ port: portOf(server) }));
}

/** A server of agents, which tells its memory when it is asked. */
async function serveAgents() {
  const dist = '../../packages/tower/dist/server';
  const { AgentServer } = await import(`${dist}/agent-server.js`);
  const { agentStream } = await import(`${dist}/agent-socket.js`);
  let connected = 0;

  const agents = new AgentServer({
    authenticate: () => true,
    maxUnauthenticatedPerAddress: 256,
    events: {
      onAgent: () => {},
      onAgentGone: () => {},
      onConnected: () => {
        connected += 1;
      },
      onDisconnected: () => {},
      onRefused: () => {},
    },
  });

  const server = createServer();
  server.on('upgrade', (req, socket, head) =>
    agentStream(req, socket, head, (stream) => agents.accept(stream, '127.0.0.1')),
  );

  process.on('message', () => {
    globalThis.gc?.();
    const { heapUsed, external, arrayBuffers, rss } = process.memoryUsage();
    process.send?.({ connected, used: heapUsed + external + arrayBuffers, rss });
  });

  server.listen(0, '127.0.0.1', () => process.send?.({ port: portOf(server) }));
}

/** A member: every call is answered with a page of `size` bytes. */
function serveMember({ cert, key, size }) {
  const page = Buffer.from(JSON.stringify({ kind: 'PodList', items: 'x'.repeat(size) }));
  const server = https.createServer({ cert, key, noDelay: true }, (req, res) => {
    req.resume();

    if (req.url.includes('/services/ks-apiserver')) {
      res.writeHead(200, { 'content-type': 'application/json' }).end('{}');
      return;
    }

    res.writeHead(200, { 'content-type': 'application/json', 'content-length': page.length });
    res.end(page);
  });

  server.listen(0, '127.0.0.1', () => process.send?.({ port: portOf(server) }));
}

/** A reverse proxy that does nothing but pass calls on over TLS, on connections that it keeps. */
function serveProxy({ port, ca }) {
  const agent = new https.Agent({ keepAlive: true, ca, maxSockets: 256 });

  const server = createServer({ noDelay: true }, (req, res) => {
    const { method, url: path, headers } = req;
    const onward = https.request(
      { host: '127.0.0.1', port, method, path, headers, agent },
      (answer) => {
        res.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(res);
      },
    );

    onward.on('error', () => res.destroy());
    req.pipe(onward);
  });

  server.listen(0, '127.0.0.1', () => process.send?.({ port: portOf(server) }));
}

const options = JSON.parse(rest[0] ?? '{}');

if (role === 'member') {
  serveMember(options);
} else if (role === 'plain') {
  servePlainly(options);
} else if (role === 'agents') {
  await serveAgents();
} else if (role === 'proxy') {
  serveProxy(options);
}
