import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Type } from 'typebox';
import { inShape } from './answer-shape.ts';

const Item = Type.Object({
  name: Type.Optional(Type.String()),
  count: Type.Optional(Type.Integer()),
  any: Type.Optional(Type.Unknown()),
  links: Type.Object({ self: Type.Object({ href: Type.Optional(Type.String()) }) }),
  tags: Type.Optional(Type.Array(Type.String())),
});

test('unknown fields and null go, and required objects are there', () => {
  const answer = { name: 'a', count: 0, tags: null, any: [null], other: 1 };

  assert.deepEqual(inShape(answer, Item), {
    name: 'a',
    count: 0,
    any: [null],
    links: { self: {} },
  });
  assert.deepEqual(inShape(null, Item), { links: { self: {} } });
  assert.equal(inShape(null, Type.Array(Item)), null);
  assert.deepEqual(inShape([null], Type.Array(Item)), [{ links: { self: {} } }]);
});

test('values of another type are an error that says where', () => {
  for (const [answer, at] of [
    [[], '$'],
    [{ name: 5 }, '$.name'],
    [{ tags: ['a', 1] }, '$.tags[]'],
    [{ links: 'x' }, '$.links'],
  ] as const) {
    assert.throws(
      () => inShape(answer, Item),
      (error: Error) => error.message.includes(at),
    );
  }
});

test('fields of a prototype are not those of an answer', () => {
  const Named = Type.Object({ constructor: Type.Optional(Type.Unknown()) });
  assert.deepEqual(inShape({}, Named), {});
});

test('any answer has the shape or is refused', () => {
  const known = new Set(Object.keys(Item.properties));

  fc.assert(
    fc.property(fc.jsonValue(), (answer) => {
      let shaped: unknown;

      try {
        shaped = inShape(answer, Item);
      } catch (error) {
        return (error as { code?: number }).code === 500;
      }

      return Object.keys(shaped as object).every((name) => known.has(name));
    }),
  );
});
