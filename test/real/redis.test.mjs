// Sessions in a real Redis, shared by two servers on one Kubernetes API.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { freePorts, startServer } from '../server.mjs';

const password = 'a password for redis tests';
let dir;
let redis;
let redisPort;
let server;
let replica;

const cli = (...args) =>
  execFileSync('redis-cli', ['-p', String(redisPort), ...args], { encoding: 'utf8' }).trim();
const call = (path, options, at = server) => fetch(at.url + path, options);

const grant = async (form, at = server) => {
  const response = await call(
    '/oauth/token',
    { method: 'POST', body: new URLSearchParams(form) },
    at,
  );

  return {
    status: response.status,
    json: response.status === 200 ? await response.json() : undefined,
  };
};

const login = (at) => grant({ grant_type: 'password', username: 'admin', password }, at);
const nodes = async (token, at = server) =>
  (await call('/api/v1/nodes', { headers: { authorization: `Bearer ${token}` } }, at)).status;

async function startRedis() {
  redis = spawn(
    'redis-server',
    ['--port', String(redisPort), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'],
    { stdio: 'ignore' },
  );

  for (let i = 0; ; i++) {
    try {
      if (cli('ping') === 'PONG') {
        return;
      }
    } catch (error) {
      if (i > 100) {
        throw error;
      }
    }

    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'ks-redis-'));
  [redisPort] = await freePorts(1);
  await startRedis();

  const config = join(dir, 'kubesphere.yaml');
  const jwtSecret = 'the same secret at both of the replicas';
  await writeFile(
    config,
    `redis: {host: 127.0.0.1, port: ${redisPort}}\nauthentication: {jwtSecret: ${jwtSecret}}\n`,
  );

  server = await startServer({
    dir: join(dir, 'data'),
    adminPassword: password,
    args: ['--config', config],
  });

  const kubeconfig = join(dir, 'data', 'pki', 'admin.kubeconfig');
  replica = await startServer({
    dir: join(dir, 'replica'),
    args: ['--config', config, '--kubeconfig', kubeconfig],
  });
});

after(async () => {
  await replica?.stop();
  await server?.stop();
  redis?.kill();
  await rm(dir, { recursive: true, force: true });
});

test('a log-in stores both tokens under the keys of 3.0, for their lifetime', async () => {
  const { json } = await login();
  const key = `kubesphere:user:admin:token:${json.access_token}`;

  assert.equal(cli('get', key), json.access_token);

  const ttl = Number(cli('ttl', key));
  assert.ok(ttl > 7100 && ttl <= 7200, String(ttl));
  assert.equal(cli('exists', `kubesphere:user:admin:token:${json.refresh_token}`), '1');
  assert.equal(await nodes(json.access_token), 200);
});

test('deleting a session’s key in Redis ends the session at once, and a single-session log-in deletes earlier keys', async () => {
  await new Promise((resolve) => setTimeout(resolve, 1100));

  const first = (await login()).json;
  cli('del', `kubesphere:user:admin:token:${first.access_token}`);
  assert.equal(await nodes(first.access_token), 401);
  await new Promise((resolve) => setTimeout(resolve, 1100));
  await login();
  assert.equal(cli('keys', 'kubesphere:user:admin:token:*').split('\n').length, 2);
});

test('a session ended at one replica is refused by the other at once', async () => {
  const { json } = await login();

  for (const at of [server, replica]) {
    assert.equal(await nodes(json.access_token, at), 200);
  }

  const headers = { authorization: `Bearer ${json.access_token}` };
  assert.equal((await call('/oauth/logout', { method: 'POST', headers })).status, 200);

  for (const at of [server, replica]) {
    assert.equal(await nodes(json.access_token, at), 401);
  }

  const form = { grant_type: 'refresh_token', refresh_token: json.refresh_token };
  assert.equal((await grant(form, replica)).status, 401);
});

test('a changed password ends the user’s sessions at all replicas', async () => {
  const { json } = await login(replica);
  const next = 'another password for redis tests';

  const change = (token, currentPassword, password) =>
    call('/kapis/iam.kubesphere.io/v1alpha2/users/admin/password', {
      method: 'PUT',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ currentPassword, password }),
    });

  assert.equal((await change(json.access_token, password, next)).status, 200);

  for (const at of [server, replica]) {
    assert.equal(await nodes(json.access_token, at), 401);
  }

  const again = await grant({ grant_type: 'password', username: 'admin', password: next });
  assert.equal((await change(again.json.access_token, next, password)).status, 200);
});

test('a refresh token is exchanged once, whichever replicas get it at once', async () => {
  const { json } = await login();
  const form = { grant_type: 'refresh_token', refresh_token: json.refresh_token };
  const answers = await Promise.all(
    Array.from({ length: 6 }, (_, i) => grant(form, i % 2 ? server : replica)),
  );

  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));

  const tokens = new Set(answers.map(({ json }) => `${json.access_token} ${json.refresh_token}`));
  assert.equal(tokens.size, 1, 'all get the same tokens');

  const { access_token } = answers[0].json;

  for (const at of [server, replica]) {
    assert.equal(await nodes(access_token, at), 200);
    // A user may have one session: the former one is over.
    assert.equal(await nodes(json.access_token, at), 401);
  }
});

test('without Redis calls fail with 503 and are not let through, and work again when it is back', async () => {
  const { json } = await login();

  redis.kill('SIGKILL');
  await new Promise((resolve) => redis.once('exit', resolve));
  assert.equal(await nodes(json.access_token), 503);
  assert.equal((await login()).status, 503);
  await startRedis();

  for (let i = 0; i < 100; i++) {
    if ((await login()).status === 200) {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }

  assert.fail('no log-in after Redis came back');
});
