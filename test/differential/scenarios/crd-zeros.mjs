// Empty texts, lists and maps, zeros, false and null in definitions: which of them are kept, and
// their effect on objects.
import { define, definition, definitionsPath, groupOf, thing, version } from '../definitions.mjs';

const spec = {
  type: 'object',
  default: {},
  properties: {
    text: {
      type: 'string',
      default: '',
      example: '',
      description: '',
      title: '',
      format: '',
      minLength: 0,
      enum: [''],
    },
    number: { type: 'integer', default: 0, minimum: 0, maximum: 0, exclusiveMinimum: false },
    flag: { type: 'boolean', default: false, example: false, nullable: false },
    list: {
      type: 'array',
      default: [],
      example: [],
      minItems: 0,
      uniqueItems: false,
      items: { type: 'string', default: '', example: [], description: '' },
    },
    map: {
      type: 'object',
      default: {},
      maxProperties: 0,
      additionalProperties: { type: 'string', description: '' },
    },
    either: {
      'x-kubernetes-int-or-string': true,
      default: 0,
      'x-kubernetes-embedded-resource': false,
    },
    null: { type: 'string', nullable: true, default: null, example: null, enum: [null, 'a'] },
    empty: {
      type: 'object',
      properties: {},
      required: [],
      allOf: [],
      'x-kubernetes-validations': [],
      id: '',
    },
    keyed: {
      type: 'array',
      items: {
        type: 'object',
        properties: { a: { type: 'string', default: '' } },
        required: ['a'],
      },
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['a'],
    },
    branches: {
      type: 'string',
      anyOf: [{ pattern: '' }, { enum: [''] }],
      not: { enum: ['', '0'] },
    },
  },
};

const column = {
  name: 'A',
  type: 'string',
  jsonPath: '.spec.text',
  description: '',
  format: '',
  priority: 0,
};

/** Schemas of one field: dropped, refused and unreadable ones. */
const fields = [
  { type: '' },
  { type: 'array', items: { type: 'string', unknown: 1, description: '' } },
  { type: 'array', items: { type: 5 } },
  { type: 'array', items: [{ type: 'string' }] },
  { type: 'array', items: [] },
  { type: 'array', items: 'x' },
  { type: 'object', additionalProperties: false },
  { type: 'object', additionalProperties: 5 },
  {
    type: 'object',
    additionalProperties: { type: 'array', items: { type: 'string', unknown: 2, default: '' } },
  },
  { type: 'string', 'x-kubernetes-list-type': '' },
  { type: 'object', 'x-kubernetes-map-type': '' },
  { type: 'string', $ref: '' },
  { type: 'object', properties: null, dependencies: {}, definitions: {}, patternProperties: {} },
  { type: 'string', enum: [{ a: '' }, [], ''], externalDocs: {} },
  { type: 'object', not: { default: '' } },
];

export default [
  {
    name: 'zeros of schemas',
    run: async (api) => {
      const more = {
        additionalPrinterColumns: [column],
        deprecated: false,
        selectableFields: [],
        subresources: {},
      };

      const names = { singular: '', listKind: '', shortNames: [], categories: [] };

      const { path, things } = await define(api, [version('v1', { spec }, more)], {
        names,
        spec: { preserveUnknownFields: false },
      });

      await api.get(path);
      await api.post(things, thing(api, 'all'));

      await api.post(
        things,
        thing(api, 'some', { spec: { text: '', number: 0, list: [], keyed: [{}], empty: {} } }),
      );

      await api.post(things, thing(api, 'null', { spec: { null: null } }));

      await api.patch(
        `${path}?fieldManager=other`,
        definition(api, [version('v1', { spec }, more)]),
        'apply',
      );
    },
  },
  {
    name: 'zeros of fields, definitions and versions',
    run: async (api) => {
      const create = (versions, more) =>
        api.post(`${definitionsPath}?dryRun=All`, definition(api, versions, more));

      for (const field of fields) {
        await create([version('v1', { field })]);
      }

      const field = { type: 'string' };

      for (const more of [
        {
          deprecated: true,
          deprecationWarning: '',
          additionalPrinterColumns: [],
          selectableFields: [],
        },
        {
          subresources: {
            scale: {
              specReplicasPath: '.spec.a',
              statusReplicasPath: '.status.a',
              labelSelectorPath: '',
            },
          },
        },
        { name: '' },
      ]) {
        await create([version('v1', { field }, more)]);
      }

      for (const more of [
        { names: { shortNames: [''], categories: [''] } },
        { spec: { conversion: { strategy: '' } } },
        {
          spec: {
            conversion: {
              strategy: 'Webhook',
              webhook: { conversionReviewVersions: [], clientConfig: { url: '' } },
            },
          },
        },
        { spec: { scope: '', group: groupOf(api) } },
        { spec: { versions: [] } },
      ]) {
        await create([version('v1', { field })], more);
      }
    },
  },
  {
    name: 'a status without subresource, unknown formats',
    run: async (api) => {
      const text = { type: 'object', properties: { a: { type: 'string', format: 'nope' } } };
      const { path, things } = await define(api, [version('v1', { spec: text, status: text })]);

      await api.post(things, thing(api, 'a', { spec: { a: '1' }, status: { a: '1' } }));

      const apply = (manager, a, more = '') =>
        api.patch(
          `${things}/a?fieldManager=${manager}${more}`,
          thing(api, 'a', { status: { a } }),
          'apply',
        );

      await apply('one', '2');
      await apply('one', '2', '&force=true');
      await apply('two', '3');
      await api.patch(`${things}/a`, { status: { a: '4' } });
      await api.get(`${things}/a/status`);

      await api.post(things, {
        ...thing(api, 'b'),
        metadata: { name: 'b', generateName: '', labels: {} },
      });

      await api.post(`${definitionsPath}?dryRun=All`, {
        ...definition(api, [version('v1', { a: { type: 'integer', format: 'uint8' } })], {
          names: { plural: 'others', kind: 'Other' },
        }),
      });

      await api.patch(`${path}?dryRun=All`, { metadata: { labels: { a: 'b' } } });
    },
  },
];
