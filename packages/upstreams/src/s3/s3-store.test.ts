import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { attachment } from './binary-store.ts';
import { FileStore } from './file-store.ts';
import { S3Store } from './s3-store.ts';

const KEY = { namespace: 'demo', name: 'app' };
const SHA256 = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824';

interface Seen {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
}

const seen: Seen[] = [];
let answer: (res: ServerResponse) => void = (res) => res.end();
let folder: string;
let endpoint: string;

const server = createServer(async (req, res) => {
  let body = '';
  for await (const piece of req) {
    body += piece;
  }

  seen.push({ method: req.method ?? '', url: req.url ?? '', headers: req.headers, body });
  answer(res);
});

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ks-s3-'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endpoint = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});

after(async () => {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true, force: true });
});

const storeWith = (options: Partial<ConstructorParameters<typeof S3Store>[0]> = {}) =>
  new S3Store({
    endpoint,
    region: 'us-east-1',
    disableSSL: true,
    forcePathStyle: true,
    accessKeyID: 'KEY',
    secretAccessKey: 'hush',
    sessionToken: '',
    bucket: 'binaries',
    ...options,
  });

async function fileOf(text: string) {
  const path = join(folder, 'file');
  await writeFile(path, text);
  return { path, name: 'app "1".jar', size: text.length, sha256: SHA256 };
}

const { signal } = new AbortController();

test('a file is put into the bucket with a signature', async () => {
  const store = storeWith();
  await store.put(KEY, await fileOf('hello'), signal);

  const { method, url, headers, body } = seen.at(-1)!;
  assert.deepEqual([method, url, body], ['PUT', '/binaries/demo-app', 'hello']);
  assert.equal(headers['content-length'], '5');
  assert.equal(headers['content-disposition'], 'attachment; filename="app _1_.jar"');
  assert.equal(headers['x-amz-content-sha256'], SHA256);
  assert.match(
    headers.authorization ?? '',
    /^AWS4-HMAC-SHA256 Credential=KEY\/\d{8}\/us-east-1\/s3\/aws4_request, SignedHeaders=.*host.*x-amz-content-sha256/,
  );

  await store.delete(KEY, signal);
  assert.deepEqual([seen.at(-1)?.method, seen.at(-1)?.url], ['DELETE', '/binaries/demo-app']);
  await store.close();
});

test('a link is valid for five minutes and names the file', async () => {
  const store = storeWith({ sessionToken: 'session' });
  const link = new URL(await store.link(KEY, 'a b.jar'));

  assert.equal(link.pathname, '/binaries/demo-app');
  assert.equal(link.searchParams.get('X-Amz-Expires'), '300');
  assert.equal(link.searchParams.get('X-Amz-Security-Token'), 'session');
  assert.match(link.searchParams.get('X-Amz-Signature') ?? '', /^[0-9a-f]{64}$/);
  assert.equal(
    link.searchParams.get('response-content-disposition'),
    'attachment; filename="a b.jar"',
  );
  assert.doesNotMatch(link.href, /\+|hush/);
  await store.close();
});

test('the bucket may stand before the host', async () => {
  const store = storeWith({ endpoint: 's3.example', forcePathStyle: false, disableSSL: false });
  const link = new URL(await store.link(KEY, 'a'));

  assert.equal(link.origin, 'https://binaries.s3.example');
  assert.equal(link.pathname, '/demo-app');
  await store.close();
});

test('the words of the store are those of the error', async () => {
  const store = storeWith();
  const fails = (status: number, code: string) => {
    answer = (res) =>
      res.writeHead(status).end(`<Error><Code>${code}</Code><Message>made up</Message></Error>`);
  };

  fails(404, 'NoSuchBucket');
  await assert.rejects(store.put(KEY, await fileOf('hello'), signal), {
    code: 'NoSuchBucket',
    message: 'NoSuchBucket: made up (the store answered 404)',
  });

  fails(404, 'NoSuchKey');
  await store.delete(KEY, signal);

  answer = (res) => res.writeHead(307, { location: 'http://127.0.0.1:1/' }).end();
  await assert.rejects(store.put(KEY, await fileOf('hello'), signal), { code: 'Error' });

  answer = (res) => void res.destroy();
  await assert.rejects(
    store.put(KEY, await fileOf('hello'), signal),
    (error: Error) => /cannot be reached/.test(error.message) && !/hush/.test(error.message),
  );
  await store.close();
});

test('files of this server stay in their folder', async () => {
  const store = new FileStore(join(folder, 'store'));
  await store.put(KEY, await fileOf('hello'));

  const found = await store.open(KEY);
  let text = '';
  for await (const piece of found?.body ?? []) {
    text += Buffer.from(piece).toString();
  }

  assert.deepEqual([found?.size, text], [5, 'hello']);
  assert.equal(await store.link(), undefined);

  await store.delete(KEY);
  await store.delete(KEY);
  assert.equal(await store.open(KEY), undefined);

  for (const name of ['..', '../x', 'a/b', '', '.a', 'a..b']) {
    await assert.rejects(store.open({ namespace: 'demo', name }), TypeError, name);
  }
});

test('names of files cannot leave their header', () => {
  assert.equal(attachment('a"\r\nx: y\\é.jar'), 'attachment; filename="a___x: y__.jar"');
});
