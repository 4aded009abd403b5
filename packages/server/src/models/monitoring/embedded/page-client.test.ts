import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { issueCertificate } from '@ks-apiserver/kubernetes/server/certificates';
import { PageClient } from './page-client.ts';

const directory = mkdtempSync(join(tmpdir(), 'ks-pages-'));
const asked: string[] = [];

const answer: RequestListener = (req, res) => {
  const { pathname } = new URL(req.url ?? '/', 'http://target');

  asked.push(`${req.url} ${req.headers.accept}`);

  switch (pathname) {
    case '/moved':
      res.writeHead(302, { location: '/metrics' }).end();
      break;
    case '/long':
      res.write('x'.repeat(1024 * 1024));
      res.on('drain', () => res.write('x'.repeat(1024 * 1024)));
      res.write('x'.repeat(1024 * 1024));
      break;
    case '/hangs':
      res.write('up 1');
      break;
    case '/open':
      res.setHeader('content-type', 'application/openmetrics-text; version=1.0.0');
      res.end('up 1\n# EOF\n');
      break;
    default:
      res.end('up 1\n');
  }
};

const plain = createServer(answer);
let secure: Server;

const urlOf = (server: Server, path: string) => {
  const scheme = server === plain ? 'http' : 'https';
  return new URL(`${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}${path}`);
};

const listen = (server: Server) =>
  new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

before(async () => {
  const ca = await issueCertificate({ commonName: 'ca', usage: 'ca', days: 1 });
  const pair = await issueCertificate({
    commonName: 'target',
    usage: 'server',
    ipAddresses: ['127.0.0.1'],
    days: 1,
    issuer: ca,
  });

  writeFileSync(join(directory, 'ca.crt'), ca.cert);
  secure = createTlsServer(pair, answer);
  await Promise.all([listen(plain), listen(secure)]);
});

after(() => {
  plain.closeAllConnections();
  plain.close();
  secure.close();
  rmSync(directory, { recursive: true, force: true });
});

async function fetchPage(url: URL, { caFile = '', timeoutMs = 5000 } = {}) {
  const client = new PageClient(caFile);

  try {
    const { bytes, format } = await client.fetch(url, AbortSignal.timeout(timeoutMs));
    return [Buffer.from(bytes).toString(), format];
  } finally {
    await client.close();
  }
}

test('a page comes with the format in which it is written', async () => {
  asked.length = 0;

  assert.deepEqual(await fetchPage(urlOf(plain, '/metrics?a=b')), ['up 1\n', 'text']);
  assert.deepEqual(await fetchPage(urlOf(plain, '/open')), ['up 1\n# EOF\n', 'openmetrics']);
  assert.equal(asked[0], '/metrics?a=b text/plain;version=0.0.4,*/*;q=0.1');
});

test('no redirect is followed, and a page that is too long or does not end is given up', async () => {
  await assert.rejects(fetchPage(urlOf(plain, '/moved')), /the answer has status 302/);
  await assert.rejects(fetchPage(urlOf(plain, '/long')), { code: 'UND_ERR_RES_EXCEEDED_MAX_SIZE' });
  await assert.rejects(fetchPage(urlOf(plain, '/hangs'), { timeoutMs: 50 }), {
    name: 'TimeoutError',
  });
});

test('a server with a certificate is trusted when its authority is', async () => {
  const url = urlOf(secure, '/metrics');

  assert.deepEqual(await fetchPage(url, { caFile: join(directory, 'ca.crt') }), ['up 1\n', 'text']);
  await assert.rejects(fetchPage(url), /certificate/);
  await assert.rejects(fetchPage(url, { caFile: join(directory, 'missing') }), { code: 'ENOENT' });
});
