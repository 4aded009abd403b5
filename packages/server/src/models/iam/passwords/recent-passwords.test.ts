import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkPassword, hashPassword } from './passwords.ts';
import { RecentPasswords } from './recent-passwords.ts';

/** Returns a memory of passwords that counts real comparisons, with a clock that tests set. */
function countComparisons() {
  const seen = { comparisons: 0, now: 0 };

  const recent = new RecentPasswords(
    (password, stored) => {
      seen.comparisons += 1;
      return checkPassword(password, stored);
    },
    () => seen.now,
  );

  return { seen, recent };
}

test('a right password is hashed once a minute, however many calls come at once', async () => {
  const { seen, recent } = countComparisons();
  const stored = await hashPassword('P@88w0rd');
  const answers = await Promise.all(
    Array.from({ length: 40 }, () => recent.check('P@88w0rd', stored)),
  );

  assert.ok(answers.every((fits) => fits));
  assert.equal(seen.comparisons, 1);

  seen.now = 59_999;
  assert.equal(await recent.check('P@88w0rd', stored), true);
  assert.equal(seen.comparisons, 1);

  seen.now = 60_000;
  assert.equal(await recent.check('P@88w0rd', stored), true);
  assert.equal(seen.comparisons, 2);
});

test('wrong passwords and unknown users are never remembered', async () => {
  const { seen, recent } = countComparisons();
  const stored = await hashPassword('P@88w0rd');

  for (let i = 0; i < 2; i++) {
    assert.equal(await recent.check('wrong', stored), false);
    assert.equal(await recent.check('P@88w0rd', undefined), false);
  }

  assert.equal(seen.comparisons, 4);
});

test('the old password of a user whose password changes is wrong at once', async () => {
  const { recent } = countComparisons();
  assert.equal(await recent.check('old', await hashPassword('old')), true);
  assert.equal(await recent.check('old', await hashPassword('new')), false);
});

test('no more than a thousand are remembered', async () => {
  let comparisons = 0;

  const recent = new RecentPasswords(async () => {
    comparisons += 1;
    return true;
  });

  for (let i = 0; i < 1001; i++) {
    await recent.check(`${i}`, 'hash');
  }

  await recent.check('1000', 'hash');
  assert.equal(comparisons, 1001);
  await recent.check('0', 'hash');
  assert.equal(comparisons, 1002);
});
