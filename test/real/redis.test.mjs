// Sessions in a real Redis: shared by two servers on one cluster would need a cluster; here one server, then another on the same data.
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

const cli = (...args) => execFileSync('redis-cli', ['-p', String(redisPort), ...args], { encoding: 'utf8' }).trim();
const call = (path, options) => fetch(server.url + path, options);
const login = async () => {
  const body = new URLSearchParams({ grant_type: 'password', username: 'admin', password });
  const response = await call('/oauth/token', { method: 'POST', body });
  return { status: response.status, json: response.status === 200 ? await response.json() : undefined };
};
const nodes = async (token) => (await call('/api/v1/nodes', { headers: { authorization: `Bearer ${token}` } })).status;

async function startRedis() {
  redis = spawn(
    'redis-server',
    ['--port', String(redisPort), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'],
    { stdio: 'ignore' },
  );
  for (let i = 0; ; i++) {
    try {
      if (cli('ping') === 'PONG') return;
    } catch (error) {
      if (i > 100) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'ks-redis-'));
  [redisPort] = await freePorts(1);
  await startRedis();
  const config = join(dir, 'kubesphere.yaml');
  await writeFile(config, `redis: {host: 127.0.0.1, port: ${redisPort}}\n`);
  server = await startServer({ dir: join(dir, 'data'), adminPassword: password, args: ['--config', config] });
});
after(async () => {
  await server?.stop();
  redis?.kill();
  await rm(dir, { recursive: true, force: true });
});

test('a log-in leaves both tokens under the keys of 3.0, for as long as they live', async () => {
  const { json } = await login();
  const key = `kubesphere:user:admin:token:${json.access_token}`;
  assert.equal(cli('get', key), json.access_token);
  const ttl = Number(cli('ttl', key));
  assert.ok(ttl > 7100 && ttl <= 7200, String(ttl));
  assert.equal(cli('exists', `kubesphere:user:admin:token:${json.refresh_token}`), '1');
  assert.equal(await nodes(json.access_token), 200);
});

test('a key that is deleted ends the session at once, and the next log-in deletes those before it', async () => {
  await new Promise((resolve) => setTimeout(resolve, 1100));
  const first = (await login()).json;
  cli('del', `kubesphere:user:admin:token:${first.access_token}`);
  assert.equal(await nodes(first.access_token), 401);
  await new Promise((resolve) => setTimeout(resolve, 1100));
  await login();
  assert.equal(cli('keys', 'kubesphere:user:admin:token:*').split('\n').length, 2);
});

test('without Redis calls fail with 503 and not with an open door, and go on when it is back', async () => {
  const { json } = await login();
  redis.kill('SIGKILL');
  await new Promise((resolve) => redis.once('exit', resolve));
  assert.equal(await nodes(json.access_token), 503);
  assert.equal((await login()).status, 503);
  await startRedis();
  for (let i = 0; i < 100; i++) {
    if ((await login()).status === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.fail('no log-in after Redis came back');
});
