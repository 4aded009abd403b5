import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BinaryReader, type WireType } from '@bufbuild/protobuf/wire';
import { encodeDocument } from './protobuf.ts';

/** Returns the fields of a message by number: bytes, or numbers. */
function fieldsOf(bytes: Uint8Array): Map<number, (Uint8Array | number)[]> {
  const reader = new BinaryReader(bytes);
  const fields = new Map<number, (Uint8Array | number)[]>();

  while (reader.pos < reader.len) {
    const [number, type] = reader.tag() as [number, WireType];
    const numberOf = () => (type === 1 ? reader.double() : Number(reader.int64()));
    const value = type === 2 ? reader.bytes() : numberOf();
    fields.set(number, [...(fields.get(number) ?? []), value]);
  }

  return fields;
}

const text = (value: unknown) => Buffer.from(value as Uint8Array).toString();

/** Follows field numbers, each time to the first value. */
function messageAt(bytes: Uint8Array, ...path: number[]): Uint8Array {
  return path.reduce((inner, number) => fieldsOf(inner).get(number)![0] as Uint8Array, bytes);
}

const schema = {
  type: 'object',
  description: 'A thing.',
  required: ['a', 'b'],
  properties: {
    a: { type: 'array', items: { $ref: '#/definitions/Thing' }, default: [], minItems: 0 },
    b: { type: 'object', additionalProperties: { type: 'number', minimum: 0.5, enum: ['x', 1] } },
    c: { additionalProperties: true, nullable: true },
  },
  'x-kubernetes-group-version-kind': [{ group: 'g', kind: 'Thing', version: 'v1' }],
};

const parameters = [
  { name: 'name', in: 'path', required: true, type: 'string' },
  { name: 'force', in: 'query', type: 'boolean', description: 'Take over.' },
  { name: 'body', in: 'body', required: true, schema: { $ref: '#/definitions/Thing' } },
];

const document = (count: number) => ({
  swagger: '2.0',
  info: { title: 'Kubernetes', version: 'v1' },
  paths: {
    '/things/{name}': {
      patch: {
        tags: ['t'],
        consumes: ['application/json'],
        parameters,
        responses: { 200: { description: 'OK' } },
        'x-kubernetes-action': 'patch',
      },
    },
  },
  definitions: Object.fromEntries(
    Array.from({ length: count }, (_, index) => [`Thing${index}`, schema]),
  ),
});

test('an OpenAPI 2 document is encoded as the messages that gnostic reads', async () => {
  const bytes = await encodeDocument(document(45));
  const root = fieldsOf(bytes);

  assert.equal(text(root.get(1)![0]), '2.0');
  assert.equal(text(messageAt(bytes, 2, 1)), 'Kubernetes');

  const definitions = fieldsOf(messageAt(bytes, 9)).get(1)!;
  assert.deepEqual(
    definitions.map((entry) => text(messageAt(entry as Uint8Array, 1))),
    Array.from({ length: 45 }, (_, index) => `Thing${index}`),
  );

  const thing = messageAt(definitions[44] as Uint8Array, 2);
  assert.equal(text(messageAt(thing, 22, 1)), 'object');
  assert.deepEqual(fieldsOf(thing).get(19)!.map(text), ['a', 'b']);
  assert.equal(text(messageAt(thing, 31, 1)), 'x-kubernetes-group-version-kind');

  assert.deepEqual(
    JSON.parse(text(messageAt(thing, 31, 2, 2))),
    schema['x-kubernetes-group-version-kind'],
  );

  const [a, b, c] = fieldsOf(messageAt(thing, 25))
    .get(1)!
    .map((entry) => messageAt(entry as Uint8Array, 2)) as Uint8Array[];
  assert.equal(text(messageAt(a!, 23, 1, 1)), '#/definitions/Thing');
  assert.equal(text(messageAt(a!, 5, 2)), '[]\n');
  assert.deepEqual(fieldsOf(a!).get(15), [0]);

  const inner = messageAt(b!, 21, 1);
  assert.deepEqual(fieldsOf(inner).get(9), [0.5]);

  assert.deepEqual(
    fieldsOf(inner)
      .get(20)!
      .map((value) => JSON.parse(text(messageAt(value as Uint8Array, 2)))),
    ['x', 1],
  );

  assert.deepEqual(fieldsOf(messageAt(c!, 21)).get(2), [1]);
});

test('an operation has its parameters, answers and summary', async () => {
  const bytes = await encodeDocument(document(1));
  const path = fieldsOf(messageAt(bytes, 8)).get(2)![0] as Uint8Array;

  assert.equal(text(messageAt(path, 1)), '/things/{name}');

  const operation = messageAt(path, 2, 8);
  const given = fieldsOf(operation)
    .get(8)!
    .map((item) => messageAt(item as Uint8Array, 1));

  assert.equal(text(messageAt(given[0]!, 2, 4, 4)), 'name');
  assert.equal(text(messageAt(given[1]!, 2, 3, 6)), 'boolean');
  assert.equal(text(messageAt(given[2]!, 1, 5, 1)), '#/definitions/Thing');
  assert.equal(text(messageAt(operation, 9, 1, 2, 1, 1)), 'OK');
  assert.equal(text(messageAt(operation, 13, 2, 2)), '"patch"\n');
});
