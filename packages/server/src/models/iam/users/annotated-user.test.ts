import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeEntry } from '@ks-apiserver/client/informer/entry';
import { annotatedUser } from './annotated-user.ts';

const user = {
  apiVersion: 'iam.kubesphere.io/v1alpha2',
  kind: 'User',
  metadata: { name: 'jo', annotations: { kept: 'yes' } },
};
const entry = makeEntry(user, Buffer.from(JSON.stringify(user)));

test('annotations are added to the bytes of a user, and replaced when a role has changed', () => {
  const annotationsWith = (...added: [string, string][]) =>
    JSON.parse(annotatedUser(entry, added).toString()).metadata.annotations;

  assert.deepEqual(annotationsWith(), { kept: 'yes' });
  assert.deepEqual(annotationsWith(['role', 'a']), { kept: 'yes', role: 'a' });
  assert.deepEqual(annotationsWith(['role', 'b']), { kept: 'yes', role: 'b' });
  assert.deepEqual(annotationsWith(['role', 'a'], ['kept', 'no']), { kept: 'no', role: 'a' });

  for (let i = 0; i < 20; i++) {
    assert.deepEqual(annotationsWith(['role', `${i}`]), { kept: 'yes', role: `${i}` });
  }

  assert.deepEqual(JSON.parse(entry.bytes.toString()), user);
});

test('the same bytes are shared while nothing changes', () => {
  assert.equal(annotatedUser(entry, [['role', 'x']]), annotatedUser(entry, [['role', 'x']]));
});
