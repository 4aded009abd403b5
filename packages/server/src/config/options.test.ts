import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readOptions } from './options.ts';

const dir = await mkdtemp(join(tmpdir(), 'options-'));
after(() => rm(dir, { recursive: true }));

async function configFile(text: string): Promise<string> {
  const file = join(dir, 'kubesphere.yaml');
  await writeFile(file, text);
  return file;
}

test('secrets come from the environment when the file has none', async () => {
  const env = {
    KS_ADMIN_PASSWORD: 'from-env',
    KS_JWT_SECRET: 'jwt-from-env',
    KS_REDIS_PASSWORD: 'redis-from-env',
  };

  const bare = await readOptions(['--config', await configFile('redis:\n  host: r\n')], env);
  assert.equal(bare.adminPassword, 'from-env');
  assert.equal(bare.config.authentication.jwtSecret, 'jwt-from-env');
  assert.equal(bare.config.redis.password, 'redis-from-env');

  const file = await configFile('authentication:\n  jwtSecret: mine\nredis:\n  password: own\n');
  const full = await readOptions(['--config', file, '--admin-password', 'flag'], env);

  assert.equal(full.adminPassword, 'flag');
  assert.equal(full.config.authentication.jwtSecret, 'mine');
  assert.equal(full.config.redis.password, 'own');
});
