import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isPublicAddress, parseNetworks } from './addresses.ts';

const refused = [
  '0.0.0.0',
  '10.1.2.3',
  '100.64.0.1',
  '127.0.0.1',
  '127.255.255.254',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.1.1',
  '198.18.0.1',
  '224.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::ffff:8.8.8.8',
  '::ffff:127.0.0.1',
  '64:ff9b::7f00:1',
  'fe80::1',
  'fc00::1',
  'fd00:ec2::254',
  'ff02::1',
  '2002:7f00:1::',
  '2001:0:1::1',
  '2001:db8::1',
  'localhost',
  '',
  '1.2.3',
];

for (const address of refused) {
  test(`refuses ${address || 'nothing'}`, () => assert.equal(isPublicAddress(address), false));
}

for (const address of ['8.8.8.8', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '2a00:1450::1']) {
  test(`accepts ${address}`, () => assert.equal(isPublicAddress(address), true));
}

test('networks are checked when they are read', () => {
  assert.equal(parseNetworks(['127.0.0.0/8']).check('127.0.0.1'), true);

  for (const wrong of [
    '',
    '10.0.0.0',
    '10.0.0.0/33',
    '::/129',
    'x/8',
    '10.0.0.0/8/8x',
    '10.0.0.0/-1',
  ]) {
    assert.throws(() => parseNetworks([wrong]), RangeError, wrong);
  }
});
