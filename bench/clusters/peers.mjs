// Two processes of the benchmark of dispatch: a member that answers over TLS with constant pages,
// and the bare reverse proxy that dispatch is compared with.
import { createServer } from 'node:http';
import https from 'node:https';
import { portOf } from '../../test/server.mjs';

const [role, ...rest] = process.argv.slice(2);

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
} else if (role === 'proxy') {
  serveProxy(options);
}
