import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { KubeObject } from '../../meta/types.ts';
import type { Schema } from '../../schema/schema.ts';
import { compareTyped } from './compare-typed.ts';
import { stripMeta } from './managed-fields.ts';
import { fieldsOfNew } from './new-fields.ts';

const words: Schema = { type: 'object', additionalProperties: { type: 'string' } };

const item: Schema = {
  type: 'object',
  properties: {
    id: { type: 'string' },
    name: { type: 'string' },
    inner: { ...words, 'x-struct': true },
  },
};

const keyed: Schema = {
  type: 'array',
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['id'],
  items: item,
};

const spec: Schema = {
  type: 'object',
  'x-struct': true,
  properties: {
    replicas: { type: 'integer' },
    words,
    atomic: { ...words, 'x-kubernetes-map-type': 'atomic' },
    struct: { type: 'object', 'x-struct': true, properties: { words, keyed } },
    pointer: {
      type: 'object',
      properties: { words, struct: { ...item, 'x-struct': true }, keyed },
    },
    whole: { ...words, 'x-kubernetes-map-type': 'atomic', 'x-struct': true },
    list: { type: 'array', items: item },
    set: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
    keyed,
    structs: { ...keyed, 'x-struct': true },
    plain: { type: 'array', items: { type: 'string' }, 'x-struct': true },
  },
};

const schema: Schema = {
  type: 'object',
  properties: {
    apiVersion: { type: 'string' },
    kind: { type: 'string' },
    metadata: {
      type: 'object',
      'x-struct': true,
      properties: { name: { type: 'string' }, labels: words },
    },
    spec,
    status: spec,
  },
};

const text = fc.constantFrom('', 'a', 'b', '__proto__', 'z.y/x');
const some = (shape: Record<string, fc.Arbitrary<unknown>>) =>
  fc.record(shape, { requiredKeys: [], noNullPrototype: true });

const odd = fc.constantFrom<unknown>(
  null,
  '',
  'a',
  0,
  {},
  [],
  { a: 'b' },
  [{ id: 'a' }],
  ['a', 'a'],
);

const orOdd = (value: fc.Arbitrary<unknown>) =>
  fc.oneof({ weight: 6, arbitrary: value }, { weight: 1, arbitrary: odd });
const wordsOf = orOdd(fc.dictionary(text, text, { maxKeys: 3 }));
const itemOf = orOdd(some({ id: text, name: text, inner: wordsOf }));
const keyedOf = orOdd(fc.array(itemOf, { maxLength: 4 }));

const specOf = orOdd(
  some({
    replicas: fc.integer(),
    words: wordsOf,
    atomic: wordsOf,
    struct: orOdd(some({ words: wordsOf, keyed: keyedOf })),
    pointer: orOdd(some({ words: wordsOf, struct: itemOf, keyed: keyedOf })),
    whole: wordsOf,
    list: keyedOf,
    set: orOdd(fc.array(text, { maxLength: 4 })),
    keyed: keyedOf,
    structs: keyedOf,
    plain: orOdd(fc.array(text, { maxLength: 3 })),
    unknown: odd,
  }),
);

const objects = fc.tuple(
  fc.constant({ apiVersion: 'v1', kind: 'X' }),
  some({ spec: specOf, status: specOf, other: odd }),
  some({
    name: text,
    labels: wordsOf,
    uid: text,
    generation: fc.integer(),
    annotations: wordsOf,
    other: odd,
  }),
);

/** Answers what a function does, be it to throw. */
function outcome(run: () => unknown): unknown {
  try {
    return JSON.stringify(run());
  } catch (error) {
    return (error as Error).message;
  }
}

test('fields of a new object equal those of a comparison with nothing', () => {
  const skipped = {
    fields: new Set(['apiVersion', 'kind', 'status']),
    metadata: new Set(['name', 'uid', 'generation']),
  };

  fc.assert(
    fc.property(objects, ([type, fields, metadata]) => {
      const object = { ...type, ...fields, metadata } as KubeObject;

      const compared = () => {
        const { added, modified } = compareTyped({ metadata: {} }, object, schema);
        const set = stripMeta(added.union(modified).withoutFields(['status']));
        return set.empty ? undefined : set.toJson();
      };

      assert.equal(
        outcome(() => fieldsOfNew(object, schema, skipped)),
        outcome(compared),
      );
    }),
    { numRuns: 3000 },
  );
});
