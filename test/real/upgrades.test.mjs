// Protocol upgrades in front of a real kube-apiserver that trusts this server by a client
// certificate: every request on this server's connections runs as a cluster administrator.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { RawConnection } from '../../packages/server/dist/test/support/raw-connection.js';
import {
  ADMIN_PASSWORD,
  eventually,
  TestServer,
} from '../../packages/server/dist/test/support/test-server.js';
import { portOf } from '../server.mjs';
import { toolPath } from '../tools/paths.mjs';
import { run } from './kubectl.mjs';
import { kubeletPath, makePod, startKubelet } from './kubelet.mjs';
import { kubeApiServerPath, startRealCluster } from './real-cluster.mjs';

const skip = kubeApiServerPath() && kubeletPath() ? false : 'needs Go';
const main = fileURLToPath(new URL('../../packages/server/dist/bundle/main.js', import.meta.url));
const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
const ROLES = '/apis/iam.kubesphere.io/v1alpha2/globalroles';
const CALLER = `Authorization: Basic ${Buffer.from(`admin:${ADMIN_PASSWORD}`).toString('base64')}\r\n`;
let dir;
let cluster;
let kubelet;
let server;
let certificate;

before(async () => {
  if (skip) {
    return;
  }

  dir = await mkdtemp(join(tmpdir(), 'ks-upgrades-'));
  cluster = await startRealCluster({ controllers: true });
  execFileSync(process.execPath, [main, 'install', '--kubeconfig', cluster.kubeconfig], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });

  const file = (name) => join(dir, name);
  const openssl = (...args) => execFileSync('openssl', args, { stdio: 'ignore' });
  const subject = ['-subj', '/O=system:masters/CN=ks'];
  openssl(
    'req',
    '-newkey',
    'rsa:2048',
    '-nodes',
    ...subject,
    '-keyout',
    file('key'),
    '-out',
    file('csr'),
  );

  const ca = [
    '-CA',
    join(cluster.dir, 'client-ca.crt'),
    '-CAkey',
    join(cluster.dir, 'client-ca.key'),
  ];

  openssl(
    'x509',
    '-req',
    '-in',
    file('csr'),
    ...ca,
    '-CAcreateserial',
    '-days',
    '1',
    '-out',
    file('crt'),
  );

  const config = JSON.parse(await readFile(cluster.kubeconfig, 'utf8'));
  config.users[0].user = { 'client-certificate': file('crt'), 'client-key': file('key') };
  certificate = file('kubeconfig');
  await writeFile(certificate, JSON.stringify(config));
  kubelet = await startKubelet({ main: { sh: '/bin/sh' } });
  server = await TestServer.start({ args: ['--kubeconfig', certificate] });

  await eventually(
    () =>
      makePod(kubernetes, {
        port: kubelet.port,
        namespace: 'default',
        pod: 'web',
        containers: ['main'],
      }),
    30_000,
  );
});

after(async () => {
  await server?.stop();
  await kubelet?.stop();
  await cluster?.stop();

  if (dir) {
    await rm(dir, { recursive: true });
  }
});

async function kubernetes(path, options = {}) {
  const { method = 'GET', body, type = 'application/json' } = /** @type {any} */ (options);

  const { RemoteTransport } = await import('../../packages/client/dist/kube/remote.js');
  const { readBody } = await import('../../packages/apimachinery/dist/transport/transport.js');
  const { loadKubeconfig } = await import('../../packages/client/dist/kube/kubeconfig.js');
  const transport = new RemoteTransport(await loadKubeconfig(cluster.kubeconfig));
  const headers = { accept: 'application/json', 'content-type': type };

  const answer = await transport.request({
    method,
    url: path,
    headers,
    ...(body && { body: Buffer.from(JSON.stringify(body)) }),
  });

  const json = JSON.parse((await readBody(answer.body)).toString());

  await transport.close();

  return { status: answer.status, json };
}

const withBody = (body) =>
  `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`;
const head = (line, more = '') =>
  `${line} HTTP/1.1\r\nHost: ks\r\n${CALLER}Connection: Upgrade\r\nUpgrade: websocket\r\n${more}\r\n`;

test('nothing behind a request for an upgrade runs as cluster-admin', { skip }, async () => {
  let count = 0;

  for (const [path, status] of /** @type {[string, number][]} */ ([
    ['/api/v1/namespaces/default/pods/nosuch/exec?command=sh', 404],
    ['/api/v1/namespaces/default/pods/web/exec', 400],
    ['/api/v1/namespaces/default/services/nosuch/proxy/', 404],
    ['/api/v1/namespaces?watch=true', 400],
    ['/api/v1/namespaces', 400],
    ['/version', 400],
  ])) {
    for (const waits of [0, 30]) {
      count += 1;

      const name = `smuggled-${count}`;
      const body = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } });
      const behind = `POST ${CONFIG_MAPS} HTTP/1.1\r\nHost: ks\r\n${withBody(body)}\r\n${body}`;
      const connection = await RawConnection.connect(server.url);

      connection.write(head(`GET ${path}`) + (waits === 0 ? behind : ''));
      await sleep(waits);

      if (waits > 0) {
        connection.write(behind);
      }

      assert.equal(await connection.ends(5000), true, `${path}: the connection stays open`);
      assert.deepEqual(connection.statuses, [status], connection.text);
      connection.close();
      assert.equal((await kubernetes(`${CONFIG_MAPS}/${name}`)).status, 404, path);
    }
  }
});

test('a write that asks for an upgrade runs nothing', { skip }, async () => {
  const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'kept' } };
  assert.equal((await kubernetes(CONFIG_MAPS, { method: 'POST', body: map })).status, 201);

  const role = {
    apiVersion: 'iam.kubesphere.io/v1alpha2',
    kind: 'GlobalRole',
    metadata: { name: 'granted' },
    rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }],
  };

  for (const [line, value] of /** @type {[string, object | undefined][]} */ ([
    [`DELETE ${CONFIG_MAPS}/kept`, undefined],
    [`PUT ${ROLES}/granted`, role],
    [`POST ${ROLES}`, role],
    [`PATCH ${CONFIG_MAPS}/kept`, { data: { changed: 'yes' } }],
  ])) {
    const body = value === undefined ? '' : JSON.stringify(value);
    const connection = await RawConnection.connect(server.url);

    connection.write(head(line, value === undefined ? '' : withBody(body)) + body);
    assert.equal(await connection.ends(5000), true, `${line}: the connection stays open`);
    assert.deepEqual(connection.statuses, [405], line);
    connection.close();
  }

  const { json } = await kubernetes(`${CONFIG_MAPS}/kept`);
  assert.equal(json.data, undefined);
  assert.equal((await kubernetes(`${ROLES}/granted`)).status, 404);
});

test('kubectl runs commands through this server, over WebSocket and over SPDY', {
  skip,
}, async (t) => {
  const token = await eventually(() => server.token());
  const kubeconfig = join(dir, 'through');

  // kubectl sends tokens over TLS only, and first requests paths that 3.0 does not have; its
  // upgrades are forwarded unchanged.
  const front = createServer({
    key: await readFile(join(dir, 'key')),
    cert: await readFile(join(dir, 'crt')),
  });

  front.on('request', async (req, res) =>
    res.end(JSON.stringify((await kubernetes(req.url)).json)),
  );

  const asked = [];
  front.on('upgrade', (req, client, head) => {
    asked.push(`${req.method} ${req.headers.upgrade}`);

    const upstream = connect(Number(new URL(server.url).port), '127.0.0.1');
    for (const end of [client, upstream]) {
      end.on('error', () => {});
    }

    const lines = [];

    for (let i = 0; i < req.rawHeaders.length; i += 2) {
      lines.push(`${req.rawHeaders[i]}: ${req.rawHeaders[i + 1]}\r\n`);
    }

    upstream.write(`${req.method} ${req.url} HTTP/1.1\r\n${lines.join('')}\r\n`);
    upstream.write(head);
    client.pipe(upstream).pipe(client);
  });

  await once(front.listen(0, '127.0.0.1'), 'listening');
  t.after(() => front.close());

  const cluster = {
    server: `https://127.0.0.1:${portOf(front)}`,
    'insecure-skip-tls-verify': true,
  };

  const config = {
    clusters: [{ name: 'ks', cluster }],
    users: [{ name: 'admin', user: { token } }],
    contexts: [{ name: 'ks', context: { cluster: 'ks', user: 'admin' } }],
    'current-context': 'ks',
  };

  await writeFile(kubeconfig, JSON.stringify(config));

  for (const webSockets of ['true', 'false']) {
    for (const tool of /** @type {const} */ (['kubectl', 'kubectl-1.32'])) {
      const args = ['--kubeconfig', kubeconfig, 'exec', '-i', 'web', '-c', 'main', '--', 'sh'];
      const env = { HOME: dir, KUBECTL_REMOTE_COMMAND_WEBSOCKETS: webSockets };
      const out = await run(toolPath(tool), args, { input: 'echo $((6*7))\n', env });
      assert.equal(out, '42\n', `${tool}, WebSockets ${webSockets}`);
    }
  }

  const [webSocket, spdy] = ['GET websocket', 'POST SPDY/3.1'];
  assert.deepEqual(asked, [webSocket, webSocket, spdy, spdy]);
});

test('a watch over a WebSocket is authorized like every other watch', { skip }, async () => {
  const { default: WebSocket } = await import('ws');

  const socket = new WebSocket(
    `${server.url.replace('http', 'ws')}/api/v1/namespaces/default/configmaps?watch=true`,
    {
      headers: { authorization: CALLER.slice(15).trim() },
    },
  );

  const names = [];
  socket.on(
    'message',
    (data, binary) => !binary && names.push(JSON.parse(String(data)).object.metadata.name),
  );

  await eventually(async () => assert.ok(names.includes('kept')));
  socket.terminate();
});
