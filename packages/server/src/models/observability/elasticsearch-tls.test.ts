import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ensurePki } from '@ks-apiserver/kubernetes/server/pki';
import { ElasticsearchBackend } from '@ks-apiserver/search/elasticsearch/elasticsearch-backend';

const dir = mkdtempSync(join(tmpdir(), 'elasticsearch-tls-'));
const never = new AbortController().signal;
const received: (string | undefined)[] = [];
let server: Server;
let ca: string;

before(async () => {
  const pki = await ensurePki(dir);
  ca = pki.ca;

  server = createServer(pki.serving, (request, response) => {
    received.push(request.headers.authorization);
    response.end(JSON.stringify({ hits: { total: { value: 3 }, hits: [] } }));
  });

  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
});

after(() => {
  server.close();
  rmSync(dir, { recursive: true });
});

async function search(options: object): Promise<number> {
  const backend = new ElasticsearchBackend({
    kind: 'logs',
    indexPrefix: 'logs',
    hosts: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    version: '7',
    timeoutMs: 5000,
    username: 'reader',
    password: 'secret',
    ...options,
  });

  try {
    const page = { order: 'desc', from: 0, size: 1 } as const;
    const all = { scopes: undefined, conditions: [], range: {} };

    return (await backend.query(all, page, never)).total;
  } finally {
    await backend.close();
  }
}

test('a cluster is searched over TLS with its CA', async () => {
  assert.equal(await search({ ca }), 3);
  assert.deepEqual(received, [`Basic ${btoa('reader:secret')}`]);
});

test('credentials are sent to nobody whose certificate is not trusted', async () => {
  received.length = 0;
  await assert.rejects(search({}), { name: 'SearchError', failure: 'unavailable' });
  await assert.rejects(
    search({ ca, hosts: `https://localhost.:${(server.address() as AddressInfo).port}` }),
  );
  assert.deepEqual(received, []);
});
