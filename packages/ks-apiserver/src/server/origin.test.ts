import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import WebSocket from 'ws';
import { TestServer } from '../testing/test-server.ts';

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

/** The status that an upgrade is answered with. */
async function upgrade(path: string, headers: Record<string, string>): Promise<number> {
  const socket = new WebSocket(server.url.replace('http', 'ws') + path, {
    headers: { authorization: `Bearer ${token}`, ...headers },
  });
  socket.on('error', () => {});
  const opened = once(socket, 'open').then(() => 101);
  const refused = once(socket, 'unexpected-response').then(([, response]) => response.statusCode as number);
  const status = await Promise.any([opened, refused]);
  socket.terminate();
  return status;
}

test('a page of another site opens no WebSocket', async () => {
  const { host, port } = new URL(server.url);
  for (const path of ['/api/v1/namespaces?watch=true', '/apis/iam.kubesphere.io/v1alpha2/users?watch=true']) {
    for (const headers of [
      {},
      { origin: `http://${host}` },
      { origin: 'https://console.example' },
      { origin: 'https://front.example', 'x-forwarded-host': 'front.example' },
    ] as Record<string, string>[])
      assert.equal(await upgrade(path, headers), 101, JSON.stringify(headers));
    for (const origin of [
      'https://evil.example',
      `http://${host}.evil.example`,
      `http://evil.example:${port}`,
      `http://${host}@evil.example`,
      'https://console.example.evil.example',
      'null',
      '',
      'file://',
    ])
      assert.equal(await upgrade(path, { origin }), 403, origin);
  }
});
