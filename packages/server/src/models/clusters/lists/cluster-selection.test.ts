import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import fc from 'fast-check';
import { takeClusters } from './cluster-selection.ts';

const take = (query: string) => takeClusters(new URLSearchParams(query));

test('clusters are all, names, or a selector of labels', () => {
  assert.equal(take('limit=10'), undefined);
  assert.deepEqual(take('clusters=*')?.names, undefined);
  assert.deepEqual(take('clusters=west,east,west')?.names, ['east', 'west']);

  const selected = take('clusters=region in (eu),!old');
  assert.equal(selected?.names, undefined);
  assert.equal(selected?.matches?.({ region: 'eu' }), true);
  assert.equal(selected?.matches?.({ region: 'eu', old: '' }), false);
});

test('filters by cluster leave the query', () => {
  const query = new URLSearchParams(
    'clusters=*&cluster!=a&cluster!=b&cluster|=c&cluster|=a&name=x',
  );
  const { accepts } = takeClusters(query) ?? {};

  assert.deepEqual(
    ['a', 'b', 'c', 'd'].filter((name) => accepts?.(name)),
    ['c'],
  );
  assert.equal(query.toString(), 'name=x');
});

test('any text is read or refused with what is wrong', () => {
  const text = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 40 }),
    fc.stringMatching(/^[a-z0-9.,*=!() -]{0,40}$/),
  );

  fc.assert(
    fc.property(text, text, (clusters, cluster) => {
      const query = new URLSearchParams({ clusters, cluster, 'cluster!': cluster });

      try {
        const { names, accepts } = takeClusters(query) ?? assert.fail();
        assert.deepEqual([...(names ?? [])].sort(), names ?? []);
        assert.equal(accepts(cluster), false);
        assert.equal(query.toString(), '');
      } catch (error) {
        assert.ok(error instanceof StatusError, String(error));
        assert.equal(error.code, 400);
        assert.match(error.message, /parameter clusters/);
      }
    }),
    { numRuns: 1000 },
  );
});
