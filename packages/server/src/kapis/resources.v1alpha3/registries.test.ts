import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { TestPlatform } from '@ks-apiserver/server/test/support/test-platform';

const R = '/kapis/resources.kubesphere.io/v1alpha3/namespaces/shop';
const BASIC = `Basic ${Buffer.from('jo:s3cret').toString('base64')}`;
const encodeBase64 = (text: string) => Buffer.from(text).toString('base64');
const digestOf = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}`;

const CONFIG = JSON.stringify({
  architecture: 'amd64',
  os: 'linux',
  config: { User: 'nobody' },
  internal: 'hidden',
});

const MANIFEST = JSON.stringify({
  schemaVersion: 2,
  config: { digest: digestOf(CONFIG) },
  layers: [],
});

const INDEX = JSON.stringify({
  schemaVersion: 2,
  manifests: [
    { digest: digestOf('arm'), platform: { os: 'linux', architecture: 'arm64' } },
    { digest: digestOf(MANIFEST), platform: { os: 'linux', architecture: 'amd64' } },
  ],
});

let outside: http.Server;
let host: string;
let folder: string;
let platform: TestPlatform;
let closed: TestPlatform;
let eve: string;
let viewer: string;
const asked: string[] = [];

/**
 * A registry whose repository `app` has an index and 1500 tags, in two pages; it names another host
 * for the second.
 */
function answer(req: IncomingMessage, res: ServerResponse): void {
  const url = new URL(req.url ?? '', 'http://x');
  asked.push(req.url ?? '');

  const send = (status: number, body = '', headers: http.OutgoingHttpHeaders = {}) =>
    void res.writeHead(status, headers).end(body);

  if (req.headers.authorization !== BASIC) {
    send(401, '', { 'www-authenticate': 'Basic realm="x"' });
  } else if (url.pathname === '/v2/') {
    send(200);
  } else if (url.pathname === '/v2/app/manifests/v1') {
    send(200, INDEX);
  } else if (url.pathname === `/v2/app/manifests/${digestOf(MANIFEST)}`) {
    send(200, MANIFEST);
  } else if (url.pathname === `/v2/app/blobs/${digestOf(CONFIG)}`) {
    send(200, CONFIG);
  } else if (url.pathname === '/v2/app/tags/list') {
    const all = Array.from({ length: 1500 }, (_, i) => `v${String(i).padStart(4, '0')}`);
    const from = url.searchParams.has('last') ? all.indexOf(url.searchParams.get('last')!) + 1 : 0;
    const tags = all.slice(from, from + Number(url.searchParams.get('n')));
    const more = from + tags.length < all.length;
    const link = '<http://169.254.169.254/latest>; rel="next"';
    send(
      200,
      JSON.stringify({ name: 'app', tags: [...tags, '<script>', 7] }),
      more ? { link } : {},
    );
  } else {
    send(404);
  }
}

const auths = (password: string, server = `http://${host}`) =>
  encodeBase64(JSON.stringify({ auths: { [server]: { auth: encodeBase64(`jo:${password}`) } } }));

const secret = (password: string, server?: string, annotations?: Record<string, string>) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'registry', ...(annotations && { annotations }) },
  type: 'kubernetes.io/dockerconfigjson',
  data: { '.dockerconfigjson': auths(password, server) },
});

before(async () => {
  outside = http.createServer(answer).listen(0, '127.0.0.1');
  await once(outside, 'listening');
  host = `127.0.0.1:${(outside.address() as AddressInfo).port}`;
  folder = await mkdtemp(join(tmpdir(), 'registries-'));

  const file = join(folder, 'kubesphere.yaml');
  await writeFile(file, 'verification:\n  allowedCIDRs: [127.0.0.1/32]\n');

  [platform, closed] = await Promise.all([
    TestPlatform.start({ args: ['--config', file] }),
    TestPlatform.start({ args: ['--register-node', 'false'] }),
  ]);

  for (const one of [platform, closed]) {
    await one.createWorkspace('ws');
    await one.createProject('shop', 'ws');
  }

  await platform.write('/api/v1/namespaces/shop/secrets', secret('s3cret'));
  eve = await platform.createUser('eve');
  viewer = await platform.createUser('vic');
  await platform.addMember('namespaces/shop', 'vic', 'viewer');

  // Reads what the group has, and no Secret.
  await platform.write('/apis/rbac.authorization.k8s.io/v1/namespaces/shop/roles', {
    metadata: { name: 'images' },
    rules: [{ apiGroups: ['resources.kubesphere.io'], resources: ['*'], verbs: ['*'] }],
  });

  await platform.addMember('namespaces/shop', 'eve', 'images');
});

after(async () => {
  outside.closeAllConnections();
  outside.close();
  await Promise.all([platform.stop(), closed.stop()]);
  await rm(folder, { recursive: true });
});

test('the configuration of an image is read with the account of a Secret, for the usual platform', async () => {
  const path = `${R}/imageconfig?image=${host}/app:v1`;
  const { status, json, text } = await platform.call(`${path}&secret=registry`);

  assert.equal(status, 200, text);
  assert.deepEqual(json, { architecture: 'amd64', os: 'linux', config: { User: 'nobody' } });

  assert.equal(
    (await platform.call(`${R}/imageconfig?image=${host}/app:v2&secret=registry`)).status,
    404,
  );

  assert.equal((await platform.call(`${R}/imageconfig?image=UPPER`)).status, 400);

  assert.equal(
    (await platform.call(`${R}/imageconfig?image=${host}/app:v1&secret=nosuch`)).status,
    404,
  );
});

test('tags are listed page by page, only from the registry itself', async () => {
  const { status, json, text } = await platform.call(
    `${R}/repositorytags?repository=${host}/app&secret=registry`,
  );
  assert.equal(status, 200, text);
  assert.deepEqual([json.registry, json.repository, json.tags.length], [host, 'app', 1500]);
  assert.deepEqual([json.tags[0], json.tags[1499]], ['v0000', 'v1499']);

  assert.equal(
    (await platform.call(`${R}/repositorytags?repository=${host}/nosuch&secret=registry`)).status,
    404,
  );

  for (const repository of ['', `${host}/app:v1`, `${host}/app@${digestOf('x')}`]) {
    assert.equal(
      (await platform.call(`${R}/repositorytags?repository=${repository}`)).status,
      400,
      repository,
    );
  }
});

test('a Secret in the body is checked at its registries, over plain HTTP only if it says so', async () => {
  const verify = (body: object) => platform.call(`${R}/registrysecrets/registry/verify`, { body });
  const good = await verify(secret('s3cret'));

  assert.equal(good.status, 200, good.text);
  assert.equal(good.json.metadata.name, 'registry');

  const wrong = await verify(secret('wrong'));
  assert.deepEqual(
    [wrong.status, /incorrect username or password/.test(wrong.text)],
    [400, true],
    wrong.text,
  );

  assert.equal((await verify(secret('s3cret', host))).status, 400, 'TLS is not spoken there');

  const insecure = { 'secret.kubesphere.io/force-insecure': 'true' };
  assert.equal((await verify(secret('s3cret', host, insecure))).status, 200);
  assert.equal((await verify({ ...secret('s3cret'), type: 'Opaque' })).status, 400);

  const many = Object.fromEntries(
    Array.from({ length: 11 }, (_, i) => [`r${i}.example`, { auth: encodeBase64('a:b') }]),
  );
  const data = { '.dockerconfigjson': encodeBase64(JSON.stringify({ auths: many })) };

  assert.equal((await verify({ ...secret('s3cret'), data })).status, 400);
});

test('verification needs the right to read the Secret and to write in its project', async () => {
  for (const path of [
    `imageconfig?image=${host}/app:v1`,
    `repositorytags?repository=${host}/app`,
  ]) {
    const { status, text } = await platform.call(`${R}/${path}&secret=registry`, { token: eve });
    assert.equal(status, 403, text);

    assert.equal(
      (await platform.call(`${R}/${path}&secret=registry`, { token: viewer })).status,
      200,
    );
  }

  const body = secret('s3cret');
  assert.equal(
    (await platform.call(`${R}/registrysecrets/registry/verify`, { token: viewer, body })).status,
    403,
  );
});

test('addresses of this machine are never contacted', async () => {
  asked.length = 0;

  const { status, text } = await closed.call(`${R}/registrysecrets/registry/verify`, {
    body: secret('s3cret'),
  });
  assert.deepEqual([status, /may not be reached/.test(text)], [400, true], text);
  assert.equal((await closed.call(`${R}/imageconfig?image=${host}/app:v1`)).status, 400);
  assert.equal((await closed.call(`${R}/repositorytags?repository=${host}/app`)).status, 400);
  assert.deepEqual(asked, []);
});
