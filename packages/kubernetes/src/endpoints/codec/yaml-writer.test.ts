import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parse } from 'yaml';
import { parseYaml } from './yaml-text.ts';
import { yamlItemPieces, yamlPieces } from './yaml-writer.ts';

const writeYaml = (value: unknown) => [...yamlPieces(value)].join('');

test('YAML is written as Kubernetes writes it', () => {
  const value = {
    kind: 'ConfigMap',
    apiVersion: 'v1',
    data: {
      b: 'two\nlines\n',
      a: 'yes',
      c: '10Gi',
      u: '12345678-9abc-4def-8123-456789abcdef',
      t: '2020-01-01T00:00:00Z',
      v: '12',
      d: 'nginx:1.2 -g x',
      e: '',
      'f g': 'x',
      h: ' x',
      i: 'a: b',
    },
    list: [{ name: 'a', args: ['x', 'y'] }, {}, [], ['deep', [1]], null, 1.5, true],
    none: {},
  };

  assert.equal(
    writeYaml(value),
    `apiVersion: v1
data:
  a: "yes"
  b: |
    two
    lines
  c: 10Gi
  d: nginx:1.2 -g x
  e: ""
  f g: x
  h: " x"
  i: "a: b"
  t: "2020-01-01T00:00:00Z"
  u: 12345678-9abc-4def-8123-456789abcdef
  v: "12"
kind: ConfigMap
list:
- args:
  - x
  - "y"
  name: a
- {}
- []
- - deep
  - - 1
- null
- 1.5
- true
none: {}
`,
  );

  const item = [...yamlItemPieces({ b: 1, a: { c: 2 } })].join('');
  assert.equal(item, '- a:\n    c: 2\n  b: 1\n');
});

const texts = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    'no',
    '0o7',
    '0x1F',
    '1e3',
    '-',
    '?',
    '~',
    '.5',
    '1_000',
    '2020-01-01',
    '1:30',
    '<<',
    '=',
    '!a',
    '&a',
  ),
  fc
    .array(
      fc.constantFrom(
        'a',
        ' ',
        '\n',
        '\t',
        '#',
        ': ',
        '- ',
        '"',
        "'",
        '\r',
        '|',
        '---',
        'é',
        '\u0085',
      ),
    )
    .map((a) => a.join('')),
);

test('written YAML is read back unchanged by two parsers', () => {
  const leaf = fc.oneof(
    texts,
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
    fc.constant(null),
  );

  const value = fc.letrec((tie) => ({
    any: fc.oneof({ depthSize: 'small' }, leaf, tie('map'), fc.array(tie('any'), { maxLength: 4 })),
    map: fc.dictionary(texts, tie('any'), { maxKeys: 4 }),
  })).map;

  fc.assert(
    fc.property(value, (given) => {
      // Values that JSON does not have, such as -0 and lone surrogates, are not tested.
      const plain: unknown = JSON.parse(JSON.stringify(given).replace(/\\ud[89a-f]../gi, '?'));
      const text = writeYaml(plain);

      assert.deepEqual(parse(text, { version: '1.1', maxAliasCount: 0 }) ?? {}, plain);
      assert.deepEqual(parseYaml(text).value ?? {}, plain);
    }),
    { numRuns: 500 },
  );
});
