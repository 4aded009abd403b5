import assert from 'node:assert/strict';
import { test } from 'node:test';
import { announcedDialect, configuredDialect } from './dialect.ts';

const announced = (version: unknown) => announcedDialect(JSON.stringify({ version }));

test('versions differ in totals and intervals', () => {
  assert.deepEqual(configuredDialect('5'), configuredDialect('6'));
  assert.deepEqual(announced({ number: '5.6.16' }), configuredDialect('6'));
  assert.deepEqual(announced({ number: '7.10.2' }), configuredDialect('7'));
  assert.deepEqual(announced({ number: '9.0.0' }), configuredDialect('8'));
  assert.notDeepEqual(configuredDialect('6'), configuredDialect('7'));
  assert.notDeepEqual(configuredDialect('7'), configuredDialect('8'));
});

test('OpenSearch 1 is newer than Elasticsearch 7', () => {
  assert.deepEqual(
    announced({ number: '1.3.0', distribution: 'opensearch' }),
    configuredDialect('8'),
  );
  assert.deepEqual(configuredDialect('opensearchv2'), configuredDialect('8'));
});

test('without a configured version the server is asked, and others are refused', () => {
  assert.equal(configuredDialect(''), undefined);
  for (const version of ['4', 'x', '7.1', 'opensearch']) {
    assert.throws(() => configuredDialect(version), /unsupported elasticsearch version/);
  }
});

test('what is no announcement of a supported server is refused', () => {
  for (const text of [
    '',
    '<html>',
    'null',
    '[]',
    '{}',
    '{"version":null}',
    '{"version":{"number":"2.4"}}',
  ]) {
    assert.throws(() => announcedDialect(text), { name: 'SearchError' });
  }
});
