// Calls that go on to another server: what it gets, what its answers may do, and what happens when
// it misbehaves.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ADMIN_PASSWORD, eventually, TestServer } from '../support/test-server.ts';

const PATH = '/kapis/alerting.kubesphere.io/v1';

type Answerer = (req: IncomingMessage, res: ServerResponse) => unknown;

let server: TestServer;
let token: string;
let dir: string;
let answer: Answerer;
let called: { method: string; url: string; headers: IncomingMessage['headers'] }[] = [];

const upstream = createServer((req, res) => {
  called.push({ method: req.method ?? '', url: req.url ?? '', headers: req.headers });
  answer(req, res);
});

before(async () => {
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  const { port } = upstream.address() as AddressInfo;

  dir = await mkdtemp(join(tmpdir(), 'forwarded-'));
  const config = join(dir, 'kubesphere.yaml');
  await writeFile(config, `alerting: { endpoint: "http://127.0.0.1:${port}/base/" }\n`);

  server = await TestServer.start({ args: ['--config', config] });
  token = await server.token();
});

beforeEach(() => {
  called = [];
});

after(async () => {
  await server.stop();
  upstream.closeAllConnections();
  upstream.close();
  await rm(dir, { recursive: true, force: true });
});

test('a call goes on with its path, query, headers and body', async () => {
  answer = async (req, res) => {
    let body = '';
    for await (const piece of req) {
      body += piece;
    }

    res.writeHead(201, { 'x-own': 'kept', 'content-type': 'application/json' }).end(body);
  };

  const { status, headers, json } = await server.call(`${PATH}/a%20b/c?x=%2F&y`, {
    method: 'PATCH',
    token,
    headers: { 'content-type': 'application/merge-patch+json', 'x-test': '1' },
    body: { a: 1 },
  });

  assert.deepEqual([status, json, headers.get('x-own')], [201, { a: 1 }, 'kept']);
  assert.equal(called[0]?.url, '/base/v1/a%20b/c?x=%2F&y');
  assert.equal(called[0]?.headers['content-type'], 'application/merge-patch+json');
  assert.equal(called[0]?.headers['x-test'], '1');
  assert.equal(called[0]?.headers.authorization, `Bearer ${token}`);
});

test('cookies, passwords and what callers say of themselves stay here', async () => {
  answer = (_req, res) => res.end('{}');

  const password = `Basic ${btoa(`admin:${ADMIN_PASSWORD}`)}`;
  const headers = {
    authorization: password,
    cookie: 'session=hush',
    // Proxies on this machine are trusted to tell where calls come from.
    'x-forwarded-for': '6.6.6.6, 10.9.9.9',
    'x-forwarded-host': 'evil.example',
    'x-remote-user': 'root',
    'x-kubesphere-rawusername': 'root',
    'impersonate-user': 'root',
  };

  assert.equal((await server.call(`${PATH}/x`, { headers })).status, 200);

  const [sent] = called;
  assert.equal(sent?.headers['x-forwarded-for'], '6.6.6.6, 10.9.9.9');

  for (const name of [
    'authorization',
    'cookie',
    'x-forwarded-host',
    'x-remote-user',
    'x-kubesphere-rawusername',
    'impersonate-user',
  ]) {
    assert.equal(sent?.headers[name], undefined, name);
  }
});

test('an answer cannot set cookies, run scripts here or open this origin to others', async () => {
  answer = (_req, res) =>
    res
      .writeHead(200, {
        'content-type': 'text/html',
        'set-cookie': ['session=evil'],
        'access-control-allow-origin': '*',
        'clear-site-data': '"*"',
        'content-security-policy': "default-src 'unsafe-inline'",
      })
      .end('<script>alert(1)</script>');

  const { headers, text } = await server.call(`${PATH}/page`, { token });

  assert.equal(text, '<script>alert(1)</script>');
  assert.equal(headers.get('set-cookie'), null);
  assert.equal(headers.get('access-control-allow-origin'), null);
  assert.equal(headers.get('clear-site-data'), null);
  assert.equal(headers.get('content-security-policy'), 'sandbox');
  assert.equal(headers.get('x-content-type-options'), 'nosniff');
});

test('a redirect is not followed', async () => {
  answer = (req, res) =>
    req.url === '/base/v1/away'
      ? res.writeHead(302, { location: '/base/v1/inside' }).end()
      : res.end('inside');

  const url = `${server.url}${PATH}/away`;
  const { status } = await fetch(url, {
    redirect: 'manual',
    headers: { authorization: `Bearer ${token}` },
  });

  assert.equal(status, 302);
  assert.equal(called.length, 1);
});

test('paths that lead elsewhere are refused before anything is called', async () => {
  const { hostname, port } = new URL(server.url);

  for (const path of ['/v1/../admin', '/v1/%2e%2e/admin', '/v1/a%2f..%2f..%2fadmin', '/v1/a\\..']) {
    const socket = connect(Number(port), hostname);
    socket.write(
      `GET /kapis/alerting.kubesphere.io${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\nconnection: close\r\n\r\n`,
    );

    let text = '';
    for await (const piece of socket) {
      text += piece;
    }

    assert.match(text, /^HTTP\/1\.1 40[04]/, path);
  }

  assert.deepEqual(called, []);
});

test('a server that hangs up or answers with nonsense is 502, without its address', async () => {
  for (const broken of [
    (req: IncomingMessage) => req.socket.destroy(),
    (req: IncomingMessage) => req.socket.end('nonsense\r\n\r\n'),
    (req: IncomingMessage) =>
      req.socket.end(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}\r\n\r\n`),
  ]) {
    answer = broken;
    const { status, text } = await server.call(`${PATH}/x`, { token });

    assert.equal(status, 502);
    assert.match(text, /the alerting server cannot be reached/);
    assert.doesNotMatch(text, /127\.0\.0\.1/);
  }
});

test('a body that breaks off cuts the connection of its reader', async () => {
  answer = (_req, res) => {
    res.writeHead(200, { 'content-length': '100' }).write('half');
    setTimeout(() => res.destroy(), 50);
  };

  await assert.rejects(server.call(`${PATH}/x`, { token }));
});

test('a body without end goes on only while somebody reads it', async () => {
  let sent = 0;
  let closed = false;

  answer = async (_req, res) => {
    const piece = Buffer.alloc(64 * 1024, 'x');
    res.once('close', () => {
      closed = true;
    });

    while (!closed) {
      sent += piece.byteLength;
      if (!res.write(piece)) {
        await Promise.race([new Promise((resolve) => res.once('drain', resolve)), sleep(100)]);
      }
    }
  };

  const { hostname, port } = new URL(server.url);
  const socket = connect(Number(port), hostname);
  socket.write(`GET ${PATH}/log HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\n\r\n`);
  socket.pause();

  await sleep(1000);
  const stalled = sent;
  const memory = await server.call('/metrics', { token });
  assert.equal(memory.status, 200);

  socket.destroy();
  for (let waited = 0; !closed && waited < 5000; waited += 50) {
    await sleep(50);
  }

  assert.ok(closed, 'the upstream is still sending');
  assert.ok(stalled < 64 * 1024 * 1024, `${stalled} bytes were taken without a reader`);
});

test('without an endpoint there are no routes', async () => {
  const { status } = await server.call('/kapis/notification.kubesphere.io/v1/x', { token });
  assert.equal(status, 404);
});

test('an answer that goes on ends with the session of its caller', async () => {
  let isOpen = false;
  answer = (_req, res) => {
    isOpen = true;
    res.once('close', () => {
      isOpen = false;
    });
    res.write('begun');
  };

  const own = await server.token();
  const response = await fetch(`${server.url}${PATH}/log`, {
    headers: { authorization: `Bearer ${own}` },
  });
  const cut = assert.rejects(response.text());

  await sleep(1000);
  assert.ok(isOpen, 'it goes on while the session lasts');

  await server.call('/oauth/logout', { token: own });
  await cut;
  await eventually(async () => assert.equal(isOpen, false));
});
