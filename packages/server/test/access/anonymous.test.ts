import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { eventually, TestServer } from '../support/test-server.ts';

let server: TestServer;
let token: string;
before(async () => {
  server = await TestServer.start();
  token = await server.token();
});

after(() => server.stop());

/** Groups that the request metrics know. */
async function groups(): Promise<Set<string>> {
  const { text } = await server.call('/metrics', { token });
  return new Set(
    [...text.matchAll(/^ks_apiserver_request_total\{.*group="([^"]*)"/gm)].map(
      ([, group]) => group!,
    ),
  );
}

test('callers cannot add unknown groups to the metrics', async () => {
  for (let i = 0; i < 20; i++) {
    await server.call(`/kapis/made-up-${i}.io/v1/things`);
    await server.call(`/apis/made-up-${i}.io/v1/things`);
    await server.call(`/apis/made-up-${i}.io/v1/things`, { token });
    await server.call(`/kapis/made-up-${i}.io/v1/things`, { token });
  }

  await server.call('/apis/apps/v1/deployments', { token });
  await server.call('/apis/apps/v1/deployments');
  await server.call('/api/v1/namespaces', { token });

  await eventually(async () => {
    const known = await groups();
    assert.deepEqual(
      [...known].filter((group) => group.startsWith('made-up')),
      [],
    );

    for (const group of ['other', 'apps', 'core', 'none']) {
      assert.ok(known.has(group), `${group}: ${[...known]}`);
    }
  });
});

test('the version of the runtime is shown after log-in only', async () => {
  const anonymous = await server.call('/kapis/version');
  const known = await server.call('/kapis/version', { token });

  assert.equal(known.json.goVersion, `node ${process.version}`);
  assert.equal(anonymous.json.goVersion, '');
  assert.equal(anonymous.json.kubernetes.goVersion, '');
  assert.equal(anonymous.json.gitVersion, known.json.gitVersion);
  assert.ok(!anonymous.text.includes(process.version), anonymous.text);
});

test('a caller’s address is taken from a proxy on the same machine, or from a trusted one', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'ks-proxies-'));
  const config = join(dir, 'kubesphere.yaml');

  await writeFile(config, 'authentication: {trustedProxies: [192.0.2.0/24]}\n');

  const other = await TestServer.start({ args: ['--config', config] });

  try {
    for (const [one, expected] of [
      [server, '198.51.100.7'],
      [other, '127.0.0.1'],
    ] as const) {
      const form = { grant_type: 'password', username: 'admin', password: 'wrong' };
      await one.call('/oauth/token', { form, headers: { 'x-forwarded-for': '198.51.100.7' } });

      const auth = { token: await one.token() };
      await eventually(async () => {
        const { json } = await one.call(
          '/kapis/iam.kubesphere.io/v1alpha2/users/admin/loginrecords',
          auth,
        );

        const failed = json.items.find(({ spec }: { spec: { success: boolean } }) => !spec.success);
        assert.equal(failed?.spec.sourceIP, expected);
      });
    }
  } finally {
    await other.stop();
    await rm(dir, { recursive: true });
  }
});
