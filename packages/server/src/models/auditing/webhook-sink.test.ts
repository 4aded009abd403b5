import assert from 'node:assert/strict';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ensurePki } from '@ks-apiserver/kubernetes/server/pki';
import { WebhookSink } from './webhook-sink.ts';

let caFile: string;
let close: () => void;
let url: string;
let status = 200;
let bodies: string[] = [];

before(async () => {
  const dir = await mkdtemp(join(tmpdir(), 'ks-webhook-'));
  const pki = await ensurePki(dir);

  caFile = join(dir, 'webhook-ca.pem');
  await writeFile(caFile, pki.ca);

  const server = createServer(pki.serving, async (req, res) => {
    let body = '';

    for await (const piece of req) {
      body += piece;
    }

    bodies.push(body);
    res.writeHead(status, { location: '/elsewhere' }).end('ok');
  });

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/audit`;

  close = () => {
    server.closeAllConnections();
    server.close();
  };
});

after(() => close());

async function post(options: { caFile?: string; insecureSkipVerify?: boolean }): Promise<void> {
  const sink = new WebhookSink({
    url,
    caFile: '',
    insecureSkipVerify: false,
    timeout: 2000,
    ...options,
  });

  try {
    await sink.append([]);
  } finally {
    await sink.close();
  }
}

test('the certificate of the webhook is verified', async () => {
  bodies = [];

  await assert.rejects(post({}), /certificate|issuer/i);
  assert.deepEqual(bodies, []);

  await post({ caFile });
  await post({ insecureSkipVerify: true });
  assert.deepEqual(bodies, ['{"Items":[]}', '{"Items":[]}']);
});

test('any status but 200 is a failure, and redirects are not followed', async () => {
  for (status of [202, 302, 500]) {
    bodies = [];
    await assert.rejects(post({ caFile }), new RegExp(`answered ${status}`));
    assert.equal(bodies.length, 1);
  }

  status = 200;
});
