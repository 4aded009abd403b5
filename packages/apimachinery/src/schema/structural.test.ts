import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkTypes } from './decode.ts';
import { applyDefaults } from './defaults.ts';
import { hasFormat } from './formats.ts';
import { pruneUnknown } from './prune.ts';
import type { Schema } from './schema.ts';
import { validateSchema } from './validate.ts';

const spec: Schema = {
  type: 'object',
  required: ['s'],
  properties: {
    s: { type: 'string', minLength: 2, maxLength: 4, pattern: '^[a-z]+$' },
    e: { type: 'string', enum: ['a', 'b'] },
    i: { type: 'integer', minimum: 1, maximum: 10, multipleOf: 2 },
    n: { type: 'number', minimum: 0, exclusiveMinimum: true },
    arr: { type: 'array', minItems: 1, maxItems: 2, items: { type: 'string' } },
    set: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
    lm: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['k'],
      items: {
        type: 'object',
        properties: { k: { type: 'string' }, v: { type: 'string', default: 'dv' } },
      },
    },
    ios: { 'x-kubernetes-int-or-string': true },
    o: {
      type: 'object',
      minProperties: 1,
      maxProperties: 2,
      additionalProperties: { type: 'integer' },
    },
    ip: { type: 'string', format: 'ipv4' },
    open: {
      type: 'object',
      'x-kubernetes-preserve-unknown-fields': true,
      properties: { in: { type: 'object' } },
    },
    emb: { type: 'object', 'x-kubernetes-embedded-resource': true },
    one: { type: 'object', oneOf: [{ required: ['a'] }, { required: ['b'] }] },
    nul: { type: 'string', nullable: true },
    dd: { type: 'object', default: {}, properties: { x: { type: 'integer', default: 5 } } },
  },
};

const schema: Schema = { type: 'object', properties: { spec } };

const refused: [part: object, messages: string[]][] = [
  [{}, ['spec.s: Required value']],
  [
    { s: 5 },
    ['spec.s: Invalid value: "integer": spec.s in body must be of type string: "integer"'],
  ],
  [{ s: 'a' }, ['spec.s: Invalid value: "a": spec.s in body should be at least 2 chars long']],
  [{ s: 'aaaaaa' }, ['spec.s: Too long: may not be more than 4 bytes']],
  [{ s: 'AA' }, [`spec.s: Invalid value: "AA": spec.s in body should match '^[a-z]+$'`]],
  [{ s: 'aa', e: 'x' }, ['spec.e: Unsupported value: "x": supported values: "a", "b"']],
  [{ s: 'aa', i: 3 }, ['spec.i: Invalid value: 3: spec.i in body should be a multiple of 2']],
  [
    { s: 'aa', i: 12 },
    ['spec.i: Invalid value: 12: spec.i in body should be less than or equal to 10'],
  ],
  [{ s: 'aa', n: 0 }, ['spec.n: Invalid value: 0: spec.n in body should be greater than 0']],
  [
    { s: 'aa', arr: [] },
    ['spec.arr: Invalid value: 0: spec.arr in body should have at least 1 items'],
  ],
  [{ s: 'aa', arr: ['a', 'b', 'c'] }, ['spec.arr: Too many: 3: must have at most 2 items']],
  [
    { s: 'aa', arr: [null] },
    ['spec.arr[0]: Invalid value: "null": spec.arr[0] in body must be of type string: "null"'],
  ],
  [{ s: 'aa', set: ['a', 'a'] }, ['spec.set[1]: Duplicate value: "a"']],
  [{ s: 'aa', lm: [{ k: 'a' }, { k: 'a', v: 'x' }] }, ['spec.lm[1]: Duplicate value: {"k":"a"}']],
  [
    { s: 'aa', ios: true },
    [
      'spec.ios: Invalid value: "boolean": spec.ios in body must be of type integer,string: "boolean"',
    ],
  ],
  [
    { s: 'aa', o: {} },
    ['spec.o: Invalid value: 0: spec.o in body should have at least 1 properties'],
  ],
  [
    { s: 'aa', o: { a: 'x' } },
    ['spec.o.a: Invalid value: "string": spec.o.a in body must be of type integer: "string"'],
  ],
  [
    { s: 'aa', ip: 'x' },
    ['spec.ip: Invalid value: "x": spec.ip in body must be of type ipv4: "x"'],
  ],
  [{ s: 'aa', emb: {} }, ['spec.emb.apiVersion: Required value', 'spec.emb.kind: Required value']],
  [
    { s: 'aa', one: {} },
    [
      '<nil>: Invalid value: "": "spec.one" must validate one and only one schema (oneOf). Found none valid',
      'spec.one.a: Required value',
    ],
  ],
];

for (const [part, messages] of refused) {
  test(`${JSON.stringify(part)} is refused in Kubernetes' wording`, () => {
    const causes = validateSchema({ spec: part }, schema);
    assert.deepEqual(
      causes.map((cause) => `${cause.field}: ${cause.message}`),
      messages,
    );
  });
}

test('a pattern that backtracks takes no time', () => {
  const evil: Schema = { type: 'string', pattern: '^(a+)+$' };
  assert.equal(validateSchema(`${'a'.repeat(50_000)}!`, evil).length, 1);
});

test('unknown fields are removed and their paths reported; open parts, type and metadata stay', () => {
  const value = JSON.parse(
    '{"apiVersion":"v1","metadata":{"name":"x"},"foo":1,"spec":{"s":"a","constructor":1,"__proto__":{"x":1},"lm":[{"k":"a","z":1}],"open":{"any":{"x":1},"in":{"no":1}},"emb":{"kind":"X","spec":1}}}',
  );
  const dropped: string[] = [];

  pruneUnknown(value, schema, (path) => dropped.push(path));

  assert.deepEqual(dropped, [
    'foo',
    'spec.constructor',
    'spec.__proto__',
    'spec.lm[0].z',
    'spec.open.in.no',
    'spec.emb.spec',
  ]);

  assert.deepEqual(value.spec, {
    s: 'a',
    lm: [{ k: 'a' }],
    open: { any: { x: 1 }, in: {} },
    emb: { kind: 'X' },
  });
});

test('defaults are set where a field is missing or null', () => {
  const value = { spec: { s: null, nul: null, lm: [{ k: 'a', v: null }], dd: { x: null } } };
  applyDefaults(value, schema);
  assert.deepEqual(value, { spec: { nul: null, lm: [{ k: 'a', v: 'dv' }], dd: { x: 5 } } });

  const empty = { spec: {} };
  applyDefaults(empty, schema);
  assert.deepEqual(empty, { spec: { dd: { x: 5 } } });
});

test('formats', () => {
  const good: [string, string][] = [
    ['date-time', '2020-02-29T10:00:00.123Z'],
    ['ipv6', '::1'],
    ['cidr', '10.0.0.0/8'],
    ['uuid', '123e4567-e89b-12d3-a456-426614174000'],
    ['duration', '1h30m'],
    ['byte', 'aGk='],
    ['hostname', 'a.example.com'],
    ['uri', 'https://example.com/x'],
    ['email', 'a@example.com'],
    ['unheard-of', '?'],
  ];

  for (const [format, text] of good) {
    assert.ok(hasFormat(text, format), format);
  }

  const bad: [string, string][] = [
    ['date-time', '2021-02-29T10:00:00Z'],
    ['ipv6', '1.2.3.4'],
    ['cidr', '10.0.0.0/33'],
    ['uuid', 'x'],
    ['duration', '1x'],
    ['byte', '%'],
    ['hostname', '-a'],
    ['uri', 'x'],
    ['email', 'x'],
  ];

  for (const [format, text] of bad) {
    assert.ok(!hasFormat(text, format), format);
  }
});

const typed: Schema = {
  type: 'object',
  'x-definition': 'io.k8s.api.apps.v1.Deployment',
  properties: {
    spec: {
      type: 'object',
      'x-definition': 'io.k8s.api.apps.v1.DeploymentSpec',
      properties: {
        replicas: { type: 'integer', format: 'int32' },
        cpu: { type: 'string', format: 'quantity' },
        at: { type: 'string', format: 'date-time' },
        containers: {
          type: 'array',
          items: {
            type: 'object',
            'x-definition': 'io.k8s.api.core.v1.Container',
            properties: { name: { type: 'string' } },
          },
        },
      },
    },
  },
};

const head = { kind: 'Deployment', apiVersion: 'apps/v1' };

test('values of wrong types are refused as the typed decoder does', () => {
  const cases: [object, string][] = [
    [
      { replicas: 'x' },
      'json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32',
    ],
    [
      { replicas: 1.5 },
      'json: cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32',
    ],
    [
      { containers: {} },
      'json: cannot unmarshal object into Go struct field DeploymentSpec.spec.containers of type []v1.Container',
    ],
    [
      { containers: [{ name: 5 }] },
      'json: cannot unmarshal number into Go struct field Container.spec.containers.name of type string',
    ],
    [{ at: 'x' }, 'parsing time "x" as "2006-01-02T15:04:05Z07:00": cannot parse "x" as "2006"'],
  ];

  for (const [spec, message] of cases) {
    assert.throws(() => checkTypes({ ...head, spec }, typed), {
      code: 400,
      message: `Deployment in version "v1" cannot be handled as a Deployment: ${message}`,
    });
  }
});

test('decoding drops nulls and makes quantities and times canonical', () => {
  const value = { ...head, spec: { replicas: null, cpu: 0.5, at: '2020-01-01T02:00:00.5+02:00' } };
  checkTypes(value, typed);
  assert.deepEqual(value, { ...head, spec: { cpu: '500m', at: '2020-01-01T00:00:00Z' } });
});

test('deep nesting is refused', () => {
  let deep: object = {};

  for (let i = 0; i < 100_000; i++) {
    deep = { deep };
  }

  assert.throws(() => checkTypes(deep, typed), { code: 400 });
});
