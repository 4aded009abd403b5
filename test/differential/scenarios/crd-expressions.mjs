// CEL as the definitions of well-known projects use it (Gateway API, cert-manager, Cluster API,
// Crossplane, Karpenter, KEDA, Kueue, Prometheus operator, Cilium, Kyverno), in rules written for
// these tests.
import { define, definition, definitionsPath, thing, version } from '../definitions.mjs';

const text = { type: 'string', maxLength: 32 };

const match = {
  type: 'object',
  properties: { type: text, value: text, path: { type: 'object', properties: { value: text } } },
};

const route = {
  type: 'object',
  properties: {
    name: text,
    namespace: text,
    group: text,
    port: { type: 'integer' },
    matches: { type: 'array', maxItems: 4, items: match },
  },
};

const texts = { type: 'array', maxItems: 8, items: text };

const properties = {
  name: text,
  other: text,
  namespace: text,
  package: text,
  'with-dash': text,
  'with.dot': text,
  with__underscores: text,
  count: { type: 'integer' },
  share: { type: 'number' },
  on: { type: 'boolean' },
  from: { type: 'string', format: 'date-time' },
  until: { type: 'string', format: 'date-time' },
  every: { type: 'string', format: 'duration' },
  bytes: { type: 'string', format: 'byte', maxLength: 32 },
  texts,
  set: { ...texts, 'x-kubernetes-list-type': 'set' },
  routes: { type: 'array', maxItems: 4, items: route },
  labels: { type: 'object', maxProperties: 4, additionalProperties: text },
  groups: { type: 'object', maxProperties: 4, additionalProperties: route },
  inner: {
    type: 'object',
    properties: { a: text, b: { type: 'object', properties: { c: text } } },
  },
  size: { 'x-kubernetes-int-or-string': true },
  nothing: { type: 'string', nullable: true, maxLength: 4 },
  nobody: { type: 'object', nullable: true, properties: { a: text } },
  open: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
  unrelated: { type: 'array', items: { type: 'integer' } },
};

/** Rules that hold for `full`. */
const rules = `
has(self.routes[0].matches) && has(self.routes[0].matches[0].path.value)
self.routes.all(r, !has(r.matches) || r.matches.all(m, has(m.path) ? m.path.value.startsWith('/') : true))
has(self.groups['a'].port) && has({'a': 1}.a) && !has({'a': 1}.b)
!has(self.inner.b) || has(self.inner.b.c)
self.__namespace__ == 'ns' && self.namespace == 'ns' && has(self.namespace) && self.package == 'p'
self.routes.exists(r, r.namespace == 'other')
self.with__dash__dash == '1' && self.with__dot__dot == '2' && self.with__underscores__underscores == '3'
format.dns1123Label().validate(self.name) != null && self.from != null && self.every != null && quantity('1') != null
string(self.every) == '5400s' && string(duration('1500ms')) == '1.5s'
string(self.from).startsWith('2024-01-02T03:04:05') && int(self.from) == 1704164645
self.until - self.from == duration('123ms') && self.from < self.until
self.bytes == b'ab' && self.bytes < b'b' && self.bytes >= b'ab' && self.bytes.size() == 2
self.texts.first().value() == 'a' && self.texts.last().orValue('') == 'c' && ![].first().hasValue()
[?optional.of(1), ?optional.none(), 2] == [1, 2]
{?'a': self.?name, ?'b': self.?nothing, 'c': 'd'}.size() == 2
self.?inner.?b.?c.orValue('') == 'c' && self.?inner.a == optional.of('a')
self.labels[?'no'].orValue('none') == 'none' && self.?texts[?0].orValue('') == 'a'
self.?name.optFlatMap(n, optional.of(n)).value() == 'Hello'
!optional.ofNonZeroValue('').hasValue() && optional.none().orValue(1) == 1
(self.on ? optional.of(1) : optional.none()).hasValue()
self.name.lowerAscii() == 'hello' && 'TacoCÆt'.lowerAscii() == 'tacocÆt' && 'äö'.upperAscii() == 'äö'
!has(self.nothing) && !has(self.nobody) && !self.?nothing.hasValue()
self.set == ['y', 'x'] && !(self.texts == ['c', 'b', 'a'])
matches(self.name, 'ell') && self.name.find('l+') == 'll'
type(self.size) == int ? self.size <= 100 : self.size.matches('^[0-9]+%$')
self.texts.all(t, self.texts.exists_one(u, u == t)) && self.texts.map(t, t + '1').size() == 3
self.labels.all(k, k.startsWith('k')) && 'k' in self.labels && self.labels == {'k': 'v', 'k-2': 'w'}
quantity('1Gi').isGreaterThan(quantity('1M')) && sign(quantity('-1')) == -1
cidr('10.0.0.0/8').containsIP('10.1.1.1') && isURL('https://a.b') && format.dns1123Label().validate('a') != null && self.from != null
`
  .trim()
  .split('\n');

const full = {
  name: 'Hello',
  other: 'world',
  namespace: 'ns',
  package: 'p',
  'with-dash': '1',
  'with.dot': '2',
  with__underscores: '3',
  count: 5,
  share: 1.5,
  on: true,
  from: '2024-01-02T03:04:05Z',
  until: '2024-01-02T03:04:05.123Z',
  every: '1h30m',
  bytes: 'YWI=',
  texts: ['a', 'b', 'c'],
  set: ['x', 'y'],
  routes: [
    { name: 'A', namespace: 'other', port: 80, matches: [{ path: { value: '/' } }, { type: 'x' }] },
    { name: 'B', port: 0 },
  ],
  labels: { k: 'v', 'k-2': 'w' },
  groups: { a: { port: 1 } },
  inner: { a: 'a', b: { c: 'c' } },
  size: '50%',
  nothing: null,
  nobody: null,
  open: { z: 1 },
};

/** Rules that are invalid. */
const refused = [
  'has(self.nope)',
  'has(self.routes[0].nope)',
  "has(self.labels['k'])",
  'self.?nope.hasValue()',
  'self.open.z == 1',
  'self.nothing == null',
  "self.texts.first() == 'a'",
  "timestamp('x') == self.from",
  "duration('x') == self.every",
  'self.name && true',
  'self.bytes > 1',
];

/** Rules whose messages are compared. */
const messages = [
  "'%s and %s'.format([self.texts, self.labels])",
  "'%s'.format([[1, 2.5, 'a', true]])",
  "'%e'.format([1234.5])",
  "'%s, %s, %s'.format([self.every, self.bytes, duration('-1.5s')])",
];

const schemaWithRules = (list) => ({
  type: 'object',
  properties,
  'x-kubernetes-validations': list,
});

export default [
  {
    name: 'rules that hold, fail, and cannot be evaluated',
    run: async (api) => {
      const { things } = await define(api, [
        version('v1', { spec: schemaWithRules(rules.map((rule) => ({ rule }))) }),
      ]);
      await api.post(things, thing(api, 'full', { spec: full }));

      await api.post(
        things,
        thing(api, 'long', { spec: { ...full, unrelated: new Array(20_000).fill(1) } }),
      );

      await api.post(things, thing(api, 'empty', { spec: {} }));

      const changed = {
        ...full,
        name: 'x',
        namespace: 'y',
        texts: ['q'],
        set: ['x'],
        size: 'big',
        nothing: 'here',
        on: false,
      };

      await api.post(things, thing(api, 'changed', { spec: changed }));
    },
  },
  {
    name: 'invalid expressions',
    run: async (api) => {
      for (const rule of refused) {
        await api.post(
          `${definitionsPath}?dryRun=All`,
          definition(api, [version('v1', { spec: schemaWithRules([{ rule }]) })]),
        );
      }
    },
  },
  {
    name: 'texts of messages',
    run: async (api) => {
      const list = messages.map((messageExpression) => ({
        rule: 'false',
        messageExpression,
        message: 'no text',
      }));

      const { things } = await define(api, [version('v1', { spec: schemaWithRules(list) })]);
      await api.post(things, thing(api, 'full', { spec: full }));
    },
  },
  {
    name: 'rules beside other causes',
    run: async (api) => {
      const spec = {
        type: 'object',
        properties: {
          a: { type: 'string', pattern: '^a' },
          b: { type: 'integer', minimum: 1 },
          c: { type: 'string', enum: ['x'] },
        },
        'x-kubernetes-validations': [{ rule: "self.a != 'b'" }],
      };

      const { things } = await define(api, [version('v1', { spec })]);

      for (const given of [{ a: 'b' }, { b: 0 }, { a: 'a', c: 'y' }]) {
        await api.post(things, thing(api, 'x', { spec: given }));
      }
    },
  },
];
