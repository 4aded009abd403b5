import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { expiryCondition, expiryOf } from './expiry.ts';
import { accountUidOf, claimsOf } from './token-claims.ts';

const DAY = 86_400_000;
const NOW = Date.parse('2026-01-10T00:00:00Z');

function kubeconfig(user: object): string {
  return Buffer.from(
    JSON.stringify({
      clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:1' } }],
      users: [{ name: 'u', user }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    }),
  ).toString('base64');
}

const token = (claims: object) =>
  `h.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.s`;

test('the expiry of a kubeconfig is that of its token', async () => {
  const exp = NOW / 1000;
  assert.deepEqual(await expiryOf(kubeconfig({ token: token({ exp }) })), {
    at: NOW,
    what: 'token',
  });
  assert.equal(await expiryOf(kubeconfig({ token: token({}) })), undefined);
  assert.equal(await expiryOf(kubeconfig({ token: 'opaque' })), undefined);
  assert.equal(await expiryOf(kubeconfig({ 'client-certificate-data': 'eA==' })), undefined);
  assert.equal(await expiryOf(''), undefined);
});

test('the week before, and what has expired, is told', () => {
  const of = (at: number) => expiryCondition({ at, what: 'client certificate' }, NOW);

  assert.equal(of(NOW + 8 * DAY).status, 'False');
  assert.equal(expiryCondition(undefined, NOW).status, 'False');

  const soon = of(NOW + 6 * DAY);
  assert.deepEqual([soon.status, soon.reason], ['True', 'KubeConfigExpires']);
  assert.match(soon.message ?? '', /client certificate .* expires at 2026-01-16T00:00:00/);

  const over = of(NOW - DAY);
  assert.deepEqual([over.status, over.reason], ['True', 'KubeConfigExpired']);
  assert.match(over.message ?? '', /has expired at 2026-01-09T00:00:00.*give the cluster a new/);
});

test('claims of any text are read without failing', () => {
  fc.assert(
    fc.property(fc.string(), fc.jsonValue(), (text, claims) => {
      accountUidOf(claimsOf(text));
      accountUidOf(claimsOf(token({ 'kubernetes.io': claims })));
    }),
  );

  const uid = 'kubernetes.io/serviceaccount/service-account.uid';
  assert.equal(accountUidOf(claimsOf(token({ [uid]: 'u' }))), 'u');
});
