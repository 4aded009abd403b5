import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Schema } from '@ks-apiserver/apimachinery/schema/schema';
import { validateSchema } from '@ks-apiserver/apimachinery/schema/validate';
import { validateStructural } from '@ks-apiserver/kubernetes/registry/extensions/crd/validate-schema';
import fc from 'fast-check';
import { structuralRoot } from './structural-schemas.ts';

const name = fc.constantFrom('a', 'b', 'metadata', 'spec');
const type = fc.constantFrom('object', 'array', 'string', 'integer');

const schema = fc.letrec((tie) => ({
  node: fc.record(
    {
      type,
      description: name,
      properties: fc.dictionary(name, tie('part'), { maxKeys: 2, noNullPrototype: true }),
      additionalProperties: fc.oneof(fc.boolean(), tie('part')),
      items: tie('part'),
      required: fc.array(name, { minLength: 1, maxLength: 2 }),
      anyOf: fc.oneof(
        fc.constant([{ type: 'integer' }, { type: 'string' }]),
        fc.array(tie('part'), { minLength: 1, maxLength: 2 }),
      ),
      oneOf: fc.array(tie('part'), { minLength: 1, maxLength: 2 }),
      allOf: fc.array(tie('part'), { minLength: 1, maxLength: 2 }),
      not: tie('part'),
      minLength: fc.integer({ min: 0, max: 3 }),
      nullable: fc.boolean(),
    },
    { requiredKeys: [], noNullPrototype: true },
  ),
  part: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    fc.record({ type }, { requiredKeys: [], noNullPrototype: true }),
    tie('node'),
  ),
})).node;

test('every schema is converted to one that apiextensions.k8s.io/v1 accepts', () => {
  fc.assert(
    fc.property(schema, (given) => {
      const root = structuralRoot(given);
      assert.deepEqual(validateStructural(root as Schema, 'root'), []);
      assert.deepEqual(structuralRoot(root), root);
    }),
    { numRuns: 500 },
  );
});

test('a structural schema accepts every value that the original accepts', () => {
  const value = fc.dictionary(
    fc.constantFrom('a', 'b', 'spec'),
    fc.oneof(fc.integer(), fc.string({ maxLength: 4 }), fc.dictionary(name, fc.integer())),
  );

  const field = fc.constantFrom('a', 'b', 'spec');

  /** Returns the schema of a kind as people write it: with types, except in branches. */
  const branch = fc.oneof(
    fc.record({ required: fc.array(name, { maxLength: 1 }) }),
    fc.record({ properties: fc.dictionary(field, fc.record({ type }), { maxKeys: 2 }) }),
    fc.record({
      maxProperties: fc.integer({ min: 0, max: 3 }),
      type: fc.constant('object'),
      description: name,
    }),
    schema,
  );

  const branches = fc.array(branch, { minLength: 1, maxLength: 2 });

  const typedSchema = fc
    .tuple(
      fc.dictionary(field, fc.record({ type: fc.constantFrom('integer', 'string') }), {
        maxKeys: 2,
      }),
      fc.oneof(
        fc.record({ oneOf: branches }),
        fc.record({ anyOf: branches }),
        fc.record({ allOf: branches }),
        fc.record({ not: branch }),
      ),
    )
    .map(([properties, junctor]) => ({ properties, ...junctor }));

  let passed = 0;
  fc.assert(
    fc.property(typedSchema, value, (given, object) => {
      if (validateSchema(object, given as Schema).length === 0) {
        passed += 1;
        assert.deepEqual(validateSchema(object, structuralRoot(given) as Schema), []);
      }
    }),
    { numRuns: 1500 },
  );

  assert.ok(passed > 100, String(passed));
});
