import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { freePort } from '@ks-apiserver/server/test/support/free-port';
import { eventually, TestServer } from '@ks-apiserver/server/test/support/test-server';
import { Redis } from 'ioredis';

const skip =
  spawnSync('redis-server', ['--version']).status !== 0 && 'redis-server is not installed';

let dir: string;
let redisProcess: ChildProcess;
let redis: Redis;
let server: TestServer;

before(async () => {
  if (skip) {
    return;
  }

  dir = await mkdtemp(join(tmpdir(), 'ks-redis-'));

  const port = await freePort();
  redisProcess = spawn(
    'redis-server',
    ['--port', String(port), '--bind', '127.0.0.1', '--save', ''],
    {
      cwd: dir,
      stdio: 'ignore',
    },
  );

  redis = new Redis({ host: '127.0.0.1', port, retryStrategy: () => 50 });
  redis.on('error', () => {});
  await eventually(() => redis.ping());

  const config = join(dir, 'kubesphere.yaml');
  await writeFile(
    config,
    `redis: {host: 127.0.0.1, port: ${port}}\nauthentication: {multipleLogin: true, maximumClockSkew: 0s, oauthOptions: {accessTokenMaxAge: 5s}}\n`,
  );

  server = await TestServer.start({ args: ['--config', config] });
});

after(async () => {
  if (skip) {
    return;
  }

  await server.stop();
  redis.disconnect();

  if (redisProcess.exitCode === null && redisProcess.signalCode === null) {
    redisProcess.kill();
    await once(redisProcess, 'exit');
  }

  await rm(dir, { recursive: true, force: true });
});

/** Opens a watch; `ended` resolves with the milliseconds for which it was open. */
async function watch(token: string): Promise<{ ended: Promise<number> }> {
  const { body } = await fetch(`${server.url}/api/v1/namespaces?watch=true`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const reader = body!.getReader();

  await reader.read();

  const start = performance.now();

  const ended = (async () => {
    while (!(await reader.read()).done) {}
    return performance.now() - start;
  })();

  return { ended };
}

test('a log-out ends both tokens of its session, no other one', { skip }, async () => {
  const first = (await server.login('admin', 'P@88w0rd')).json;

  await new Promise((resolve) => setTimeout(resolve, 1100));

  const second = (await server.login('admin', 'P@88w0rd')).json;

  assert.equal(
    (await server.call('/oauth/logout', { method: 'POST', token: first.access_token })).status,
    200,
  );

  assert.equal((await server.call('/kapis/version', { token: first.access_token })).status, 401);

  const form = { grant_type: 'refresh_token', refresh_token: first.refresh_token };
  assert.equal((await server.call('/oauth/token', { form })).status, 401);
  assert.equal((await server.call('/kapis/version', { token: second.access_token })).status, 200);

  // Only the second log-in is left: its session, and the set of its tokens.
  assert.equal((await redis.keys('kubesphere:session:*')).length, 2);
});

test('a watch ends when another replica revokes its session', { skip }, async () => {
  const { access_token: token } = (await server.login('admin', 'P@88w0rd')).json;
  const { ended } = await watch(token);
  assert.equal(await redis.del(`kubesphere:user:admin:token:${token}`), 1);
  assert.ok((await ended) < 1500);
});

test('a watch ends when its token expires', { skip }, async () => {
  const { access_token: token } = (await server.login('admin', 'P@88w0rd')).json;
  const { exp } = JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString());
  const { ended } = await watch(token);

  await ended;

  const late = Date.now() - exp * 1000;
  assert.ok(late >= 0 && late < 1500, `${late} ms`);
});

test('a watch continues while Redis is down', { skip }, async () => {
  const { access_token: token } = (await server.login('admin', 'P@88w0rd')).json;
  const { ended } = await watch(token);

  redisProcess.kill('SIGKILL');
  await once(redisProcess, 'exit');

  const goesOn = new Promise((resolve) => setTimeout(() => resolve('goes on'), 1200));
  assert.equal(await Promise.race([ended, goesOn]), 'goes on');
  assert.equal((await server.call('/kapis/version', { token })).status, 503);
});
