import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { eventually, run, TestServer } from '../support/test-server.ts';

let cwd: string;
before(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'ks-start-'));
});
after(() => rm(cwd, { recursive: true, force: true }));

/** Asserts exit code 1 and one line with the reason. */
async function assertRefused(args: string[], message: RegExp): Promise<void> {
  const { code, stderr } = await run(args, { cwd });
  assert.equal(code, 1, stderr);
  assert.match(stderr, message);
  assert.equal(stderr.trim().split('\n').length, 1, stderr);
}

const free = ['--secure-port', '0', '--insecure-port', '0'];

test('the error names ports in use', async () => {
  const blocker = net.createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => blocker.once('listening', resolve));

  const { port } = blocker.address() as net.AddressInfo;
  await assertRefused(
    ['--data-dir', join(cwd, 'a'), '--secure-port', '0', '--insecure-port', String(port)],
    new RegExp(`port ${port} on 127.0.0.1 is in use`),
  );

  await assertRefused(
    ['--data-dir', join(cwd, 'b'), '--insecure-port', '0', '--secure-port', String(port)],
    new RegExp(`port ${port} on 127.0.0.1 is in use .*--secure-port`),
  );

  blocker.close();
});

test('the error names an unusable data directory', async () => {
  const file = join(cwd, 'file');
  await writeFile(file, '');
  await assertRefused(['--data-dir', file, ...free], new RegExp(file));
});

test('a second server on the same data directory is refused', async () => {
  const server = await TestServer.start();

  try {
    await assertRefused(['--data-dir', server.dataDir, ...free], /data directory|in use|locked/);
    assert.equal((await server.call('/readyz')).status, 200);
  } finally {
    await server.stop();
  }
});

test('broken kubeconfigs, configurations and flags are explained', async () => {
  const providers = join(cwd, 'providers.yaml');
  await writeFile(
    providers,
    'authentication: {oauthOptions: {identityProviders: [{name: a, type: CASIdentityProvider, provider: {casServerURL: x, redirectURL: y}}]}}\n',
  );

  await assertRefused(
    ['--data-dir', join(cwd, 'p'), '--config', providers, ...free],
    /^ks-apiserver: authentication\.oauthOptions\.identityProviders\[0\]\.provider\.casServerURL: "x" is no URL/,
  );

  const broken = join(cwd, 'kubeconfig');
  await writeFile(broken, 'current-context: x\n');
  await assertRefused(['--kubeconfig', broken], /kubeconfig .* there is no context called "x"/);
  await assertRefused(['--kubeconfig', join(cwd, 'missing')], /kubeconfig .*ENOENT/);

  const config = join(cwd, 'wrong.yaml');
  await writeFile(config, 'authorization: {mode: Maybe}\n');

  await assertRefused(
    ['--config', config],
    /authorization\.mode: "Maybe" is not valid, allowed is one of/,
  );

  const mesh = join(cwd, 'mesh.yaml');
  for (const [key, value] of [
    ['servicemeshPrometheusHost', 'nope'],
    ['jaegerQueryHost', 'ftp://jaeger'],
  ] as const) {
    await writeFile(mesh, JSON.stringify({ servicemesh: { [key]: value } }));
    await assertRefused(
      ['--data-dir', join(cwd, key), '--config', mesh, ...free],
      new RegExp(`^ks-apiserver: servicemesh\\.${key}: `),
    );
  }

  await assertRefused(['--config', join(cwd, 'missing.yaml')], /configuration .*ENOENT/);
  await assertRefused(['--insecure-port', 'x'], /--insecure-port x: allowed is a port/);
  await assertRefused(['--nosuch'], /--nosuch/);

  await assertRefused(
    ['--admin-password', 'x', '--data-dir', join(cwd, 'c'), ...free],
    /admin password must have 6 to 72 bytes/,
  );
});

test('a warning names unknown keys of the configuration', async () => {
  const config = join(cwd, 'unknown.yaml');
  await writeFile(config, 'redis: {hots: x}\nauthentication: {multipleLogin: true}\n');

  const server = await TestServer.start({ args: ['--config', config] });

  try {
    assert.match(server.output, /redis\.hots is not known/);
  } finally {
    await server.stop();
  }
});

test('a random admin password is printed once and works after a restart', async () => {
  const dataDir = join(cwd, 'random');
  const args = ['--data-dir', dataDir, ...free];
  const main = new URL('../../bundle/main.js', import.meta.url).pathname;

  const start = async () => {
    const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'ignore'] });
    let output = '';

    for await (const chunk of child.stdout) {
      output += chunk;
      if (output.includes('/v1alpha3/nodes')) {
        break;
      }
    }

    const stop = async () => {
      child.kill('SIGTERM');
      const [code] = await once(child, 'exit');
      return code;
    };

    return { output, stop, url: /KubeSphere:\s+(\S+)/.exec(output)![1]! };
  };

  const first = await start();
  const password = /password:\s+(\S+)/.exec(first.output)![1]!;

  assert.equal(password.length, 20);
  assert.equal(await first.stop(), 0);

  const second = await start();

  try {
    assert.doesNotMatch(second.output, /password:\s+\S{20}/);
    const body = new URLSearchParams({ grant_type: 'password', username: 'admin', password });
    assert.equal((await fetch(`${second.url}/oauth/token`, { method: 'POST', body })).status, 200);
  } finally {
    await second.stop();
  }
});

test('a stop lets requests finish and ends watches cleanly', async () => {
  const server = await TestServer.start();
  const token = await server.token();
  const response = await fetch(`${server.url}/api/v1/namespaces?watch=true`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const reader = response.body!.getReader();

  await reader.read();

  const asked = Date.now();
  const stopped = server.stop();

  for (;;) {
    if ((await reader.read()).done) {
      break;
    }
  }

  assert.equal(await stopped, 0);
  assert.ok(Date.now() - asked < 5000, 'a stop without slow requests is quick');
});

test('the log warns of the well-known password until it is changed', async () => {
  const dataDir = await mkdtemp(join(cwd, 'well-known-'));
  const args = [...free, '--log-level', 'warn'];
  const warned = /admin has the password that everybody knows/;

  const first = await TestServer.start({
    dataDir,
    args: [...args, '--admin-password', 'P@88w0rd'],
  });

  await eventually(async () => assert.match(first.output, warned));

  const token = await first.token('admin', 'P@88w0rd');
  const body = { currentPassword: 'P@88w0rd', password: 'My-0wn-choice' };
  const path = '/kapis/iam.kubesphere.io/v1alpha2/users/admin/password';
  const changed = await first.call(path, { method: 'PUT', token, body });

  assert.equal(changed.status, 200, changed.text);
  await first.stop();

  const second = await TestServer.start({ dataDir, args });
  await second.token('admin', 'My-0wn-choice');
  assert.doesNotMatch(second.output, warned);
  await second.stop();
});
