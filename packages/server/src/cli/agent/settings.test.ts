import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { readAgentSettings } from './settings.ts';

let dir: string;

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'agent-settings-'));
  await writeFile(join(dir, 'token'), 'first\n');
  await writeFile(join(dir, 'account-token'), 'of-the-pod\n');
});

after(() => rm(dir, { recursive: true, force: true }));

const inCluster = async () => ({
  server: 'https://10.96.0.1:443',
  ca: 'CA',
  tokenFile: join(dir, 'account-token'),
});

const read = (...args: string[]) => readAgentSettings(args, { inCluster, version: 'v1' });

test('the flags of tower’s Deployments are taken, and credentials come from the pod', async () => {
  const settings = await read(
    '--name=east',
    '--token=secret',
    '--proxy-server=http://10.0.0.1:8080',
    '--keepalive=10s',
    '--kubesphere-service=ks-apiserver.kubesphere-system.svc',
    '--v=0',
  );

  assert.equal(settings?.server.url.href, 'ws://10.0.0.1:8080/');
  assert.equal(settings?.keepAliveMs, 10_000);
  assert.equal(settings?.maxRetryIntervalMs, 120_000);
  assert.deepEqual(await settings?.config(), {
    version: 'v1',
    name: 'east',
    token: 'secret',
    kubernetesHost: '10.96.0.1:443',
    kubesphereHost: 'ks-apiserver.kubesphere-system.svc:80',
    ca: 'CA',
    bearerToken: 'of-the-pod',
  });
});

test('tokens in files are read again', async () => {
  const settings = await read('--name=east', `--token-file=${join(dir, 'token')}`);
  assert.equal((await settings?.config())?.token, 'first');

  await writeFile(join(dir, 'token'), 'second\n');
  await writeFile(join(dir, 'account-token'), 'of-the-next-pod\n');
  const again = await settings?.config();
  assert.deepEqual([again?.token, again?.bearerToken], ['second', 'of-the-next-pod']);
});

test('help is no error', async () => {
  assert.equal(await read('--help'), undefined);
});

test('what is wrong is named in one line', async () => {
  const good = ['--name=east', '--token=secret'];

  for (const [args, message] of [
    [['--token=secret'], /^--name is missing/],
    [['--name=east'], /^give either --token or --token-file/],
    [[...good, `--token-file=${join(dir, 'token')}`], /^give either/],
    [['--name=east', '--token-file=/nowhere'], /^--token-file \/nowhere cannot be read/],
    [[...good, '--ca-file=/nowhere'], /^--ca-file \/nowhere cannot be read/],
    [[...good, '--proxy-server=ftp://x'], /^--proxy-server must be a URL/],
    [[...good, '--keepalive=often'], /^--keepalive often: allowed is a duration/],
    [[...good, '--keepalive=10ms'], /^--keepalive 10ms: allowed is a duration from 1s/],
    [[...good, '--max-retry=-1'], /^--max-retry -1|option/],
    [[...good, '--kubernetes-service=a:b:c'], /^--kubernetes-service a:b:c: allowed is host:port/],
    [[...good, '--kubeconfig=/nowhere'], /kubeconfig \/nowhere cannot be used/],
    [[...good, '--nonsense'], /nonsense.*agent --help/],
  ] as const) {
    await assert.rejects(read(...args), { message });
  }
});

test('a kubeconfig with commands or passwords is of no use to somebody else', async () => {
  const settings = (user: object) =>
    readAgentSettings(['--name=east', '--token=secret'], {
      inCluster: async () => ({ server: 'https://x', ...user }),
      version: 'v1',
    });

  const why = { message: /must have a client certificate or a token/ };
  await assert.rejects(settings({ exec: { command: 'x', apiVersion: 'v1' } }), why);
  await assert.rejects(settings({ username: 'u', password: 'p' }), why);
  await assert.rejects(
    readAgentSettings(['--name=east', '--token=secret'], {
      inCluster: async () => ({ server: 'https://x/prefix' }),
      version: 'v1',
    }),
    { message: /must be an https URL without a path/ },
  );
});
