import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readFile, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { FileSecrets } from '../../backend/secrets.ts';
import { SigningKeys } from './signing-keys.ts';

const HOUR = 3_600_000;
const fail = (error: unknown) => assert.fail(String(error));

async function openKeysAt(start: number, maxAgeMs: number) {
  const dir = await mkdtemp(join(tmpdir(), 'ks-keys-'));
  const clock = { now: start };

  const open = (pem?: string) =>
    SigningKeys.open(
      new FileSecrets(dir),
      { maxAgeMs, ...(pem && { pem }) },
      fail,
      () => clock.now,
    );

  return { dir, clock, open };
}

const kids = (keys: SigningKeys) => keys.jwks.keys.map(({ kid }) => kid);

test('keys are generated once, readable by the owner only, and the same after a restart', async () => {
  const { dir, open } = await openKeysAt(Date.now(), 0);
  const first = await open();

  first.close();

  const file = join(dir, 'oauth-signing-keys');
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  assert.match(await readFile(file, 'utf8'), /"d":/);

  const second = await open();
  second.close();
  assert.deepEqual(kids(second), kids(first));
  assert.equal(second.signer('RS256').kid, first.signer('RS256').kid);
  assert.equal(second.signer('ES256').key.asymmetricKeyType, 'ec');
});

test('a new key is published before it signs, and an old one as long as its tokens are valid', async () => {
  const { clock, open } = await openKeysAt(Date.now(), 24 * HOUR);
  const keys = await open();

  keys.close();

  const old = keys.signer('RS256').kid;

  clock.now += 24 * HOUR;
  await keys.refresh();
  assert.equal(kids(keys).length, 4);
  assert.equal(keys.signer('RS256').kid, old);

  // Another replica that starts now has the same keys.
  const other = await open();
  other.close();
  assert.deepEqual(kids(other), kids(keys));
  clock.now += HOUR;
  await keys.refresh();

  const young = keys.signer('RS256').kid;
  assert.notEqual(young, old);
  assert.ok(keys.find(old));
  await keys.refresh();
  assert.equal(kids(keys).length, 4);
  clock.now += 49 * HOUR;
  await keys.refresh();
  assert.equal(keys.find(old), undefined);
});

test('the configured key signs, and earlier generated keys stay published', async () => {
  const { open } = await openKeysAt(Date.now(), 0);
  const made = await open();

  made.close();

  const pem = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
    type: 'pkcs1',
    format: 'pem',
  });

  const own = await open(String(pem));
  own.close();
  assert.notEqual(own.signer('RS256').kid, made.signer('RS256').kid);
  assert.ok(own.find(made.signer('RS256').kid));

  const small = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export({
    type: 'pkcs1',
    format: 'pem',
  });

  await assert.rejects(open(String(small)), /2048 bits/);
  await assert.rejects(open('no key'));
});
