import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ADMIN_PASSWORD, TestServer } from '@ks-apiserver/server/test/support/test-server';
import WebSocket from 'ws';

let dir: string;
let server: TestServer;
let token: string;

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'ks-origin-'));

  const config = join(dir, 'kubesphere.yaml');
  await writeFile(config, 'authentication: {webSocketOrigins: ["https://console.example"]}\n');
  server = await TestServer.start({ args: ['--config', config] });
  token = await server.token();
});

after(async () => {
  await server.stop();
  await rm(dir, { recursive: true });
});

/** Returns the status of the answer to an upgrade. */
async function upgrade(path: string, headers: Record<string, string>): Promise<number> {
  const socket = new WebSocket(server.url.replace('http', 'ws') + path, {
    headers: { authorization: `Bearer ${token}`, ...headers },
  });
  socket.on('error', () => {});

  const opened = once(socket, 'open').then(() => 101);
  const refused = once(socket, 'unexpected-response').then(
    ([, response]) => response.statusCode as number,
  );
  const status = await Promise.any([opened, refused]);

  socket.terminate();

  return status;
}

test('a page of another site opens no WebSocket', async () => {
  const { host, port } = new URL(server.url);

  for (const path of [
    '/api/v1/namespaces?watch=true',
    '/apis/iam.kubesphere.io/v1alpha2/users?watch=true',
  ]) {
    for (const headers of [
      {},
      { origin: `http://${host}` },
      { origin: 'https://console.example' },
      { origin: 'https://front.example', 'x-forwarded-host': 'front.example' },
    ] as Record<string, string>[]) {
      assert.equal(await upgrade(path, headers), 101, JSON.stringify(headers));
    }

    for (const origin of [
      'https://evil.example',
      `http://${host}.evil.example`,
      `http://evil.example:${port}`,
      `http://${host}@evil.example`,
      'https://console.example.evil.example',
      'null',
      '',
      'file://',
    ]) {
      assert.equal(await upgrade(path, { origin }), 403, origin);
    }
  }
});

test('a console whose proxy sends neither host nor origin opens WebSockets with its Bearer token', async () => {
  const plain = await TestServer.start();
  const paths = ['/api/v1/namespaces?watch=true', '/apis/iam.kubesphere.io/v1alpha2/watch/users'];

  const statusOf = async (path: string, authorization: string) => {
    const headers = {
      authorization,
      origin: 'https://console.example',
      host: 'ks-apiserver.kubesphere-system.svc',
    };

    const socket = new WebSocket(plain.url.replace('http', 'ws') + path, { headers });
    socket.on('error', () => {});

    const opened = once(socket, 'open').then(() => 101);
    const refused = once(socket, 'unexpected-response').then(
      ([, response]) => response.statusCode as number,
    );
    const status = await Promise.any([opened, refused]);

    socket.terminate();

    return status;
  };

  try {
    const bearer = `Bearer ${await plain.token()}`;
    const basic = `Basic ${Buffer.from(`admin:${ADMIN_PASSWORD}`).toString('base64')}`;

    for (const path of paths) {
      assert.equal(await statusOf(path, bearer), 101, path);
      assert.equal(await statusOf(path, basic), 403, path);
    }
  } finally {
    await plain.stop();
  }
});
