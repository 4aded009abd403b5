import assert from 'node:assert/strict';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { TestServer } from '@ks-apiserver/server/test/support/test-server';

test('the server reports the configured version of KubeSphere', async () => {
  const config = join(await mkdtemp(join(tmpdir(), 'ks-version-')), 'kubesphere.yaml');
  await writeFile(config, 'compatibility:\n  version: 3.4.1\n');

  const server = await TestServer.start({ args: ['--config', config] });

  try {
    const { json } = await server.call('/kapis/version');
    assert.match(json.gitVersion, /^v3\.4\.1-/);
  } finally {
    await server.stop();
  }
});

test('an unknown version of KubeSphere is refused at start with a list of the known ones', async () => {
  const config = join(await mkdtemp(join(tmpdir(), 'ks-version-')), 'kubesphere.yaml');
  await writeFile(config, 'compatibility:\n  version: 3.9.0\n');

  await assert.rejects(
    TestServer.start({ args: ['--config', config] }),
    /compatibility\.version: "3\.9\.0" is not valid, allowed is one of 3\.0\.0, 3\.1\.1, 3\.2\.1, 3\.3\.2, 3\.4\.1/,
  );
});
