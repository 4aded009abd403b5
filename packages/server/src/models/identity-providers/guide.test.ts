import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { rootCertificates } from 'node:tls';
import { parseConfig } from '../../config/config.ts';
import { openProviders, PROVIDER_TYPES } from './registry.ts';

const GUIDE = new URL('../../../../../docs/guides/identity-providers.md', import.meta.url);

test('the server accepts every configuration of the guide, which covers every type', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'ks-guide-'));

  try {
    const ca = join(dir, 'ca.pem');
    await writeFile(ca, rootCertificates[0]!);

    const blocks = [...(await readFile(GUIDE, 'utf8')).matchAll(/```yaml\n(.*?)```/gs)].map(
      ([, text]) => text!,
    );
    const types = new Set<string>();

    for (const text of blocks) {
      const { config, unknown } = parseConfig(
        text.replaceAll(/\/etc\/kubesphere\/[\w-]+\.pem/g, ca),
      );
      assert.deepEqual(unknown, []);

      const { identityProviders } = config.authentication.oauthOptions;
      await openProviders(identityProviders);

      for (const { type } of identityProviders) {
        types.add(type);
      }
    }

    assert.deepEqual([...types].toSorted(), Object.keys(PROVIDER_TYPES).toSorted());
  } finally {
    await rm(dir, { recursive: true });
  }
});
