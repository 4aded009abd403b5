import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import fc from 'fast-check';
import { parsePath, valueAt } from './field-path.ts';
import { parseListQuery } from './query.ts';
import { parseFields, parseLabels } from './selectors.ts';

const read = (query: string) => parseListQuery(new URLSearchParams(query));

test('3.0’s parameters keep their meaning', () => {
  const { limit, page, sortBy, ascending, sort, filters } = read(
    'limit=-1&page=%2B2&sortBy=nosuch&ascending=T&a=1&a=2',
  );
  assert.deepEqual([limit, page, sortBy, ascending, sort], [-1, 2, 'nosuch', true, undefined]);
  assert.deepEqual([...filters], [['a', '2']]);

  const defaults = read('limit=&page=&ascending=&sortBy=&labelSelector=');
  assert.deepEqual(
    [defaults.limit, defaults.page, defaults.sortBy, defaults.ascending],
    [-1, 1, 'creationTimestamp', false],
  );

  assert.equal(defaults.labels, undefined);
});

const malformed: [string, RegExp][] = [
  ['limit=abc', /limit="abc"/],
  ['limit=1.5', /limit="1.5"/],
  ['page=1e3', /page="1e3"/],
  ['page=99999999999999999999', /page="9+"/],
  ['ascending=yes', /ascending="yes"/],
  ['labelSelector=%3D%3Dbad', /labelSelector="==bad"/],
  ['labelSelector=a%3Db||', /labelSelector="a=b\|\|".*one side/],
  ['fieldSelector=a', /fieldSelector="a"/],
  ['fieldSelector=a..b%3Dc', /"a\.\.b" is no path/],
  ['fieldSelector=a%3Db&fieldSelector=a%3Dc', /fieldSelector="a=c".*twice/],
  [`fieldSelector=${Array.from({ length: 9 }, (_, i) => `a${i}%3D1`).join(',')}`, /at most 8/],
  ['sortBy=a,,b', /sortBy="a,,b"/],
  ['sortBy=-', /sortBy="-"/],
  ['sortBy=a..b', /"a\.\.b" is no path/],
  [`q=${Array.from({ length: 17 }, (_, i) => i).join('+')}`, /at most 16 words/],
  ['continue=&page=2&limit=3', /page="2"/],
  ['continue=', /limit=""/],
  [`labelSelector=${'='.repeat(5000)}`, /…"/],
];

for (const [query, message] of malformed) {
  test(`${query.slice(0, 50)} is 400 and the error names it`, () =>
    assert.throws(() => read(query), { code: 400, message }));
}

test('any query is read or refused with 400', () => {
  const name = fc.oneof(
    fc.constantFrom(
      'limit',
      'page',
      'sortBy',
      'ascending',
      'labelSelector',
      'fieldSelector',
      'q',
      'continue',
      'a!',
      'a|',
      '!',
      '|',
    ),
    fc.string(),
  );

  const value = fc.oneof(
    fc.string(),
    fc.string({
      unit: fc.constantFrom('a', '=', '|', '\\', ',', '.', '-', '[', ']', "'", '0', '!'),
    }),
  );

  fc.assert(
    fc.property(fc.array(fc.tuple(name, value), { maxLength: 6 }), (pairs) => {
      try {
        const list = parseListQuery(new URLSearchParams(pairs));

        // Unknown parameters are filters: none is dropped.
        const known = new Set([
          'limit',
          'page',
          'sortBy',
          'ascending',
          'labelSelector',
          'fieldSelector',
          'q',
          'continue',
        ]);

        for (const [key] of pairs) {
          assert.ok(
            known.has(key) ||
              list.filters.has(key) ||
              list.more?.some((more) => key === `${more.key}${more.negated ? '!' : '|'}`),
          );
        }
      } catch (error) {
        assert.ok(error instanceof StatusError && error.code === 400, String(error));
      }
    }),
    { numRuns: 500 },
  );
});

test('one of several label selectors must match', () => {
  const word = fc.constantFrom('a', 'b', 'c');
  fc.assert(
    fc.property(
      fc.array(fc.tuple(word, word), { minLength: 1, maxLength: 4 }),
      fc.dictionary(word, word),
      (pairs, labels) => {
        const test = parseLabels(pairs.map(([key, value]) => `${key}=${value}`).join('||'));
        assert.equal(
          test?.matches(labels),
          pairs.some(([key, value]) => labels[key] === value),
        );
      },
    ),
  );
});

test('any value of a field survives escaping, bars too', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (first, second) => {
      const escaped = [first, second]
        .map((value) => `f=${value.replace(/[\\,=|]/g, '\\$&')}`)
        .join('||');
      const fields = parseFields(escaped);
      assert.deepEqual(
        fields?.map(([condition]) => condition?.value),
        [first, second],
      );
    }),
  );
});

test('a path reads own properties only, never those of prototypes', () => {
  const step = fc.oneof(fc.stringMatching(/^[A-Za-z0-9_-]{1,8}$/), fc.nat({ max: 20 }));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 5 }), fc.string(), (steps, value) => {
      const path = ['root', ...steps];
      const below = steps.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`));
      const text = `root${below.join('')}`;

      assert.deepEqual(parsePath(text), path);

      let object: unknown = value;

      for (const part of [...path].reverse()) {
        const holder: Record<string, unknown> | unknown[] =
          typeof part === 'number' ? [] : Object.create(null);
        (holder as Record<string | number, unknown>)[part] = object;
        object = holder;
      }

      assert.equal(valueAt(object, path), value);
    }),
  );

  assert.deepEqual(parsePath("metadata.labels['a.b/c']"), ['metadata', 'labels', 'a.b/c']);
  assert.equal(valueAt({}, ['constructor', 'name']), undefined);
  assert.equal(valueAt({ a: [1] }, ['a', 'length']), 1);
  assert.equal(valueAt({ a: true }, ['a']), 'true');
  assert.equal(valueAt({ a: {} }, ['a']), undefined);

  for (const text of ['', '.a', 'a.', 'a..b', 'a[', 'a[x]', "a['']", 'a b', 'a'.repeat(600)]) {
    assert.equal(parsePath(text), undefined);
  }
});

test('a query has at most 100 conditions of limited length', () => {
  const parse = (text: string) => parseListQuery(new URLSearchParams(text));
  const labels = (count: number, joint: string) =>
    Array.from({ length: count }, (_, i) => `k${i}=v`).join(joint);
  const filters = (count: number) => Array.from({ length: count }, () => 'name|=a').join('&');
  const names = (count: number) => Array.from({ length: count }, (_, i) => `n${i}`).join();

  assert.doesNotThrow(() => parse(`labelSelector=${encodeURIComponent(labels(100, '||'))}`));
  assert.doesNotThrow(() => parse(`limit=1&${filters(100)}`));
  assert.doesNotThrow(() => parse(`names=${names(9000)}`));

  for (const [text, message] of [
    [
      `labelSelector=${encodeURIComponent(labels(101, ','))}`,
      /^parameter labelSelector=.*at most 100 conditions/,
    ],
    [
      `labelSelector=${encodeURIComponent(labels(101, '||'))}`,
      /^parameter labelSelector=.*at most 100 conditions/,
    ],
    [
      `fieldSelector=${encodeURIComponent(labels(101, '||'))}`,
      /^parameter fieldSelector=.*at most 100 conditions/,
    ],
    [filters(101), /^parameter name\|=.*at most 100 filters/],
    [`label=${'x'.repeat(3000)}`, /^parameter label=.*at most 2048 characters/],
    [`q=${'x'.repeat(3000)}`, /^parameter q=.*at most 2048 characters/],
  ] as const) {
    assert.throws(() => parse(text), { code: 400, message });
  }
});
