// CEL rules of custom resources: their refusals and messages, and the refusals of rules.
import { define, definition, definitionsPath, thing, version } from '../definitions.mjs';

const object = (properties, more = {}) => ({ type: 'object', properties, ...more });
const string = { type: 'string' };
const integer = { type: 'integer' };
const rules = (...list) => ({
  'x-kubernetes-validations': list.map((rule) => (typeof rule === 'string' ? { rule } : rule)),
});

export default [
  {
    name: 'messages, reasons and places',
    run: async (api) => {
      const { things } = await define(api, [
        version('v1', {
          spec: object(
            {
              min: integer,
              max: integer,
              name: {
                type: 'string',
                maxLength: 20,
                ...rules({ rule: "self.startsWith('a')", message: 'must start with a' }),
              },
              list: {
                type: 'array',
                maxItems: 10,
                items: { type: 'string', maxLength: 10, ...rules('self.size() < 3') },
              },
              map: {
                type: 'object',
                maxProperties: 10,
                additionalProperties: { type: 'integer', ...rules('self > 0') },
              },
              'with-dash': integer,
              in: integer,
            },
            rules(
              {
                rule: '!has(self.min) || !has(self.max) || self.min <= self.max',
                message: 'min must not be more than max',
              },
              {
                rule: '!has(self.min) || self.min != 13',
                messageExpression: "self.min == 13 ? 'unlucky' : 'lucky'",
                reason: 'FieldValueForbidden',
                fieldPath: '.min',
              },
              {
                rule: '!has(self.min) || self.min != 14',
                reason: 'FieldValueRequired',
                fieldPath: '.max',
              },
              { rule: '!has(self.min) || self.min != 15', reason: 'FieldValueDuplicate' },
              {
                rule: '!has(self.min) || self.min != 16',
                messageExpression: "10 / (self.min - 16) == 1 ? 'one' : 'other'",
                message: 'fallback',
              },
              {
                rule: '!has(self.min) || self.min != 17',
                message: 'dash',
                fieldPath: '.with-dash',
              },
              '!has(self.__in__) || self.__in__ > 0',
              '!has(self.with__dash__dash) || self.with__dash__dash > 0',
              '!has(self.max) || 10 / self.max >= 0',
            ),
          ),
        }),
      ]);

      const tries = [
        { min: 5, max: 4 },
        { min: 13 },
        { min: 14 },
        { min: 15 },
        { min: 16 },
        { min: 17 },
        { max: 0 },
        { name: 'b' },
        { list: ['a', 'abc', 'abcd'] },
        { map: { a: 0, b: 1 } },
        { in: 0 },
        { 'with-dash': 0 },
        { min: 13, name: 'b', list: ['abc'] },
        { min: 'x', name: 'b' },
        { min: 1, max: 2, name: 'abc', list: ['a'], map: { a: 1 } },
      ];

      for (const [index, value] of tries.entries()) {
        await api.post(things, thing(api, `t${index}`, { spec: value }));
      }
    },
  },
  {
    name: 'transition rules',
    run: async (api) => {
      const { things } = await define(api, [
        version('v1', {
          spec: object(
            {
              fixed: {
                type: 'string',
                ...rules({ rule: 'self == oldSelf', message: 'is immutable' }),
              },
              growing: { type: 'integer', ...rules('self >= oldSelf') },
              once: {
                type: 'string',
                ...rules({
                  rule: 'oldSelf.orValue("") == "" || self == oldSelf.value()',
                  optionalOldSelf: true,
                  message: 'may be set once',
                }),
              },
              created: {
                type: 'string',
                ...rules({ rule: 'oldSelf.hasValue() || self == "new"', optionalOldSelf: true }),
              },
              list: {
                type: 'array',
                maxItems: 5,
                'x-kubernetes-list-type': 'map',
                'x-kubernetes-list-map-keys': ['k'],
                items: object(
                  { k: string, v: integer },
                  { required: ['k'], ...rules('self.v >= oldSelf.v') },
                ),
              },
              atomic: { type: 'array', maxItems: 5, items: object({ v: integer }) },
              map: {
                type: 'object',
                maxProperties: 5,
                additionalProperties: { type: 'integer', ...rules('self >= oldSelf') },
              },
            },
            rules({
              rule: '!has(oldSelf.fixed) || has(self.fixed)',
              message: 'fixed may not be removed',
            }),
          ),
        }),
      ]);

      await api.post(things, thing(api, 'bad', { spec: { created: 'old' } }));

      await api.post(
        things,
        thing(api, 'a', {
          spec: {
            fixed: 'x',
            growing: 5,
            once: 'one',
            created: 'new',
            list: [
              { k: 'a', v: 1 },
              { k: 'b', v: 5 },
            ],
            map: { x: 5 },
            atomic: [{ v: 1 }],
          },
        }),
      );

      for (const change of [
        { fixed: 'y' },
        { growing: 4 },
        { growing: 6 },
        { fixed: null },
        { once: 'two' },
        { created: 'other' },
        {
          list: [
            { k: 'b', v: 4 },
            { k: 'c', v: 0 },
          ],
        },
        {
          list: [
            { k: 'b', v: 6 },
            { k: 'c', v: 0 },
          ],
        },
        { map: { x: 4 } },
        { map: { x: 6, y: 0 } },
        { atomic: [{ v: 0 }] },
      ]) {
        await api.patch(`${things}/a`, { spec: change });
      }
    },
  },
  {
    name: "Kubernetes' functions",
    run: async (api) => {
      const cases = {
        isSorted: ['self.l.isSorted()', { l: [2, 1] }],
        sum: ['self.l.sum() == 3', { l: [2, 2] }],
        minmax: ['self.l.min() > 0 && self.l.max() < 5', { l: [9] }],
        indexOf: ['self.l.indexOf(2) == 0', { l: [1, 2] }],
        charAt: ["self.s.charAt(0) == 'x'", { s: 'abc' }],
        lower: ["self.s.lowerAscii() == 'abc'", { s: 'ABD' }],
        upper: ["self.s.upperAscii() == 'ABC'", { s: 'abd' }],
        replace: ["self.s.replace('a', 'b') == 'bbb'", { s: 'aac' }],
        split: ["self.s.split(',').size() == 2", { s: 'a' }],
        substring: ["self.s.substring(1, 2) == 'b'", { s: 'acb' }],
        trim: ["self.s.trim() == 'a'", { s: ' b ' }],
        find: ["self.s.find('[0-9]+') == '12'", { s: 'ab1' }],
        findAll: ["self.s.findAll('[0-9]') == ['1', '2']", { s: '1' }],
        matches: ["self.s.matches('^a+$')", { s: 'b' }],
        url: [
          "isURL(self.s) && url(self.s).getHost() == 'example.com'",
          { s: 'https://example.org/x' },
        ],
        urlError: ["url(self.s).getHost() == 'example.com'", { s: 'not a url' }],
        quantity: ["quantity(self.s).isLessThan(quantity('1Gi'))", { s: '2Gi' }],
        quantityError: ["quantity(self.s).isLessThan(quantity('1Gi'))", { s: 'much' }],
        ip: ['isIP(self.s) && ip(self.s).family() == 4', { s: '::1' }],
        ipError: ['ip(self.s).family() == 4', { s: 'x' }],
        cidr: ["cidr('10.0.0.0/8').containsIP(self.s)", { s: '11.0.0.1' }],
        format: ['!format.dns1123Label().validate(self.s).hasValue()', { s: 'A_' }],
        semver: [
          "isSemver(self.s) && semver(self.s).isGreaterThan(semver('1.0.0'))",
          { s: '0.9.0' },
        ],
        sets: ['sets.contains([1, 2, 3], self.l)', { l: [4] }],
        optional: ["self.?s.orValue('none') == 'some'", {}],
        twoVariables: ['self.l.all(i, v, i == v)', { l: [0, 5] }],
        transform: ['self.l.transformList(i, v, v * 2).sum() == 6', { l: [1] }],
        exists: ['self.l.exists(x, x > 2)', { l: [1] }],
        existsOne: ['self.l.exists_one(x, x > 2)', { l: [3, 4] }],
        filter: ['self.l.filter(x, x > 2).size() == 1', { l: [1] }],
        map: ['self.l.map(x, x * 2).sum() == 4', { l: [1] }],
        timestamp: ["self.t < timestamp('2020-01-01T00:00:00Z')", { t: '2021-01-01T00:00:00Z' }],
        duration: ["self.d < duration('1h')", { d: '2h' }],
        intOrString: ["type(self.is) == int ? self.is > 5 : self.is == 'x'", { is: 'y' }],
        mapKeys: ["'a' in self.m && self.m.all(k, k.size() < 3)", { m: { abc: 'x' } }],
        noKey: ["self.m['zz'] == 'x'", { m: { a: 'b' } }],
        outOfBounds: ['self.l[3] == 1', { l: [1] }],
        overflow: ['self.l[0] + 9223372036854775807 > 0', { l: [1] }],
        sort: ['self.l.sort() == [1, 2]', { l: [2, 2] }],
        format2: ["'%s-%d'.format([self.s, self.l[0]]) == 'a-1'", { s: 'b', l: [1] }],
        equality: ["self.m == {'a': 'b'}", { m: { a: 'c' } }],
      };

      const properties = {
        l: { type: 'array', maxItems: 10, items: integer },
        s: { type: 'string', maxLength: 50 },
        m: {
          type: 'object',
          maxProperties: 5,
          additionalProperties: { type: 'string', maxLength: 10 },
        },
        t: { type: 'string', format: 'date-time' },
        d: { type: 'string', format: 'duration' },
        is: { 'x-kubernetes-int-or-string': true, maxLength: 10 },
      };

      const fields = Object.fromEntries(
        Object.entries(cases).map(([name, [rule]]) => [name, object(properties, rules(rule))]),
      );
      const { things } = await define(api, [version('v1', { spec: object(fields) })]);

      for (const [name, [, value]] of Object.entries(cases)) {
        await api.post(things, thing(api, name.toLowerCase(), { spec: { [name]: value } }));
      }
    },
  },
  {
    name: 'rules that are refused',
    run: async (api) => {
      const properties = {
        a: string,
        n: integer,
        o: object({ b: string }),
        l: { type: 'array', items: string },
        m: { type: 'object', additionalProperties: string },
      };

      const list = [
        'self.missing == 1',
        'self.a == 1',
        'self.a',
        '1 + 1',
        'other == 1',
        'self.a.nothing()',
        'nothing(self)',
        'self.o.c == "x"',
        'self.a + self.n == "x"',
        'self.n > "a"',
        'oldSelf.a == self.a && missing',
        'self.a ==',
        'self.',
        '',
        ' ',
        'self.l.all(x, x == 1)',
        'self.m.all(k, self.m[k] == 1)',
        "self.a.matches('(')",
        { rule: 'true', messageExpression: '1' },
        { rule: 'true', messageExpression: 'self.missing' },
        { rule: 'true', message: '' },
        { rule: 'true', message: 'two\nlines' },
        { rule: 'two\nlines' },
        { rule: 'true', reason: 'Because' },
        { rule: 'true', fieldPath: '.missing' },
        { rule: 'true', fieldPath: 'a' },
        { rule: 'true', fieldPath: '.o.b' },
        { rule: 'true', optionalOldSelf: true },
        'has(self.a) && has(self.missing)',
        'self == oldSelf',
        "self.a in ['x', 'y']",
        'size(self.l) > 1',
        "self.metadata.name == 'x'",
      ];

      for (const rule of list) {
        const spec = object({ spec: object(properties, rules(rule)) });
        await api.post(
          `${definitionsPath}?dryRun=All&rule=${encodeURIComponent(JSON.stringify(rule))}`,
          definition(api, [version('v1', {}, { schema: { openAPIV3Schema: spec } })]),
        );
      }
    },
  },
  {
    name: 'rules at the root, about metadata and status',
    run: async (api) => {
      const { things } = await define(api, [
        version(
          'v1',
          {},
          {
            subresources: { status: {} },
            schema: {
              openAPIV3Schema: object(
                { spec: object({ n: integer }), status: object({ n: integer }) },
                rules(
                  "self.metadata.name.startsWith('a')",
                  {
                    rule: '!has(self.status) || self.status.n <= self.spec.n',
                    message: 'status is more than spec',
                  },
                  "self.kind == 'Thing'",
                ),
              ),
            },
          },
        ),
      ]);

      await api.post(things, thing(api, 'b', { spec: { n: 1 } }));

      await api.post(things, {
        ...thing(api, 'x', { spec: { n: 1 } }),
        metadata: { generateName: 'a-' },
      });

      await api.post(things, thing(api, 'a', { spec: { n: 1 } }));
      await api.patch(`${things}/a/status`, { status: { n: 2 } });
      await api.patch(`${things}/a/status`, { status: { n: 1 } });
      await api.patch(`${things}/a`, { spec: { n: 0 } });
    },
  },
];
