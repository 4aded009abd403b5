import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ensurePki, type Pki } from '@ks-apiserver/kubernetes/server/pki';
import { KubeApiServer } from '@ks-apiserver/kubernetes/server/server';
import { WebSocket } from 'ws';
import { MemoryBackend } from '../storage/memory.ts';

const dir = mkdtempSync(join(tmpdir(), 'watch-socket-'));
let server: KubeApiServer;
let pki: Pki;
let base: string;
before(async () => {
  pki = await ensurePki(dir);
  server = await KubeApiServer.open({ backend: new MemoryBackend() });
  const { port } = await server.listen({ port: 0, tls: { ...pki.serving, ca: pki.ca } });
  base = `wss://127.0.0.1:${port}`;
});

after(async () => {
  await server.close();
  rmSync(dir, { recursive: true, force: true });
});

const connect = (path: string) => new WebSocket(`${base}${path}`, { ca: pki.ca, ...pki.admin });

test('a watch over a WebSocket sends one event per message and closes when it ends', async () => {
  const socket = connect('/api/v1/namespaces?watch=true&timeoutSeconds=1');
  const names: string[] = [];
  socket.on('message', (data, binary) => {
    assert.equal(binary, false);
    const event = JSON.parse(data.toString());
    assert.equal(event.type, 'ADDED');
    names.push(event.object.metadata.name);
  });

  const [code] = await once(socket, 'close');
  assert.equal(code, 1000);
  assert.deepEqual(names, ['default', 'kube-node-lease', 'kube-public', 'kube-system']);
});

test('upgrades of other calls are refused with a Status', async () => {
  for (const [path, status] of [
    ['/api/v1/namespaces/default/pods/none/exec?command=ls', 404],
    ['/api/v1/nonsense?watch=true', 404],
  ] as const) {
    const socket = connect(path);
    const [, response] = await once(socket, 'unexpected-response');
    assert.equal(response.statusCode, status, path);
    response.resume();
  }
});
