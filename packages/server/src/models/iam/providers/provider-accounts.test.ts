import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { originLabel } from '../users/provider-links.ts';
import { userName } from './provider-accounts.ts';
import { groupNames } from './provider-passwords.ts';

test('account names become names that Kubernetes accepts', () => {
  const cases: [string, string][] = [
    ['jane', 'jane'],
    ['Jané Doe', 'jane-doe'],
    ['jane_doe', 'jane-doe'],
    ['john.smith@corp.example', 'john.smith-corp.example'],
    ['CORP\\jane', 'corp-jane'],
    ['..a..b..', 'a.b'],
    ['-a-', 'a'],
    ['system:admin', 'system-admin'],
    ['小明', ''],
    ['../../etc', 'etc'],
  ];

  for (const [given, name] of cases) {
    assert.equal(userName(given), name, given);
  }

  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
      const name = userName(text);
      assert.ok(name.length <= 63);
      assert.match(name, /^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*)?$/);
    }),
  );
});

test("an account is a label value, itself or as a hash that is no account's name", () => {
  for (const uid of ['jane', '583231', 'id.583231', 'a'.repeat(63)]) {
    assert.equal(originLabel(uid), uid);
  }

  for (const uid of ['', 'a'.repeat(64), 'john@corp', 'auth0|1', '-a', originLabel('john@corp')]) {
    const label = originLabel(uid);
    assert.match(label, /^sha256-[0-9a-f]{56}$/);
    assert.notEqual(label, uid);
  }
});

test('groups are limited to the size of a token, the first by name', () => {
  const namesOf = (groups: string[]) => groupNames('corp', { uid: 'u', username: 'u', groups });
  assert.deepEqual(namesOf(['b', 'a', 'b', 'c\n']), ['corp:a', 'corp:b']);
  assert.equal(namesOf(Array.from({ length: 500 }, (_, i) => `g${i}`)).length, 100);

  const long = namesOf(Array.from({ length: 500 }, (_, i) => `${'ü'.repeat(100)}${i}`));
  assert.ok(long.length > 10 && Buffer.byteLength(JSON.stringify(long)) < 4100);
});
