// The cost of clients that request large lists and read nothing, for the server and for other
// clients.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startServer } from './server.mjs';

const PASSWORD = 'a password for slow readers';
const R = '/kapis/resources.kubesphere.io/v1alpha3';
const READERS = 500;
const OBJECTS = 300;
const BYTES = 12 * 1024;

let dir;
let server;
let headers;

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'ks-slow-'));
  server = await startServer({ dir, adminPassword: PASSWORD });

  const body = new URLSearchParams({
    grant_type: 'password',
    username: 'admin',
    password: PASSWORD,
  });

  const { access_token: token } = await (
    await fetch(`${server.url}/oauth/token`, { method: 'POST', body })
  ).json();
  headers = { authorization: `Bearer ${token}` };

  for (let i = 0; i < OBJECTS; i++) {
    await make('configmaps', i, { data: { text: 'x'.repeat(BYTES) } });
  }

  for (let i = 0; i < OBJECTS; i++) {
    await make('serviceaccounts', i, { metadata: { annotations: { note: 'y'.repeat(500) } } });
  }

  await read(`${R}/namespaces/default/configmaps`);
});

after(async () => {
  await server?.stop();
  await rm(dir, { recursive: true, force: true });
});

async function make(resource, i, object) {
  const made = await fetch(`${server.url}/api/v1/namespaces/default/${resource}`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify({ ...object, metadata: { ...object.metadata, name: `object-${i}` } }),
  });

  assert.equal(made.status, 201, await made.text());
}

async function read(path) {
  const answer = await fetch(server.url + path, { headers });
  assert.equal(answer.status, 200);
  return (await answer.arrayBuffer()).byteLength;
}

/** Returns the resident memory of the server in MB. */
async function resident() {
  return (
    Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${server.pid}/status`, 'utf8'))[1]) / 1024
  );
}

/** Opens a connection that sends a request and then reads nothing. */
function openStalledReader(path) {
  const { hostname, port } = new URL(server.url);

  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port) }, () => {
      socket.pause();
      socket.write(
        `GET ${path} HTTP/1.1\r\nhost: ${hostname}\r\nauthorization: ${headers.authorization}\r\n\r\n`,
      );
      resolve(socket);
    });

    socket.on('error', reject);
  });
}

for (const [what, path] of [
  ['large objects', `${R}/namespaces/default/configmaps`],
  ['small objects', `${R}/namespaces/default/serviceaccounts`],
]) {
  test(`hundreds of stalled readers hold no copies of a list of ${what}`, async () => {
    const size = await read(path);
    const before = await resident();
    const readers = await Promise.all(
      Array.from({ length: READERS }, () => openStalledReader(path)),
    );

    try {
      await sleep(1500);

      const grown = (await resident()) - before;
      const copies = (READERS * size) / 1024 ** 2;
      assert.ok(
        grown < Math.max(150, copies / 4),
        `${grown} MB more, for ${copies} MB that were asked for`,
      );

      const start = performance.now();

      assert.equal(await read(path), size);

      const ms = performance.now() - start;
      assert.ok(ms < 5000, `others wait for ${ms} ms`);
    } finally {
      for (const reader of readers) {
        reader.destroy();
      }
    }
  });
}
