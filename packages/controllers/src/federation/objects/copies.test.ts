import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FEDERATED_NAMESPACE, federatedKind } from '@ks-apiserver/api/federation/kinds';
import { adoptionRefusal, copyKey } from './copies.ts';

const object = (name: string, workspace?: string) => ({
  metadata: { name, ...(workspace && { labels: { 'kubesphere.io/workspace': workspace } }) },
});

test('what belongs to another workspace in a member is not taken over', () => {
  for (const kind of [FEDERATED_NAMESPACE, federatedKind('WorkspaceRole')]) {
    const refusal = (desired?: string, current?: string) =>
      adoptionRefusal(kind, object('shop-x', desired), object('shop-x', current));

    assert.equal(refusal('shop', 'shop'), undefined);
    assert.equal(refusal(), undefined);
    assert.match(refusal('shop', 'bank') ?? '', /not of the same workspace/);
    assert.match(refusal('shop') ?? '', /not of the same workspace/);
    assert.match(refusal(undefined, 'bank') ?? '', /not of the same workspace/);
  }

  const secret = federatedKind('Secret');
  assert.equal(adoptionRefusal(secret, object('a', 'shop'), object('a', 'bank')), undefined);
});

test('namespaces of the platform are not taken over', () => {
  for (const name of ['default', 'kube-system', 'kubesphere-system', 'kube-federation-system']) {
    assert.match(
      adoptionRefusal(FEDERATED_NAMESPACE, object(name), object(name)) ?? '',
      /namespace of the platform/,
    );
  }

  assert.equal(adoptionRefusal(FEDERATED_NAMESPACE, object('shop'), object('shop')), undefined);
});

test('copies of namespaced objects are in their namespace', () => {
  const metadata = { name: 'x', namespace: 'shop' };
  assert.equal(copyKey(federatedKind('Secret'), { metadata }).namespace, 'shop');
  assert.equal(copyKey(FEDERATED_NAMESPACE, { metadata }).namespace, undefined);
  assert.equal(copyKey(federatedKind('User'), { metadata: { name: 'x' } }).namespace, undefined);
});
