import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { test } from 'node:test';
import { SourceAddresses } from './source-ip.ts';

const addresses = new SourceAddresses(['127.0.0.0/8', '10.0.0.0/8']);
const addressOf = (remoteAddress: string, headers: Record<string, string> = {}) =>
  addresses.of({ socket: { remoteAddress }, headers } as unknown as IncomingMessage);

test('headers of a trusted proxy count, in 3.0’s order', () => {
  assert.equal(addressOf('::1'), '127.0.0.1');
  assert.equal(addressOf('::ffff:10.1.2.3'), '10.1.2.3');

  const headers = {
    'x-forwarded-for': '1.1.1.1, 2.2.2.2',
    'x-real-ip': '3.3.3.3',
    'x-client-ip': '4.4.4.4',
  };

  assert.equal(addressOf('10.0.0.1', headers), '3.3.3.3');
  assert.equal(addressOf('10.0.0.1', { ...headers, 'x-real-ip': '' }), '1.1.1.1, 2.2.2.2');
  assert.equal(addressOf('10.0.0.1', { 'x-client-ip': '4.4.4.4' }), '4.4.4.4');
  assert.equal(addressOf('8.8.8.8', headers), '8.8.8.8');
  assert.equal(addressOf('10.0.0.1', { 'x-real-ip': '<script>' }), '10.0.0.1');
  assert.equal(addressOf('10.0.0.1', { 'x-real-ip': '1'.repeat(300) }), '10.0.0.1');

  for (const text of [
    'undefined',
    'null',
    'admin',
    '1.2.3',
    '1.2.3.4.5',
    'localhost',
    '1.1.1.1, nobody',
    '999.1.1.1',
    '::g',
    ',',
  ]) {
    for (const name of ['x-client-ip', 'x-real-ip', 'x-forwarded-for']) {
      assert.equal(addressOf('10.0.0.1', { [name]: text }), '10.0.0.1', `${name}: ${text}`);
    }
  }

  for (const text of ['2001:db8::1', '[2001:db8::1]:443', '1.1.1.1:5000', '1.1.1.1,2.2.2.2']) {
    assert.equal(addressOf('10.0.0.1', { 'x-client-ip': text }), text);
  }
});

test('failures count for the last address that is no trusted proxy, regardless of earlier ones that a caller wrote', () => {
  assert.equal(addresses.client('1.1.1.1'), '1.1.1.1');
  assert.equal(addresses.client('6.6.6.6, 1.1.1.1, 10.0.0.2'), '1.1.1.1');
  assert.equal(addresses.client('7.7.7.7, 1.1.1.1'), '1.1.1.1');
  assert.equal(addresses.client('10.0.0.3, 10.0.0.2'), '10.0.0.3');
  assert.equal(addresses.client('1.1.1.1:5000, 10.0.0.2:80'), '1.1.1.1');
  assert.equal(addresses.client('2001:db8:1:2:3:4:5:6'), addresses.client('2001:db8:1:2:ffff::1'));
  assert.equal(addresses.client(''), '');
});
