import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkPassword, hashPassword, isHash } from './passwords.ts';

test('only the right password of an existing hash is accepted', async () => {
  const stored = await hashPassword('P@88w0rd');
  assert.ok(isHash(stored) && stored.startsWith('$2a$10$'));
  assert.equal(await checkPassword('P@88w0rd', stored), true);
  assert.equal(await checkPassword('p@88w0rd', stored), false);
  assert.equal(await checkPassword('', stored), false);
  assert.equal(await checkPassword('P@88w0rd', undefined), false);
  assert.equal(await checkPassword('plain', 'plain'), false);
});

test('bytes beyond the 72 that bcrypt reads are not ignored', async () => {
  const stored = await hashPassword('a'.repeat(72));
  assert.equal(await checkPassword('a'.repeat(72), stored), true);
  assert.equal(await checkPassword('a'.repeat(73), stored), false);
});
