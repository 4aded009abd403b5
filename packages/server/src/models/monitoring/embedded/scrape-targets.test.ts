import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readScrapeTargets, type ScrapeTargetConfig } from './scrape-targets.ts';

const target = (given: Partial<ScrapeTargetConfig>): ScrapeTargetConfig => ({
  url: 'http://app:8080/metrics',
  labels: {},
  honorLabels: false,
  caFile: '',
  ...given,
});

const labelsOf = (given: Partial<ScrapeTargetConfig>) =>
  readScrapeTargets([target(given)])[0]?.labels;

test('a target has a job, and its host and port as instance, unless it is given others', () => {
  assert.deepEqual(labelsOf({}), { job: 'scrape', instance: 'app:8080' });
  assert.deepEqual(labelsOf({ url: 'http://app/metrics' }), { job: 'scrape', instance: 'app:80' });
  assert.deepEqual(labelsOf({ url: 'https://[::1]/' }), { job: 'scrape', instance: '[::1]:443' });
  assert.deepEqual(labelsOf({ labels: { job: 'shop', instance: '', shard: 3, extra: '' } }), {
    job: 'shop',
    instance: 'app:8080',
    shard: '3',
  });
});

test('what cannot be scraped is refused, with its number', () => {
  const refused: [Partial<ScrapeTargetConfig>, RegExp][] = [
    [{ url: 'app:8080' }, /^number 2: url: allowed is a URL/],
    [{ url: 'file:///etc/passwd' }, /^number 2: url: allowed is a URL/],
    [{ url: 'http://jo:secret@app/' }, /^number 2: url: must not contain a name and password$/],
    [{ labels: { 'a-b': 'x' } }, /^number 2: labels: a-b is no label/],
    [{ labels: { __address__: 'x' } }, /^number 2: labels: __address__ is no label/],
    [{ labels: { a: ['x'] } }, /^number 2: labels: a is no label/],
    [{ url: 'http://app:8080/other' }, /^number 2: labels: another target has the same/],
  ];

  for (const [given, message] of refused) {
    assert.throws(() => readScrapeTargets([target({}), target(given)]), { message });
  }

  assert.throws(() => readScrapeTargets(Array.from({ length: 1001 }, () => target({}))), /1000/);
});

test('any text as a URL and any labels are read or refused', () => {
  const labels = fc.dictionary(fc.string(), fc.anything(), { noNullPrototype: true });

  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.webUrl()), labels, (url, given) => {
      try {
        for (const value of Object.values(labelsOf({ url, labels: given }) ?? {})) {
          assert.ok(value !== '');
        }
      } catch (error) {
        assert.ok(error instanceof RangeError, String(error));
      }
    }),
  );
});
