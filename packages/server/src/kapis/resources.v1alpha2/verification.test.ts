import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Answer, eventually, TestServer } from '@ks-apiserver/server/test/support/test-server';

const R = '/kapis/resources.kubesphere.io/v1alpha2';
const BASIC = `Basic ${Buffer.from('git:s3cret').toString('base64')}`;

const CONFIG = JSON.stringify({
  architecture: 'amd64',
  os: 'linux',
  rootfs: { type: 'layers' },
  internal: 'hidden',
});

const DIGEST = `sha256:${createHash('sha256').update(CONFIG).digest('hex')}`;

/**
 * A server outside of this network: Git and image registry at once; `/moved` redirects, `/large`
 * and `/slow` never end.
 */
let outside: http.Server;
let host: string;

/** Storage for blobs on a permitted address, and a server on a forbidden one. */
let storage: http.Server;
let inside: http.Server;
const atStorage: { url: string; authorization: string | undefined }[] = [];
const atInside: string[] = [];

const urlOf = (server: http.Server) => {
  const { address, port } = server.address() as AddressInfo;
  return `http://${address}:${port}`;
};

const seen: string[] = [];
let closed: TestServer;
let open: TestServer;
let folder: string;
const tokens: Record<string, string> = {};

function answer(req: IncomingMessage, res: ServerResponse): void {
  const url = req.url ?? '';
  seen.push(url);

  const { authorization } = req.headers;
  const send = (status: number, headers: http.OutgoingHttpHeaders = {}, body = '') =>
    void res.writeHead(status, headers).end(body);

  if (url.startsWith('/moved')) {
    send(302, { location: '/repo.git/info/refs' });
  } else if (url.startsWith('/large')) {
    res.writeHead(200, { 'content-type': 'application/x-git-upload-pack-advertisement' });

    const more = () => {
      while (!res.destroyed && res.write('x'.repeat(65_536))) {}
    };
    res.on('drain', more);
    more();
  } else if (url.startsWith('/page')) {
    send(200, { 'content-type': 'text/html' }, 'top secret page');
  } else if (url.startsWith('/token')) {
    authorization === BASIC ? send(200, {}, '{"token":"abc"}') : send(401, {}, 'top secret page');
  } else if (url.startsWith('/v2/')) {
    registry(req, send);
  } else if (authorization !== BASIC) {
    send(401);
  } else if (url === '/repo.git/info/refs?service=git-upload-pack') {
    send(
      200,
      { 'content-type': 'application/x-git-upload-pack-advertisement' },
      '001e# service=git-upload-pack\n0000',
    );
  } else {
    send(404);
  }
}

function registry(
  req: IncomingMessage,
  send: (status: number, headers?: http.OutgoingHttpHeaders, body?: string) => void,
): void {
  const url = req.url ?? '';
  const path = url.replace(/^\/v2\/|\/(manifests|blobs)\/.*$/g, '');

  const elsewhere: Record<string, string> = {
    stored: `${urlOf(storage)}/${DIGEST}`,
    hidden: `${urlOf(inside)}/${DIGEST}`,
    metadata: 'http://169.254.169.254/latest',
    named: `http://user:word@${host}/v2/again/blobs/${DIGEST}`,
    file: 'file:///etc/passwd',
    loop: url,
    nowhere: 'http://[',
    hops: `${urlOf(storage)}/hop`,
  };

  const location = url.includes('/blobs/') ? elsewhere[path] : undefined;
  const manifest = { schemaVersion: 2, config: { digest: DIGEST }, layers: [], internal: 'hidden' };
  const challenge = `Bearer realm="http://${req.headers.host}/token",service="test",scope="pull"`;

  if (path === 'realm') {
    send(401, { 'www-authenticate': `Bearer realm="${urlOf(inside)}/token"` });
  } else if (req.headers.authorization !== 'Bearer abc') {
    send(401, { 'www-authenticate': challenge });
  } else if (location) {
    send(307, { location });
  } else if (url.includes('/manifests/v1')) {
    send(200, {}, JSON.stringify(manifest));
  } else if (url.includes('/blobs/')) {
    send(200, {}, CONFIG);
  } else {
    send(url === '/v2/' ? 200 : 404);
  }
}

const encodeBase64 = (text: string) => Buffer.from(text).toString('base64');

before(async () => {
  storage = http
    .createServer((req, res) => {
      atStorage.push({ url: req.url ?? '', authorization: req.headers.authorization });

      if (req.url === '/hop') {
        res.writeHead(302, { location: `${urlOf(inside)}/${DIGEST}` }).end();
      } else {
        res.end(CONFIG);
      }
    })
    .listen(0, '127.0.0.3');

  inside = http
    .createServer((req, res) => {
      atInside.push(req.url ?? '');
      res.end(CONFIG);
    })
    .listen(0, '127.0.0.2');

  await Promise.all([once(storage, 'listening'), once(inside, 'listening')]);
  outside = http.createServer(answer).listen(0, '127.0.0.1');
  await once(outside, 'listening');
  host = `127.0.0.1:${(outside.address() as AddressInfo).port}`;
  folder = await mkdtemp(join(tmpdir(), 'verification-'));

  const file = join(folder, 'kubesphere.yaml');
  await writeFile(file, 'verification:\n  allowedCIDRs: [127.0.0.1/32, 127.0.0.3/32]\n');

  const args = ['--register-node', 'false'];
  [closed, open] = await Promise.all([
    TestServer.start({ args }),
    TestServer.start({ args: [...args, '--config', file] }),
  ]);

  for (const [server, name] of [
    [closed, 'closed'],
    [open, 'open'],
  ] as const) {
    tokens[name] = await server.token();
  }

  const secret = async (name: string, type: string, data: Record<string, string>) => {
    const body = { apiVersion: 'v1', kind: 'Secret', metadata: { name }, type, data };

    const made = await open.kubernetes('/api/v1/namespaces/default/secrets', {
      method: 'POST',
      body,
    });

    assert.equal(made.status, 201, JSON.stringify(made.json));
  };

  await secret('git', 'kubernetes.io/basic-auth', {
    username: encodeBase64('git'),
    password: encodeBase64('s3cret'),
  });

  await secret('half', 'Opaque', { password: encodeBase64('s3cret') });

  const auths = {
    'https://other.example': { auth: encodeBase64('a:b') },
    [`http://${host}`]: { auth: encodeBase64('git:s3cret') },
  };

  await secret('docker', 'kubernetes.io/dockerconfigjson', {
    '.dockerconfigjson': encodeBase64(JSON.stringify({ auths })),
  });

  await open.call('/kapis/iam.kubesphere.io/v1alpha2/users', {
    token: tokens.open,
    body: {
      metadata: {
        name: 'eve',
        annotations: { 'iam.kubesphere.io/globalrole': 'platform-regular' },
      },
      spec: { email: 'eve@example.com', password: 'Passw0rd!' },
    },
  });

  tokens.eve = await eventually(() => open.token('eve', 'Passw0rd!'));
});

after(async () => {
  for (const server of [outside, storage, inside]) {
    server.closeAllConnections();
    server.close();
  }

  await Promise.all([closed.stop(), open.stop()]);
  await rm(folder, { recursive: true });
});

const git = (server: TestServer, token: string, body: unknown): Promise<Answer> =>
  server.call(`${R}/git/verify`, { token, body });
const inDefault = (name: string) => ({ secretRef: { name, namespace: 'default' } });

test('the secret opens a repository', async () => {
  const { status, json } = await git(open, tokens.open!, {
    remoteUrl: `http://${host}/repo.git`,
    ...inDefault('git'),
  });

  assert.deepEqual([status, json], [200, { message: 'success' }]);
});

test('credentials are only read for callers who may read the Secret', async () => {
  const body = { remoteUrl: `http://${host}/repo.git`, ...inDefault('git') };

  seen.length = 0;
  assert.equal((await git(open, tokens.eve!, body)).status, 403);
  assert.deepEqual(seen, []);

  const blob = await open.call(
    `${R}/registry/blob?image=${host}/app:v1&namespace=default&secret=docker`,
    {
      token: tokens.eve,
    },
  );

  assert.equal(blob.status, 403);
});

const failures: [url: string, secret: string | undefined, message: RegExp][] = [
  ['/repo.git', undefined, /^authentication required$/],
  ['/repo.git', 'half', /^could not get username in secret half$/],
  ['/nosuch.git', 'git', /^repository not found$/],
  ['/moved', 'git', /has moved/],
  ['/large', 'git', /is too large$/],
  ['/page', 'git', /is no Git server \(status 200\)$/],
];

for (const [path, secret, message] of failures) {
  test(`git/verify of ${path} with ${secret ?? 'nothing'}`, async () => {
    const body = { remoteUrl: `http://${host}${path}`, ...(secret && inDefault(secret)) };
    const { status, json } = await git(open, tokens.open!, body);
    assert.equal(status, 500);
    assert.match(json.message, message);
  });
}

test('no internal address is reached, under any name', async () => {
  const { port } = new URL(`http://${host}`);

  seen.length = 0;

  for (const name of [
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f000001',
    'localhost',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '0',
  ]) {
    const { status, json } = await git(closed, tokens.closed!, {
      remoteUrl: `http://${name}:${port}/repo.git`,
    });
    assert.equal(status, 500);
    assert.match(json.message, /may not be reached|cannot be resolved/, name);

    const verify = { username: 'u', password: 'p', serverhost: `http://${name}:${port}` };
    assert.equal(
      (await closed.call(`${R}/registry/verify`, { token: tokens.closed, body: verify })).status,
      400,
    );
  }

  const { status } = await closed.call(`${R}/registry/blob?image=${host}/app:v1`, {
    token: tokens.closed,
  });
  assert.equal(status, 400);
  assert.deepEqual(seen, []);

  for (const remoteUrl of [
    'file:///etc/passwd',
    'ssh://git@example.com/x',
    'http://169.254.169.254/latest',
    'x',
  ]) {
    assert.equal((await git(closed, tokens.closed!, { remoteUrl })).status, 500, remoteUrl);
  }
});

test('registry/verify follows the registry’s token server', async () => {
  const verify = (password: string) =>
    open.call(`${R}/registry/verify`, {
      token: tokens.open,
      body: { username: 'git', password, serverhost: `http://${host}` },
    });

  const good = await verify('s3cret');
  assert.deepEqual([good.status, good.text], [200, '']);

  const bad = await verify('wrong');
  assert.equal(bad.status, 400);
  assert.match(bad.text, /^unauthorized: incorrect username or password for .*\n$/);
});

test('registry/blob shows an image, and nothing else of the registry’s answers', async () => {
  const blob = (query: string) => open.call(`${R}/registry/blob?${query}`, { token: tokens.open });
  const { status, json, text } = await blob(
    `image=${host}/team/app:v1&namespace=default&secret=docker`,
  );

  assert.equal(status, 200, text);

  assert.deepEqual(json, {
    status: 'succeeded',
    imageManifest: { schemaVersion: 2, config: { digest: DIGEST }, layers: [] },
    imageBlob: { architecture: 'amd64', os: 'linux', rootfs: { type: 'layers' } },
    imageTag: 'v1',
    registry: host,
  });

  const missing = await blob(`image=${host}/team/app:v2&namespace=default&secret=docker`);
  assert.deepEqual([missing.status, missing.text], [400, 'image not found\n']);

  const none = await blob('image=');
  assert.deepEqual(
    [none.status, none.text],
    [400, 'parsing image "" failed: invalid reference format\n'],
  );

  const other = await blob(`image=${host}/team/app:v1&namespace=default&secret=git`);
  assert.deepEqual(
    [other.status, other.text],
    [400, 'secret git is not of type kubernetes.io/dockerconfigjson\n'],
  );
});

test("blobs come from the registry's storage, without its token, and from no internal address", async () => {
  const blob = (name: string) =>
    open.call(`${R}/registry/blob?image=${host}/${name}:v1&namespace=default&secret=docker`, {
      token: tokens.open,
    });

  const stored = await blob('stored');
  assert.equal(stored.status, 200, stored.text);
  assert.equal(stored.json.imageBlob.os, 'linux');
  assert.deepEqual(atStorage, [{ url: `/${DIGEST}`, authorization: undefined }]);

  for (const [name, message] of [
    ['hidden', /^the address of 127\.0\.0\.2 may not be reached\n$/],
    ['hops', /^the address of 127\.0\.0\.2 may not be reached\n$/],
    ['metadata', /^the address of 169\.254\.169\.254 may not be reached\n$/],
    ['realm', /^the address of 127\.0\.0\.2 may not be reached\n$/],
    ['file', /^unsupported scheme "file"/],
    ['loop', /sends elsewhere, and does not arrive\n$/],
    ['nowhere', /sends elsewhere, and does not arrive\n$/],
  ] as const) {
    const { status, text } = await blob(name);
    assert.equal(status, 400, name);
    assert.match(text, message, name);
  }

  assert.deepEqual(atInside, []);
  assert.equal((await blob('named')).status, 200);
});
