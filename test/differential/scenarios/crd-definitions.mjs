// CustomResourceDefinitions themselves: names, conditions, versions, conversion, selectable fields,
// deletion.
import { setTimeout as sleep } from 'node:timers/promises';
import { define, definition, definitionsPath, groupOf, thing, version } from '../definitions.mjs';
import { startWebhook } from '../webhook-server.mjs';

const string = { type: 'string' };
const integer = { type: 'integer' };
const object = (properties, more = {}) => ({ type: 'object', properties, ...more });
const isEstablished = ({ status }) =>
  status.conditions?.some(({ type, status }) => type === 'Established' && status === 'True');

export default [
  {
    name: 'names: defaults, valid names and conflicts',
    run: async (api) => {
      const body = definition(api, [version('v1', { spec: object({ a: string }) })], {
        names: { shortNames: ['th', 'thi'], categories: ['all', 'mine'] },
      });
      const path = `${definitionsPath}/${body.metadata.name}`;

      await api.post(definitionsPath, body);
      await api.until(path, isEstablished);
      await api.get(path);
      await api.until(`/apis/${groupOf(api)}/v1`, (_, status) => status === 200);
      await api.get(`/apis/${groupOf(api)}/v1`);
      await api.get(`/apis/${groupOf(api)}`);

      for (const names of [
        { plural: 'others', kind: 'Thing' },
        { plural: 'others', kind: 'Other', shortNames: ['th'] },
        { plural: 'others', kind: 'Other', singular: 'thing' },
        { plural: 'others', kind: 'Other', listKind: 'ThingList' },
      ]) {
        const other = definition(api, [version('v1', {})], { names });
        await api.quietly('POST', definitionsPath, { body: other });
        await api.until(`${definitionsPath}/${other.metadata.name}`, ({ status }) =>
          status.conditions?.some(({ type }) => type === 'NamesAccepted'),
        );
        await sleep(300);
        await api.get(`${definitionsPath}/${other.metadata.name}`);
        await api.quietly('DELETE', `${definitionsPath}/${other.metadata.name}`);
        await api.until(`${definitionsPath}/${other.metadata.name}`, (_, status) => status === 404);
      }

      await api.delete(path);
    },
  },
  {
    name: 'definitions that are refused',
    run: async (api) => {
      const good = () => definition(api, [version('v1', {})]);

      const changeGood = (change) => {
        const body = good();
        change(body);
        return body;
      };

      const post = (change) => api.post(`${definitionsPath}?dryRun=All`, changeGood(change));
      await post(() => {});
      await post((body) => (body.metadata.name = 'wrong'));
      await post((body) => (body.spec.group = 'nodots'));
      await post((body) => (body.spec.group = 'x.k8s.io'));
      await post((body) => (body.spec.scope = 'Both'));
      await post((body) => delete body.spec.scope);
      await post((body) => (body.spec.names.kind = 'thing!'));
      await post((body) => (body.spec.names.plural = 'Things'));
      await post((body) => (body.spec.names.listKind = 'Thing'));
      await post((body) => (body.spec.names.shortNames = ['A_']));
      await post((body) => (body.spec.names.categories = ['A_']));
      await post((body) => delete body.spec.names.kind);
      await post((body) => (body.spec.versions = []));
      await post(
        (body) => (body.spec.versions = [version('v1', {}), version('v1', {}, { storage: false })]),
      );
      await post((body) => (body.spec.versions = [version('v1', {}), version('v2', {})]));
      await post((body) => (body.spec.versions = [version('v1', {}, { storage: false })]));
      await post((body) => (body.spec.versions = [version('V1', {})]));
      await post((body) => delete body.spec.versions[0].schema);
      await post((body) => (body.spec.preserveUnknownFields = true));
      await post((body) => (body.spec.conversion = { strategy: 'Magic' }));
      await post((body) => (body.spec.conversion = { strategy: 'Webhook' }));

      await post(
        (body) =>
          (body.spec.conversion = {
            strategy: 'None',
            webhook: { conversionReviewVersions: ['v1'] },
          }),
      );

      await post(
        (body) =>
          (body.spec.conversion = {
            strategy: 'Webhook',
            webhook: { conversionReviewVersions: [], clientConfig: {} },
          }),
      );

      await post(
        (body) =>
          (body.spec.conversion = {
            strategy: 'Webhook',
            webhook: { conversionReviewVersions: ['v3'], clientConfig: { url: 'http://x/y' } },
          }),
      );

      await post(
        (body) =>
          (body.spec.versions[0].subresources = {
            scale: { specReplicasPath: 'x', statusReplicasPath: '.spec.x' },
          }),
      );

      await post((body) => (body.spec.versions[0].subresources = { scale: {} }));

      await post(
        (body) =>
          (body.spec.versions[0].additionalPrinterColumns = [
            { name: '', type: 'text', jsonPath: 'x' },
          ]),
      );

      await post(
        (body) =>
          (body.spec.versions[0].additionalPrinterColumns = [
            { name: 'A', type: 'string', jsonPath: '.spec.[' },
          ]),
      );

      await post(
        (body) => (body.spec.versions[0].selectableFields = [{ jsonPath: '.spec.nothing' }]),
      );
      await post((body) => (body.spec.versions[0].selectableFields = [{ jsonPath: 'spec.a' }]));
      await post((body) => (body.spec.versions[0].deprecationWarning = 'old'));

      await post((body) => {
        body.spec.versions[0].deprecated = true;
        body.spec.versions[0].deprecationWarning = 'x'.repeat(300);
      });
    },
  },
  {
    name: 'changes of a definition',
    run: async (api) => {
      const { path } = await define(api, [version('v1', { spec: object({ a: string }) })]);
      await api.patch(path, { spec: { scope: 'Cluster' } });
      await api.patch(path, { spec: { group: 'other.example.com' } });
      await api.patch(path, { spec: { names: { kind: 'Other' } } });
      await api.patch(path, { spec: { names: { shortNames: ['x'] } } });
      await api.until(path, ({ status }) => status.acceptedNames.shortNames?.includes('x'));
      await api.get(path);
      await api.patch(path, {
        spec: { versions: [version('v2', { spec: object({ a: string }) })] },
      });

      const two = [
        version('v1', { spec: object({ a: string }) }, { storage: false }),
        version('v2', { spec: object({ a: string }) }),
      ];

      await api.patch(path, { spec: { versions: two } });
      await api.until(path, ({ status }) => status.storedVersions.includes('v2'));
      await api.get(path);
      await api.patch(path, { spec: { versions: [two[1]] } });
      await api.patch(`${path}/status`, { status: { storedVersions: ['v1'] } });
      await api.patch(`${path}/status`, { status: { storedVersions: [] } });
      await api.patch(`${path}/status`, { status: { storedVersions: ['v3'] } });
      await api.patch(`${path}/status`, { status: { storedVersions: ['v2'] } });
      await api.patch(path, { spec: { versions: [two[1]] } });
      await api.put(path, definition(api, two));
    },
  },
  {
    name: 'several versions without conversion',
    run: async (api) => {
      const { things, in: at } = await define(api, [
        version('v1', { spec: object({ a: string, b: { type: 'string', default: 'b1' } }) }),
        version(
          'v2',
          { spec: object({ a: string, c: { type: 'string', default: 'c2' } }) },
          { storage: false, deprecated: true },
        ),
        version('v3', {}, { storage: false, served: false }),
        version('v1beta1', {}, { storage: false, deprecated: true }),
      ]);

      await api.get(at('v1beta1'));
      await api.post(things, thing(api, 'a', { spec: { a: 'x' } }));
      await api.get(`${at('v2')}/a`);
      await api.post(at('v2'), thing(api, 'b', { spec: { a: 'y' } }, 'v2'));
      await api.get(`${things}/b`);
      await api.get(at('v2'));
      await api.get(at('v3'));
      await api.patch(`${at('v2')}/a`, { spec: { a: 'z' } });
      await api.get(`${things}/a`);
      await api.get(`/apis/${groupOf(api)}`);
      await api.post(things, thing(api, 'c', { spec: {} }, 'v2'));
    },
  },
  {
    name: 'conversion by a webhook',
    run: async (api) => {
      let fail;

      const convert = (item, to) => {
        const { size, width, ...spec } = item.spec ?? {};
        const wide = to.endsWith('/v2');

        return {
          ...item,
          apiVersion: to,
          spec: { ...spec, ...(wide ? { width: width ?? size } : { size: size ?? width }) },
        };
      };

      const server = await startWebhook((body) => {
        const { uid, objects, desiredAPIVersion } = body.request;

        if (fail) {
          return fail(body);
        }

        return {
          apiVersion: body.apiVersion,
          kind: body.kind,
          response: {
            uid,
            result: { status: 'Success' },
            convertedObjects: objects.map((item) => convert(item, desiredAPIVersion)),
          },
        };
      });

      try {
        const conversion = {
          strategy: 'Webhook',
          webhook: {
            conversionReviewVersions: ['v1'],
            clientConfig: { url: `${server.url}/convert`, caBundle: server.caBundle },
          },
        };

        const {
          path,
          things,
          in: at,
        } = await define(
          api,
          [
            version('v1', { spec: object({ size: integer, name: string }) }),
            version('v2', { spec: object({ width: integer, name: string }) }, { storage: false }),
          ],
          { spec: { conversion } },
        );

        await api.get(path);
        await api.post(things, thing(api, 'a', { spec: { size: 5 } }));
        await api.get(`${at('v2')}/a`);
        await api.post(at('v2'), thing(api, 'b', { spec: { width: 7 } }, 'v2'));
        await api.get(`${things}/b`);
        await api.get(at('v2'));
        await api.patch(`${at('v2')}/a`, { spec: { width: 8 } });
        await api.get(`${things}/a`);

        await api.watch(`${at('v2')}?watch=true&resourceVersion=0`, {
          count: 3,
          during: () =>
            api.quietly('POST', things, { body: thing(api, 'c', { spec: { size: 1 } }) }),
        });

        await api.get(at('v2'), { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' });

        await api.patch(
          `${at('v2')}/d?fieldManager=me`,
          { ...thing(api, 'd', { spec: { width: 3 } }, 'v2') },
          'apply',
        );

        await api.delete(`${at('v2')}/b`);

        const reply = (response) => (body) => ({
          apiVersion: body.apiVersion,
          kind: body.kind,
          response: { uid: body.request.uid, ...response },
        });

        for (const answer of [
          reply({ result: { status: 'Failure', message: 'cannot' } }),
          reply({ result: { status: 'Failure' } }),
          reply({ result: { status: 'Success' }, convertedObjects: [] }),
          (body) =>
            reply({ result: { status: 'Success' }, convertedObjects: body.request.objects })(body),
          (body) =>
            reply({
              result: { status: 'Success' },
              convertedObjects: body.request.objects.map((item) => ({
                ...convert(item, body.request.desiredAPIVersion),
                kind: 'Other',
              })),
            })(body),
          (body) =>
            reply({
              result: { status: 'Success' },
              convertedObjects: body.request.objects.map((item) => ({
                ...convert(item, body.request.desiredAPIVersion),
                metadata: { ...item.metadata, name: 'other' },
              })),
            })(body),
          (body) => ({
            ...reply({ result: { status: 'Success' }, convertedObjects: [] })(body),
            response: { uid: 'x' },
          }),
          () => ({ text: 'no', status: 500 }),
        ]) {
          // A list would come from the real server's cache, which holds objects that were converted
          // before.
          fail = answer;
          await api.get(`${at('v2')}/a`);
        }

        await api.post(at('v2'), thing(api, 'e', { spec: { width: 7 } }, 'v2'));

        fail = (body) =>
          reply({
            result: { status: 'Success' },
            convertedObjects: body.request.objects.map((item) => ({
              ...convert(item, body.request.desiredAPIVersion),
              metadata: {
                ...item.metadata,
                labels: { converted: 'yes' },
                annotations: { n: 'y' },
                finalizers: ['x/y'],
              },
            })),
          })(body);

        await api.get(`${at('v2')}/a`);
        fail = undefined;
        await api.get(`${things}/a`);
      } finally {
        await server.close();
      }
    },
  },
  {
    name: 'selectable fields',
    run: async (api) => {
      const { things } = await define(api, [
        version(
          'v1',
          {
            spec: object({
              color: string,
              size: integer,
              ok: { type: 'boolean' },
              deep: object({ x: string }),
            }),
          },
          {
            selectableFields: [
              { jsonPath: '.spec.color' },
              { jsonPath: '.spec.size' },
              { jsonPath: '.spec.ok' },
              { jsonPath: '.spec.deep.x' },
            ],
          },
        ),
      ]);

      await api.post(things, thing(api, 'a', { spec: { color: 'red', size: 1, ok: true } }));

      await api.post(
        things,
        thing(api, 'b', { spec: { color: 'blue', size: 2, deep: { x: 'y' } } }),
      );

      await api.post(things, thing(api, 'c', {}));

      for (const selector of [
        'spec.color=red',
        'spec.color!=red',
        'spec.size=2',
        'spec.ok=true',
        'spec.ok=false',
        'spec.deep.x=y',
        'spec.color=',
        'spec.other=x',
        'metadata.name=a',
        'metadata.name=a,spec.color=blue',
        'status.x=1',
      ]) {
        await api.get(`${things}?fieldSelector=${encodeURIComponent(selector)}`);
      }

      await api.watch(`${things}?watch=true&resourceVersion=0&fieldSelector=spec.color%3Dred`, {
        count: 3,
        during: async () => {
          await api.quietly('PATCH', `${things}/b`, {
            body: { spec: { color: 'red' } },
            headers: { 'content-type': 'application/merge-patch+json' },
          });

          await api.quietly('PATCH', `${things}/a`, {
            body: { spec: { color: 'blue' } },
            headers: { 'content-type': 'application/merge-patch+json' },
          });
        },
      });

      await api.delete(`${things}?fieldSelector=spec.color%3Dred`);

      const fields = (...selectableFields) =>
        api.post(
          `${definitionsPath}?dryRun=All`,
          definition(
            api,
            [
              version(
                'v1',
                {
                  spec: object({
                    a: string,
                    l: { type: 'array', items: string },
                    o: object({ x: string }),
                    is: { 'x-kubernetes-int-or-string': true },
                  }),
                },
                { selectableFields: selectableFields.map((jsonPath) => ({ jsonPath })) },
              ),
            ],
            { names: { plural: 'others', kind: 'Other' } },
          ),
        );

      await fields('.spec.l');
      await fields('.spec.o');
      await fields('.spec.a', '.spec.a');
      await fields('.spec.is');
      await fields('.metadata.name');
      await fields('.spec.l[0]');
      await fields('');
    },
  },
  {
    name: 'a changed schema and the objects that are there',
    run: async (api) => {
      const { path, things } = await define(api, [
        version('v1', { spec: object({ a: string, b: string }) }),
      ]);
      await api.post(things, thing(api, 'a', { spec: { a: 'x', b: 'y' } }));

      const { body } = await api.quietly('GET', path);
      body.spec.versions[0] = version('v1', {
        spec: object({ a: integer, c: { type: 'string', default: 'new' } }, { required: ['d'] }),
      });
      await api.quietly('PUT', path, { body });
      await sleep(1500);
      await api.get(`${things}/a`);
      await api.until(things, (_, status) => status === 200);
      await api.get(things);
      await api.patch(`${things}/a`, { metadata: { labels: { x: 'y' } } });
      await api.patch(`${things}/a`, { spec: { a: 1, d: 'pruned' } });
      await api.delete(`${things}/a`);
    },
  },
  {
    name: 'the end of a definition',
    run: async (api) => {
      const { path, things } = await define(api, [version('v1', { spec: object({ a: string }) })]);
      await api.post(things, {
        ...thing(api, 'held'),
        metadata: { name: 'held', finalizers: ['example.com/hold'] },
      });

      await api.post(things, thing(api, 'free'));
      await api.delete(path);
      await api.until(`${things}/free`, (_, status) => status === 404);
      await api.until(path, ({ status }) =>
        status.conditions.some(({ type, status }) => type === 'Terminating' && status === 'True'),
      );
      await sleep(500);
      await api.get(path);
      await api.post(things, thing(api, 'late'));
      await api.get(`${things}/held`);
      await api.patch(`${things}/held`, { metadata: { finalizers: [] } });
      await api.until(path, (_, status) => status === 404);
      await api.until(things, (_, status) => status === 404);
      await api.get(things);
      await api.get(path);
    },
  },
  {
    name: 'printer columns, short names and categories with kubectl',
    run: async (api) => {
      await define(
        api,
        [
          version(
            'v1',
            { spec: object({ a: string, n: integer }) },
            {
              additionalPrinterColumns: [
                { name: 'A', type: 'string', jsonPath: '.spec.a' },
                { name: 'N', type: 'integer', jsonPath: '.spec.n', priority: 1 },
              ],
            },
          ),
        ],
        { names: { shortNames: [`th${api.namespace.replace(/\D/g, '')}`] } },
      );

      const stdin = JSON.stringify(thing(api, 'a', { spec: { a: 'x', n: 1 } }));
      await api.kubectl('apply -f -', stdin);
      await api.kubectl('apply -f -', stdin);
      await api.kubectl(`get th${api.namespace.replace(/\D/g, '')}`);
      await api.kubectl(`get things.${groupOf(api)} -o wide`);
      await api.kubectl(`explain things.${groupOf(api)}.spec`.replace('things', 'things'));
      await api.kubectl(`delete things.${groupOf(api)} a`);
    },
  },
];
