import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PasswordPolicy } from './password-policy.ts';

const ann = { username: 'annabelle', email: 'belle.ann@example.com' };
const rules = { minLength: 8, minClasses: 0, refuseCommon: true, changeInitial: false };

test('too short, too long and common passwords, and the user’s own name, are refused with the reason', async () => {
  const policy = new PasswordPolicy(rules);

  const cases: [string, RegExp][] = [
    ['seven77', /at least 8 characters/],
    ['ひみつのことば', /at least 8 characters/],
    ['x'.repeat(73), /at most 72 bytes/],
    ['é'.repeat(37), /at most 72 bytes/],
    ['password1', /most common passwords/],
    ['PassWord1', /most common passwords/],
    ['Annabelle', /name or e-mail/],
    ['belle.ann', /name or e-mail/],
    ['Belle.Ann@example.com', /name or e-mail/],
  ];

  for (const [password, reason] of cases) {
    await assert.rejects(policy.check(password, ann), reason);
  }

  await assert.rejects(policy.check('P@88w0rd', { username: 'admin' }), /most common passwords/);

  for (const good of ['Passw0rd!', 'ひみつのことばだよ', 'correct horse battery', 'x'.repeat(72)]) {
    await policy.check(good, ann);
  }
});

test('rules of character classes are optional', async () => {
  const policy = new PasswordPolicy({ ...rules, minClasses: 3 });
  await assert.rejects(policy.check('correct horse battery', ann), /mix at least 3/);
  await policy.check('Correct horse', ann);
  await new PasswordPolicy({ ...rules, refuseCommon: false }).check('password1', ann);
});
