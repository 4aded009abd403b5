// Custom resources: the changes that their schemas make to objects, and their refusals.
import { define, definition, definitionsPath, thing, version } from '../definitions.mjs';

const object = (properties, more = {}) => ({ type: 'object', properties, ...more });
const string = { type: 'string' };
const integer = { type: 'integer' };
const spec = (properties, more) => ({ spec: object(properties, more) });

export default [
  {
    name: 'pruning, defaults and nulls',
    run: async (api) => {
      const { things } = await define(api, [
        version('v1', {
          ...spec({
            known: string,
            open: {
              type: 'object',
              'x-kubernetes-preserve-unknown-fields': true,
              properties: { a: object({ b: string }) },
            },
            map: { type: 'object', additionalProperties: object({ x: integer }) },
            list: { type: 'array', items: object({ x: { type: 'integer', default: 5 } }) },
            withDefault: { type: 'string', default: 'd' },
            nested: object({ deep: { type: 'integer', default: 7 } }, { default: {} }),
            nullable: { type: 'string', nullable: true },
            nullableDefault: { type: 'string', nullable: true, default: 'n' },
            notNullableDefault: { type: 'string', default: 'nn' },
            anything: { 'x-kubernetes-preserve-unknown-fields': true },
          }),
        }),
      ]);

      await api.post(
        things,
        thing(api, 'a', {
          spec: {
            known: 'x',
            unknown: 'y',
            open: { any: 1, a: { b: 'x', c: 'y' } },
            map: { k: { x: 1, y: 2 } },
            list: [{}, { x: 1, z: 2 }],
            anything: { a: [1, { b: null }] },
          },
          top: 1,
        }),
      );

      await api.post(
        `${things}?fieldValidation=Strict`,
        thing(api, 'b', { spec: { known: 'x', unknown: 'y', list: [{ z: 1 }] }, top: 1 }),
      );

      await api.post(
        `${things}?fieldValidation=Ignore`,
        thing(api, 'c', { spec: { unknown: 'y' } }),
      );

      await api.post(
        things,
        thing(api, 'd', {
          spec: { nullable: null, nullableDefault: null, notNullableDefault: null },
        }),
      );

      await api.post(things, thing(api, 'e', { spec: { known: null } }));
      await api.post(things, thing(api, 'f', { spec: null }));
      await api.post(things, thing(api, 'g', { spec: { map: { k: null }, list: [null] } }));
      await api.post(things, thing(api, 'h'));
      await api.patch(`${things}/a`, { spec: { withDefault: null, other: 1 } });
      await api.get(`${things}/a`);
    },
  },
  {
    name: 'types, bounds, patterns, enums and formats',
    run: async (api) => {
      const { things } = await define(api, [
        version(
          'v1',
          spec(
            {
              s: { type: 'string', minLength: 2, maxLength: 4, pattern: '^[a-z]+$' },
              e: { type: 'string', enum: ['a', 'b'] },
              i: { type: 'integer', minimum: 1, maximum: 10, multipleOf: 2 },
              x: {
                type: 'number',
                minimum: 1,
                exclusiveMinimum: true,
                maximum: 2,
                exclusiveMaximum: true,
              },
              i32: { type: 'integer', format: 'int32' },
              b: { type: 'boolean' },
              l: { type: 'array', minItems: 1, maxItems: 2, items: string },
              m: {
                type: 'object',
                minProperties: 1,
                maxProperties: 2,
                additionalProperties: string,
              },
              is: { 'x-kubernetes-int-or-string': true },
              date: { type: 'string', format: 'date' },
              time: { type: 'string', format: 'date-time' },
              email: { type: 'string', format: 'email' },
              ipv4: { type: 'string', format: 'ipv4' },
              uuid: { type: 'string', format: 'uuid' },
              uri: { type: 'string', format: 'uri' },
              byte: { type: 'string', format: 'byte' },
              duration: { type: 'string', format: 'duration' },
              other: { type: 'string', format: 'nobody-knows' },
              quantity: {
                'x-kubernetes-int-or-string': true,
                anyOf: [{ type: 'integer' }, { type: 'string' }],
                pattern: '^[0-9]+m?$',
              },
              one: {
                type: 'object',
                properties: { a: string, b: string },
                oneOf: [{ required: ['a'] }, { required: ['b'] }],
              },
              any: {
                type: 'object',
                properties: { a: string, b: string },
                anyOf: [{ required: ['a'] }, { required: ['b'] }],
              },
              all: { type: 'integer', allOf: [{ minimum: 2 }, { maximum: 5 }] },
              no: { type: 'string', not: { enum: ['x'] } },
            },
            { required: ['s'] },
          ),
        ),
      ]);

      const tries = [
        {},
        { s: 'a' },
        { s: 'abcde' },
        { s: 'AB' },
        { s: 5 },
        { s: 'ab', e: 'c' },
        { s: 'ab', i: 0 },
        { s: 'ab', i: 12 },
        { s: 'ab', i: 3 },
        { s: 'ab', i: 2.5 },
        { s: 'ab', i: '2' },
        { s: 'ab', x: 1 },
        { s: 'ab', x: 2 },
        { s: 'ab', x: 'y' },
        { s: 'ab', i32: 3000000000 },
        { s: 'ab', b: 'true' },
        { s: 'ab', l: [] },
        { s: 'ab', l: ['a', 'b', 'c'] },
        { s: 'ab', l: [1] },
        { s: 'ab', l: 'x' },
        { s: 'ab', m: {} },
        { s: 'ab', m: { a: 'a', b: 'b', c: 'c' } },
        { s: 'ab', m: { a: 1 } },
        { s: 'ab', m: [] },
        { s: 'ab', is: 1.5 },
        { s: 'ab', is: true },
        { s: 'ab', is: 'x' },
        { s: 'ab', is: 5 },
        { s: 'ab', date: '2020-13-01' },
        { s: 'ab', time: 'now' },
        { s: 'ab', email: 'x' },
        { s: 'ab', ipv4: '1.2.3' },
        { s: 'ab', uuid: 'x' },
        { s: 'ab', uri: 'x y' },
        { s: 'ab', byte: '***' },
        { s: 'ab', duration: 'x' },
        { s: 'ab', other: 'x' },
        { s: 'ab', quantity: 'x' },
        { s: 'ab', quantity: '5m' },
        { s: 'ab', one: {} },
        { s: 'ab', one: { a: 'x', b: 'y' } },
        { s: 'ab', any: {} },
        { s: 'ab', all: 1 },
        { s: 'ab', no: 'x' },
        [],
        'text',
      ];

      for (const [index, value] of tries.entries()) {
        await api.post(things, thing(api, `t${index}`, { spec: value }));
      }
    },
  },
  {
    name: 'sets and maps: duplicates',
    run: async (api) => {
      const { things } = await define(api, [
        version(
          'v1',
          spec({
            set: { type: 'array', 'x-kubernetes-list-type': 'set', items: string },
            numbers: { type: 'array', 'x-kubernetes-list-type': 'set', items: integer },
            map: {
              type: 'array',
              'x-kubernetes-list-type': 'map',
              'x-kubernetes-list-map-keys': ['name', 'port'],
              items: object(
                { name: string, port: { type: 'integer', default: 80 }, value: string },
                { required: ['name'] },
              ),
            },
            atomic: { type: 'array', 'x-kubernetes-list-type': 'atomic', items: string },
            structMap: {
              type: 'object',
              'x-kubernetes-map-type': 'atomic',
              properties: { a: string, b: string },
            },
          }),
        ),
      ]);

      await api.post(things, thing(api, 'a', { spec: { set: ['a', 'b', 'a', 'a'] } }));
      await api.post(things, thing(api, 'b', { spec: { numbers: [1, 2, 1] } }));

      await api.post(
        things,
        thing(api, 'c', {
          spec: { map: [{ name: 'x' }, { name: 'x', port: 80 }, { name: 'x', port: 81 }] },
        }),
      );

      await api.post(things, thing(api, 'd', { spec: { map: [{ port: 80 }] } }));

      await api.post(
        things,
        thing(api, 'e', {
          spec: {
            atomic: ['a', 'a'],
            set: ['x'],
            map: [{ name: 'x', value: '1' }],
            structMap: { a: '1', b: '2' },
          },
        }),
      );

      await api.patch(
        `${things}/e?fieldManager=one`,
        {
          ...thing(api, 'e'),
          spec: { set: ['y'], map: [{ name: 'z', port: 1 }], structMap: { a: '3' } },
        },
        'apply',
      );

      await api.patch(
        `${things}/e?fieldManager=one&force=true`,
        {
          ...thing(api, 'e'),
          spec: { set: ['y'], map: [{ name: 'z', port: 1 }], structMap: { a: '3' } },
        },
        'apply',
      );
    },
  },
  {
    name: 'embedded resources and metadata',
    run: async (api) => {
      const embedded = { type: 'object', 'x-kubernetes-embedded-resource': true };

      const { things } = await define(api, [
        version('v1', {
          metadata: { type: 'object', properties: { name: { type: 'string', maxLength: 5 } } },
          ...spec({
            open: { ...embedded, 'x-kubernetes-preserve-unknown-fields': true },
            closed: { ...embedded, properties: { spec: object({ a: string }) } },
          }),
        }),
      ]);

      await api.post(
        things,
        thing(api, 'a', {
          spec: {
            open: {
              apiVersion: 'v1',
              kind: 'Pod',
              metadata: { name: 'p', labels: { a: 'b' }, unknown: 1 },
              spec: { x: 1 },
            },
          },
        }),
      );

      await api.post(
        things,
        thing(api, 'b', {
          spec: { closed: { apiVersion: 'v1', kind: 'Pod', spec: { a: 'x', b: 'y' }, other: 1 } },
        }),
      );

      await api.post(things, thing(api, 'c', { spec: { open: {} } }));

      await api.post(
        things,
        thing(api, 'd', {
          spec: {
            open: {
              apiVersion: 'v1',
              kind: 'Pod',
              metadata: { name: 'Bad_Name', labels: { 'a b': 'c' } },
            },
          },
        }),
      );

      await api.post(things, thing(api, 'toolong'));
      await api.post(things, { ...thing(api, 'f'), metadata: { name: 'f', labels: { a: 1 } } });

      await api.post(things, {
        ...thing(api, 'g'),
        metadata: { name: 'g', annotations: { 'a b': 'c' }, labels: { a: 'b c' } },
      });

      await api.post(things, { ...thing(api, 'h'), metadata: { name: 'H_' } });
      await api.post(things, { apiVersion: thing(api, 'x').apiVersion, metadata: { name: 'i' } });
      await api.post(things, { ...thing(api, 'j'), kind: 'Other' });
      await api.post(things, { ...thing(api, 'k'), apiVersion: 'v1' });
    },
  },
  {
    name: 'unchanged values are not checked again',
    run: async (api) => {
      const properties = (pattern) => ({
        ...spec(
          {
            name: { type: 'string', ...(pattern && { pattern }) },
            size: integer,
            list: {
              type: 'array',
              'x-kubernetes-list-type': 'map',
              'x-kubernetes-list-map-keys': ['k'],
              items: object(
                { k: string, v: { type: 'string', ...(pattern && { maxLength: 2 }) } },
                { required: ['k'] },
              ),
            },
            atomic: { type: 'array', items: { type: 'string', ...(pattern && { maxLength: 2 }) } },
          },
          pattern && { required: ['extra'] },
        ),
      });

      const { path, things } = await define(api, [version('v1', properties())]);
      await api.post(
        things,
        thing(api, 'a', {
          spec: { name: 'UPPER', list: [{ k: 'a', v: 'long' }], atomic: ['long'] },
        }),
      );

      const { body } = await api.quietly('GET', path);
      body.spec.versions[0] = version('v1', properties('^[a-z]+$'));
      await api.quietly('PUT', path, { body });

      // The real server serves a changed definition a moment later.
      await new Promise((resolve) => setTimeout(resolve, 1500));
      await api.patch(`${things}/a`, { metadata: { labels: { a: 'b' } } });
      await api.patch(`${things}/a`, { spec: { size: 1 } });
      await api.patch(`${things}/a`, { spec: { name: 'OTHER' } });

      await api.patch(`${things}/a`, {
        spec: {
          list: [
            { k: 'a', v: 'long' },
            { k: 'b', v: 'x' },
          ],
        },
      });

      await api.patch(`${things}/a`, { spec: { list: [{ k: 'a', v: 'longer' }] } });
      await api.patch(`${things}/a`, { spec: { atomic: ['long', 'x'] } });
      await api.post(things, thing(api, 'b', { spec: { name: 'UPPER' } }));
    },
  },
  {
    name: 'status and scale',
    run: async (api) => {
      const { things } = await define(api, [
        version(
          'v1',
          {
            ...spec({ replicas: integer, selector: string }),
            status: object({
              replicas: integer,
              selector: string,
              ready: { type: 'boolean', default: false },
            }),
          },
          {
            subresources: {
              status: {},
              scale: {
                specReplicasPath: '.spec.replicas',
                statusReplicasPath: '.status.replicas',
                labelSelectorPath: '.status.selector',
              },
            },
          },
        ),
      ]);

      await api.post(things, thing(api, 'a', { spec: { replicas: 2 }, status: { replicas: 1 } }));
      await api.put(`${things}/a/status`, {
        ...thing(api, 'a', { spec: { replicas: 5 }, status: { replicas: 1, selector: 'a=b' } }),
      });
      await api.get(`${things}/a`);

      await api.patch(`${things}/a/status`, {
        status: { replicas: 3 },
        spec: { replicas: 9 },
        metadata: { labels: { a: 'b' }, annotations: { c: 'd' } },
      });

      await api.get(`${things}/a/scale`);
      await api.patch(`${things}/a/scale`, { spec: { replicas: 7 } });
      await api.get(`${things}/a`);

      await api.put(`${things}/a/scale`, {
        kind: 'Scale',
        apiVersion: 'autoscaling/v1',
        metadata: { name: 'a', namespace: api.namespace },
        spec: { replicas: -1 },
      });

      await api.put(`${things}/a/scale`, {
        kind: 'Scale',
        apiVersion: 'autoscaling/v1',
        metadata: { name: 'a', namespace: api.namespace },
        spec: { replicas: 4 },
      });

      await api.put(`${things}/a`, thing(api, 'a', { spec: { replicas: 1 } }));
      await api.post(things, thing(api, 'b'));
      await api.get(`${things}/b/scale`);

      await api.patch(
        `${things}/a?fieldManager=m`,
        { ...thing(api, 'a'), spec: { replicas: 3 }, status: { replicas: 9 } },
        'apply',
      );

      await api.patch(
        `${things}/a/status?fieldManager=m`,
        { ...thing(api, 'a'), status: { replicas: 9 } },
        'apply',
      );
    },
  },
  {
    name: 'definitions whose schemas are refused',
    run: async (api) => {
      const schemas = {
        'no type': { properties: {} },
        'not an object': { type: 'string' },
        'field without type': object({ a: {} }),
        'array without items': object({ a: { type: 'array' } }),
        'items without type': object({ a: { type: 'array', items: {} } }),
        'additional and properties': object({
          a: { type: 'object', properties: {}, additionalProperties: string },
        }),
        'additional at the root': { type: 'object', additionalProperties: string },
        'unknown type': object({ a: { type: 'text' } }),
        ref: object({ a: { $ref: '#/x' } }),
        unique: object({ a: { type: 'array', items: string, uniqueItems: true } }),
        'type in anyOf': object({ a: { type: 'object', anyOf: [{ type: 'object' }] } }),
        'property only in anyOf': object({
          a: { type: 'object', anyOf: [{ properties: { b: { minimum: 1 } } }] },
        }),
        'default in anyOf': object({ a: { type: 'integer', anyOf: [{ default: 1 }] } }),
        'list type': object({
          a: { type: 'array', items: string, 'x-kubernetes-list-type': 'bag' },
        }),
        'list type of object': object({ a: { type: 'object', 'x-kubernetes-list-type': 'set' } }),
        'map without keys': object({
          a: { type: 'array', items: object({ k: string }), 'x-kubernetes-list-type': 'map' },
        }),
        'map with unknown key': object({
          a: {
            type: 'array',
            items: object({ k: string }),
            'x-kubernetes-list-type': 'map',
            'x-kubernetes-list-map-keys': ['z'],
          },
        }),
        'map with optional key': object({
          a: {
            type: 'array',
            items: object({ k: string }),
            'x-kubernetes-list-type': 'map',
            'x-kubernetes-list-map-keys': ['k'],
          },
        }),
        'map of strings': object({
          a: {
            type: 'array',
            items: string,
            'x-kubernetes-list-type': 'map',
            'x-kubernetes-list-map-keys': ['k'],
          },
        }),
        'keys without map': object({
          a: { type: 'array', items: object({ k: string }), 'x-kubernetes-list-map-keys': ['k'] },
        }),
        'set of objects': object({
          a: { type: 'array', items: object({ k: string }), 'x-kubernetes-list-type': 'set' },
        }),
        'map type': object({ a: { type: 'object', 'x-kubernetes-map-type': 'bag' } }),
        'map type of string': object({ a: { type: 'string', 'x-kubernetes-map-type': 'atomic' } }),
        'int or string with type': object({
          a: { type: 'integer', 'x-kubernetes-int-or-string': true },
        }),
        'embedded string': object({
          a: { type: 'string', 'x-kubernetes-embedded-resource': true },
        }),
        'embedded without anything': object({
          a: { type: 'object', 'x-kubernetes-embedded-resource': true },
        }),
        'preserve false': object({
          a: { type: 'object', 'x-kubernetes-preserve-unknown-fields': false },
        }),
        'default of the wrong type': object({ a: { type: 'integer', default: 'x' } }),
        'default not valid': object({ a: { type: 'integer', minimum: 5, default: 1 } }),
        'default with unknown field': object({ a: object({ b: string }, { default: { c: 'x' } }) }),
        'null default': object({ a: { type: 'string', default: null } }),
        'metadata with more': object({
          metadata: object({ labels: { type: 'object', additionalProperties: string } }),
        }),
        'bad pattern': object({ a: { type: 'string', pattern: '(' } }),
        'property with a bad name': object({ 'a b': string }),
        'array of arrays': object({
          a: { type: 'array', items: { type: 'array', items: string } },
        }),
        id: object({ a: { type: 'string', id: 'x' } }),
        'not with type': object({ a: { type: 'object', not: { type: 'object' } } }),
        'enum empty': object({ a: { type: 'string', enum: [] } }),
        'required unknown': object({ a: string }, { required: ['b'] }),
        nullable: object({ a: { type: 'string', nullable: true } }),
      };

      for (const [name, openAPIV3Schema] of Object.entries(schemas)) {
        await api.post(
          `${definitionsPath}?dryRun=All&why=${encodeURIComponent(name)}`,
          definition(api, [version('v1', {}, { schema: { openAPIV3Schema } })]),
        );
      }
    },
  },
];
