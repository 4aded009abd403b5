// Writes of objects regardless of their kind: names, options, bodies, versions, generation. Invalid
// kinds have files of their own.
import { path } from '../objects.mjs';

const yaml = { headers: { 'content-type': 'application/yaml' } };

const map = (name, more = {}) => ({
  kind: 'ConfigMap',
  apiVersion: 'v1',
  metadata: { name },
  ...more,
});

const containers = [{ name: 'c', image: 'busybox:1' }];
const labels = { app: 'x' };
const template = { metadata: { labels }, spec: { containers } };

/** Sends each body as it is to the collection of config maps. */
function sendBodies(name, list, query = '', options = {}) {
  return {
    name,
    run: async (api) => {
      for (const body of list) {
        await api.call('POST', `${path(api, 'configmaps')}${query}`, { ...options, body });
      }
    },
  };
}

export default [
  {
    name: 'writes: names that are generated, taken, wrong or elsewhere',
    run: async (api) => {
      const maps = path(api, 'configmaps');

      const bodies = [
        { metadata: { generateName: 'g-' } },
        { metadata: { generateName: 'g-', name: 'named' } },
        { metadata: { generateName: `${'a'.repeat(70)}-` } },
        { metadata: { name: 'taken' } },
        { metadata: { name: 'taken' } },
        { metadata: { name: 'taken', namespace: 'elsewhere' } },
        { metadata: { name: 'version', resourceVersion: '5' } },
        { metadata: { name: 'version', resourceVersion: 'x' } },
        {
          metadata: {
            name: 'uid',
            uid: 'chosen',
            creationTimestamp: '2020-01-01T00:00:00Z',
            generation: 9,
          },
        },
        {
          metadata: {
            name: 'deleted',
            deletionTimestamp: '2020-01-01T00:00:00Z',
            deletionGracePeriodSeconds: 5,
          },
        },
        { metadata: { name: 'link', selfLink: '/x' } },
        { metadata: { name: 'a/b' } },
        { metadata: { name: '..' } },
        { metadata: { name: 'A' } },
        { metadata: { name: `${'a'.repeat(254)}` } },
        { metadata: {} },
        {},
        { metadata: null },
      ];

      for (const body of bodies) {
        await api.post(maps, body);
      }

      await api.get(`${maps}/uid`);
      await api.post(`/api/v1/namespaces/nowhere/configmaps`, map('x'));
      await api.post(`/api/v1/configmaps`, map('x'));
      await api.post(`${maps}/x`, map('x'));
      await api.post(`/apis/apps/v1/namespaces/${api.namespace}/nonsense`, map('x'));
      await api.post('/api/v1/namespaces', { metadata: { name: api.namespace } });
      await api.post(path(api, 'pods'), { metadata: { generateName: 'p-' }, spec: { containers } });

      await api.post(path(api, 'services'), {
        metadata: { generateName: 's-' },
        spec: { ports: [{ port: 1 }] },
      });
    },
  },
  {
    name: 'writes: metadata that is refused',
    run: async (api) => {
      const metas = [
        { labels: { 'a b': 'x' } },
        { labels: { a: 'x y' } },
        { labels: { [`${'a'.repeat(64)}`]: 'x' } },
        { labels: { 'a.b/': 'x' } },
        { labels: { '/c': 'x' } },
        { labels: { 'A_B/c': 'x' } },
        { labels: { 'a/b/c': 'x' } },
        { labels: { a: 'x'.repeat(64) } },
        { labels: { '': 'x' } },
        { annotations: { 'a b': 'x' } },
        { annotations: { A: 'x', 'UPPER.case/x': 'y' } },
        { annotations: { a: 'x'.repeat(262145) } },
        { finalizers: ['x'] },
        { finalizers: ['a.b/c', 'a b/c'] },
        { finalizers: ['orphan', 'foregroundDeletion'] },
        { ownerReferences: [{}] },
        { ownerReferences: [{ apiVersion: 'v1', kind: 'Event', name: 'x', uid: 'y' }] },
        { ownerReferences: [{ apiVersion: 'a/b/c', kind: 'X', name: 'x', uid: 'y' }] },
        {
          ownerReferences: [
            { apiVersion: 'v1', kind: 'X', name: 'x', uid: 'y', controller: true },
            { apiVersion: 'v1', kind: 'X', name: 'z', uid: 'z', controller: true },
          ],
        },
        {
          ownerReferences: [
            { apiVersion: 'v1', kind: 'X', name: 'x', uid: 'y' },
            { apiVersion: 'v1', kind: 'X', name: 'x', uid: 'y' },
          ],
        },
        { managedFields: [{ operation: 'X' }] },
        { managedFields: [{ operation: 'Update', fieldsType: 'X' }] },
        { generation: -1 },
      ];

      for (const [i, meta] of metas.entries()) {
        await api.post(path(api, 'configmaps'), { metadata: { name: `m${i}`, ...meta } });
      }
    },
  },
  {
    name: 'writes: versions and uids that must match',
    run: async (api) => {
      const maps = path(api, 'configmaps');
      const { body: first } = await api.post(maps, map('m', { data: { a: '1' } }));
      const { body: second } = await api.put(`${maps}/m`, { ...first, data: { a: '2' } });

      await api.put(`${maps}/m`, { ...first, data: { a: '3' } });
      await api.put(`${maps}/m`, { ...second, metadata: { ...second.metadata, uid: 'other' } });
      await api.put(`${maps}/m`, map('m', { metadata: { name: 'm', uid: 'other' } }));
      await api.put(`${maps}/m`, map('m', { metadata: { name: 'm', resourceVersion: 'abc' } }));
      await api.put(`${maps}/m`, map('m', { metadata: { name: 'm', resourceVersion: '0' } }));
      await api.put(`${maps}/m`, map('m', { metadata: { name: 'm', resourceVersion: '-1' } }));
      await api.put(`${maps}/m`, map('other'));
      await api.put(`${maps}/m`, map(''));
      await api.put(`${maps}/m`, { kind: 'ConfigMap', apiVersion: 'v1' });
      await api.put(`${maps}/m`, { ...map('m'), metadata: { name: 'm', namespace: 'elsewhere' } });
      await api.put(`${maps}/m`, map('m', { data: { a: '4' } }));
      await api.put(`${maps}/m`, map('m', { data: { a: '4' } }));
      await api.put(`${maps}/missing`, map('missing'));

      await api.put(
        `${maps}/missing`,
        map('missing', { metadata: { name: 'missing', resourceVersion: '1' } }),
      );

      await api.put(`${maps}/missing`, map('missing', { metadata: { name: 'missing', uid: 'x' } }));
      await api.put(`/api/v1/namespaces/nowhere/configmaps/x`, map('x'));
      await api.put(`/api/v1/nodes/nothing`, { metadata: { name: 'nothing' } });
      await api.put(`${path(api, 'leases')}/made`, { metadata: { name: 'made' }, spec: {} });

      await api.put(`${path(api, 'leases')}/made`, {
        metadata: { name: 'made' },
        spec: { holderIdentity: 'x' },
      });

      await api.put(`${path(api, 'leases')}/other`, {
        metadata: { name: 'other', uid: 'x' },
        spec: {},
      });

      await api.put(`${path(api, 'leases')}/third`, {
        metadata: { name: 'third', resourceVersion: '4' },
        spec: {},
      });

      await api.put(`${path(api, 'leases')}/Bad_`, { metadata: { name: 'Bad_' }, spec: {} });

      await api.put(`${path(api, 'services')}/s`, {
        metadata: { name: 's' },
        spec: { ports: [{ port: 1 }] },
      });

      await api.put(`${path(api, 'endpoints')}/e`, { metadata: { name: 'e' } });
      await api.put(`${path(api, 'roles')}/r`, { metadata: { name: 'r' }, rules: [] });

      await api.put(`${path(api, 'limitranges')}/l`, {
        metadata: { name: 'l' },
        spec: { limits: [] },
      });

      await api.put(`${path(api, 'secrets')}/s`, { metadata: { name: 's' } });

      await api.put(`${path(api, 'events')}/e`, {
        metadata: { name: 'e' },
        involvedObject: { namespace: api.namespace },
      });

      const { body: event } = await api.get(`${maps}/m`);
      await api.put(`${maps}/m`, {
        ...event,
        metadata: { ...event.metadata, creationTimestamp: null, selfLink: '/x' },
      });

      await api.put(`${maps}/m`, {
        ...event,
        metadata: { ...event.metadata, resourceVersion: '', generation: 7 },
      });

      await api.put(`${maps}/m`, { ...event, metadata: { ...event.metadata, managedFields: [] } });

      await api.patch(
        `${maps}/m`,
        { metadata: { resourceVersion: '1' }, data: { a: '7' } },
        'merge',
      );

      await api.patch(`${maps}/m`, { metadata: { uid: 'x' }, data: { a: '8' } }, 'merge');
      await api.patch(`${maps}/m`, { metadata: { name: 'x' } }, 'merge');
      await api.patch(`${maps}/m`, { metadata: { namespace: 'x' } }, 'merge');
      await api.patch(`${maps}/missing`, { data: { a: '8' } }, 'merge');
      await api.patch(`${maps}/m`, { kind: 'Secret' }, 'merge');
      await api.patch(`${maps}/m`, { apiVersion: 'v2' }, 'merge');
    },
  },
  {
    name: 'writes: options of the query',
    run: async (api) => {
      const maps = path(api, 'configmaps');
      const long = 'm'.repeat(129);
      for (const query of [
        'dryRun=All',
        'dryRun=all',
        'dryRun=All&dryRun=All',
        'dryRun=All&dryRun=X',
        'dryRun=',
        'fieldValidation=X',
        'fieldValidation=',
        'fieldValidation=strict',
        'dryRun=X&fieldValidation=Y',
        'fieldManager=me',
        `fieldManager=${long}`,
        'fieldManager=a%0Ab',
        'fieldManager=%00',
        'force=true',
        'pretty=true',
        'timeoutSeconds=x',
        'timeout=x',
        'timeout=10s',
        'nonsense=1',
      ]) {
        const name = `q${query.length}`;
        await api.post(`${maps}?${query}`, map(name));
        await api.get(`${maps}/${name}`);
        await api.delete(`${maps}/${name}`);
      }

      await api.post(maps, map('m'));

      for (const query of [
        'dryRun=All',
        'dryRun=X',
        'fieldValidation=X',
        `fieldManager=${long}`,
        'force=true',
      ]) {
        await api.put(`${maps}/m?${query}`, map('m', { data: { [`k${query.length}`]: 'v' } }));
        await api.patch(`${maps}/m?${query}`, { data: { p: `${query.length}` } }, 'merge');
      }

      await api.get(`${maps}/m`);

      await api.post(`${path(api, 'services')}?dryRun=All`, {
        metadata: { name: 's' },
        spec: { ports: [{ port: 1 }] },
      });

      await api.post(`${maps}?dryRun=All`, map('m'));
      await api.post(`${maps}?dryRun=All`, { metadata: { generateName: 'x-' } });
      await api.post(`${maps}?dryRun=All`, map('A'));
      await api.post('/api/v1/namespaces?dryRun=All', { metadata: { name: 'dry' } });
      await api.get('/api/v1/namespaces/dry');
    },
  },
  sendBodies('writes: bodies that cannot be read', [
    undefined,
    '',
    ' ',
    'null',
    '[]',
    '"x"',
    '5',
    '{',
    '{"metadata":{"name":"a"}',
    '{"metadata":{"name":"a"}} trailing',
    '{"metadata":{"name":"a"},}',
    "{'metadata':1}",
    'kind: ConfigMap',
    '{"kind":"Secret","apiVersion":"v1","metadata":{"name":"a"}}',
    '{"kind":"ConfigMap","apiVersion":"v2","metadata":{"name":"a"}}',
    '{"kind":"ConfigMap","apiVersion":"apps/v1","metadata":{"name":"a"}}',
    '{"kind":"Nonsense","apiVersion":"v1","metadata":{"name":"a"}}',
    '{"kind":"Nonsense","metadata":{"name":"a"}}',
    '{"apiVersion":"a/b/c","metadata":{"name":"a"}}',
    '{"apiVersion":"v9","metadata":{"name":"a"}}',
    '{"kind":"ConfigMapList","apiVersion":"v1","items":[]}',
    '{"kind":"List","apiVersion":"v1","items":[]}',
    '{"kind":5,"apiVersion":"v1","metadata":{"name":"a"}}',
    '{"kind":"ConfigMap","apiVersion":"v1","metadata":"x"}',
    '{"kind":"ConfigMap","apiVersion":"v1","metadata":[]}',
    '{"metadata":{"name":5}}',
    '{"metadata":{"name":"n1","labels":{"a":5}}}',
    '{"metadata":{"name":"n2","labels":[]}}',
    '{"metadata":{"name":"n3","annotations":{"a":true}}}',
    '{"metadata":{"name":"n4"},"data":{"a":5}}',
    '{"metadata":{"name":"n5"},"data":"x"}',
    '{"metadata":{"name":"n6"},"binaryData":{"a":"%"}}',
    '{"metadata":{"name":"n7"},"binaryData":{"a":5}}',
    '{"metadata":{"name":"n8"},"immutable":"yes"}',
    '{"metadata":{"name":"n9","creationTimestamp":"yesterday"}}',
    '{"metadata":{"name":"n10","creationTimestamp":5}}',
    '{"metadata":{"name":"n11","generation":"x"}}',
    '{"metadata":{"name":"n12","generation":1.5}}',
    '{"metadata":{"name":"n13","finalizers":"x"}}',
    '{"metadata":{"name":"n14","finalizers":[5]}}',
    '{"metadata":{"name":"n15","ownerReferences":[{"controller":"x"}]}}',
    '{"metadata":{"name":"n16"},"data":null,"binaryData":null}',
    '{"metadata":{"name":"n17"},"data":{"a":null}}',
    '{"metadata":{"name":"n18"},"Data":{"a":"b"}}',
    '{"METADATA":{"name":"n19"}}',
    '\ufeff{"metadata":{"name":"n20"}}',
    '{"metadata":{"name":"n21"},"data":{"a":"\u0000"}}',
  ]),
  {
    name: 'writes: numbers, amounts, times and lists of the wrong type',
    run: async (api) => {
      const pod = (spec) =>
        api.post(path(api, 'pods'), { metadata: { name: 'a' }, spec: { containers, ...spec } });
      await pod({ terminationGracePeriodSeconds: '5' });
      await pod({ terminationGracePeriodSeconds: 1.5 });
      await pod({ hostNetwork: 'true' });
      await pod({ containers: {} });
      await pod({ containers: ['x'] });
      await pod({ containers: [{ name: 'c', image: 5 }] });
      await pod({ containers: [{ name: 'c', image: 'i', ports: [{ containerPort: 'http' }] }] });
      await pod({
        containers: [{ name: 'c', image: 'i', ports: [{ containerPort: 3000000000 }] }],
      });
      await pod({
        containers: [{ name: 'c', image: 'i', resources: { limits: { cpu: 'much' } } }],
      });
      await pod({ containers: [{ name: 'c', image: 'i', resources: { limits: { cpu: true } } }] });
      await pod({ containers: [{ name: 'c', image: 'i', env: [{ name: 'A', value: 5 }] }] });
      await pod({ containers: [{ name: 'c', image: 'i', command: 'sh' }] });
      await pod({
        containers: [{ name: 'c', image: 'i', livenessProbe: { httpGet: { port: true } } }],
      });
      await pod({ nodeSelector: { a: 5 } });
      await pod({ volumes: { a: 'b' } });
      await pod(null);
      await api.post(path(api, 'pods'), { metadata: { name: 'a' }, spec: 'x' });
      await api.post(path(api, 'pods'), { metadata: { name: 'a' }, spec: [] });

      await api.post(path(api, 'deployments'), {
        metadata: { name: 'a' },
        spec: { replicas: '3' },
      });

      await api.post(path(api, 'deployments'), {
        metadata: { name: 'a' },
        spec: { replicas: 2.5 },
      });

      await api.post(path(api, 'deployments'), {
        metadata: { name: 'a' },
        spec: { selector: { matchLabels: { a: 1 } } },
      });

      await api.post(path(api, 'services'), {
        metadata: { name: 'a' },
        spec: { ports: [{ port: '80' }] },
      });

      await api.post(path(api, 'secrets'), { metadata: { name: 'a' }, data: { a: 'not base64!' } });
      await api.post(path(api, 'secrets'), { metadata: { name: 'a' }, stringData: { a: 5 } });
      await api.post(path(api, 'leases'), { metadata: { name: 'a' }, spec: { renewTime: 'x' } });

      await api.post(path(api, 'persistentvolumeclaims'), {
        metadata: { name: 'a' },
        spec: { resources: { requests: { storage: '5 Gi' } } },
      });
    },
  },
  sendBodies(
    'writes: unknown and repeated fields of JSON, strictly',
    [
      '{"metadata":{"name":"a"},"unknown":1}',
      '{"metadata":{"name":"a","unknown":1,"other":2},"data":{"x":"y"},"deep":{"er":[1]}}',
      '{"metadata":{"name":"a"},"data":{"x":"1","x":"2"}}',
      '{"metadata":{"name":"a"},"metadata":{"name":"b"}}',
      '{"metadata":{"name":"a","name":"b"},"unknown":1,"unknown":2}',
      '{"kind":"ConfigMap","kind":"ConfigMap","metadata":{"name":"c"}}',
      '{"metadata":{"name":"a","labels":{"x":"1","x":"2"}}}',
      '{"metadata":{"name":"a"},"Data":{"x":"1"}}',
      '{"metadata":{"name":"A"},"unknown":1}',
      '{"metadata":{"name":5},"unknown":1}',
      '{"metadata":{"name":"ok"}}',
    ],
    '?fieldValidation=Strict',
  ),
  sendBodies('writes: unknown and repeated fields of JSON, with warnings', [
    '{"metadata":{"name":"a"},"unknown":1}',
    '{"metadata":{"name":"b","unknown":1,"other":2},"data":{"x":"y"},"deep":{"er":[1]}}',
    '{"metadata":{"name":"c"},"data":{"x":"1","x":"2"}}',
    '{"metadata":{"name":"d","name":"e"},"unknown":1,"unknown":2}',
    '{"metadata":{"name":"f"},"metadata":{"labels":{"a":"b"}}}',
    '{"metadata":{"name":"A"},"unknown":1}',
    '{"metadata":{"name":"a"},"unknown":1}',
  ]),
  sendBodies(
    'writes: unknown and repeated fields of JSON, ignored',
    ['{"metadata":{"name":"a"},"unknown":1}', '{"metadata":{"name":"c"},"data":{"x":"1","x":"2"}}'],
    '?fieldValidation=Ignore',
  ),
  sendBodies(
    'writes: YAML, strictly',
    [
      'metadata:\n  name: a\n',
      'metadata:\n  name: a\nunknown: 1\n',
      'metadata:\n  name: b\n  name: c\n',
      'metadata:\n  name: b\ndata:\n  x: "1"\n  x: "2"\nunknown: 1\n',
      'metadata:\n  name: b\nmetadata:\n  name: c\n',
      'metadata: {name: d}\ndata: {a: 5}\n',
    ],
    '?fieldValidation=Strict',
    yaml,
  ),
  sendBodies(
    'writes: YAML',
    [
      'kind: ConfigMap\napiVersion: v1\nmetadata:\n  name: a\ndata:\n  a: |\n    x\n    y\n',
      'metadata:\n  name: b\nunknown: 1\n',
      'metadata:\n  name: c\ndata:\n  x: "1"\n  x: "2"\n',
      'metadata:\n  name: d\n  name: e\nunknown: 1\n',
      '---\nmetadata:\n  name: f\n',
      'metadata:\n  name: g\n---\nmetadata:\n  name: h\n',
      'metadata: [',
      '\tmetadata: x',
      'a: b: c',
      '',
      '# nothing\n',
      'just text',
      '- a\n- b\n',
      'metadata:\n  name: i\ndata:\n  a: yes\n',
      'metadata:\n  name: j\ndata:\n  a: 5\n',
      'metadata:\n  name: k\nimmutable: yes\n',
      'metadata:\n  name: l\ndata: {a: "b", 5: "c", true: "d"}\n',
      'metadata: &m\n  name: m\ndata:\n  <<: {a: b}\n',
      'metadata:\n  name: n\ndata:\n  a: 2020-01-01\n',
      'metadata:\n  name: o\ndata:\n  a: ~\n',
      '{"metadata":{"name":"p"}}',
      'kind: Secret\napiVersion: v1\nmetadata:\n  name: q\n',
    ],
    '',
    yaml,
  ),
  {
    name: 'writes: unknown and repeated fields deep in other kinds',
    run: async (api) => {
      const deployment = JSON.stringify({
        metadata: { name: 'd' },
        spec: { selector: { matchLabels: labels }, template },
      });

      const odd = deployment
        .replace(
          '"image":"busybox:1"',
          '"image":"busybox:1","image":"busybox:2","imagePullPolcy":"Always"',
        )
        .replace('"spec":{"sel', '"spec":{"replica":1,"sel');

      for (const mode of ['Strict', 'Warn', 'Ignore']) {
        await api.call('POST', `${path(api, 'deployments')}?fieldValidation=${mode}&dryRun=All`, {
          body: odd,
        });
      }

      await api.call('POST', path(api, 'deployments'), { body: deployment });

      const at = `${path(api, 'deployments')}/d`;

      for (const mode of ['Strict', 'Warn', 'Ignore']) {
        await api.call('PUT', `${at}?fieldValidation=${mode}&dryRun=All`, { body: odd });

        await api.patch(
          `${at}?fieldValidation=${mode}&dryRun=All`,
          { spec: { replica: 1 } },
          'merge',
        );
      }

      await api.post(`${path(api, 'pods')}?fieldValidation=Strict`, {
        metadata: { name: 'p' },
        spec: {
          containers: [
            { name: 'c', image: 'i', volumeMounts: [{ nam: 'x' }], env: [{ valu: 'x' }] },
          ],
          volume: [],
        },
        statu: {},
      });

      await api.post(`${path(api, 'services')}?fieldValidation=Strict`, {
        metadata: { name: 's' },
        spec: { ports: [{ port: 1, targetport: 5 }], selector: { any: 'key' } },
      });
    },
  },
  {
    name: 'writes: media types',
    run: async (api) => {
      const maps = path(api, 'configmaps');

      const send = (type, name, body = map(name)) =>
        api.call('POST', maps, {
          body: typeof body === 'string' ? body : JSON.stringify(body),
          headers: { 'content-type': type },
        });

      await send('text/plain', 'a');
      await send('application/xml', 'b');
      await send('application/json; charset=utf-8', 'c');
      await send('application/x-www-form-urlencoded', 'd');
      await send('application/json-patch+json', 'e');
      await send('APPLICATION/JSON', 'f');
      await send('*/*', 'g');
      await send('nonsense', 'h');
      await send('application/yaml; charset=utf-8', 'i');
      await send('application/vnd.kubernetes.protobuf', 'j');
      await send('application/json;', 'k');
      await send('application/cbor', 'l');
      await send(undefined, 'm');

      await api.call('PUT', `${maps}/c`, {
        body: map('c'),
        headers: { 'content-type': 'text/plain' },
      });

      await api.call('PATCH', `${maps}/c`, {
        body: {},
        headers: { 'content-type': 'application/json' },
      });

      await api.call('PATCH', `${maps}/c`, { body: {}, headers: { 'content-type': 'text/plain' } });
      await api.call('POST', maps, { body: map('x'), headers: { accept: 'text/html' } });
      await api.call('POST', maps, { body: map('y'), headers: { accept: 'application/yaml' } });
    },
  },
  {
    name: 'writes: bodies that are too large',
    run: async (api) => {
      const maps = path(api, 'configmaps');
      await api.post(maps, map('a', { data: { a: 'x'.repeat(1 << 20) } }));
      await api.post(maps, map('b', { data: { a: 'x'.repeat((1 << 20) + 1) } }));

      await api.post(
        maps,
        map('c', { data: { a: 'x'.repeat(1 << 19), b: 'x'.repeat((1 << 19) + 1) } }),
      );

      await api.post(path(api, 'secrets'), {
        metadata: { name: 'a' },
        stringData: { a: 'x'.repeat((1 << 20) + 1) },
      });

      await api.post(maps, map('d', { data: { a: 'x'.repeat(3 << 20) } }));
      await api.post(path(api, 'services'), {
        metadata: { name: 'a', annotations: { a: 'x'.repeat(1 << 18) } },
      });
    },
  },
  {
    name: 'writes: status apart from spec, generation',
    run: async (api) => {
      const deployments = path(api, 'deployments');
      const spec = { replicas: 0, selector: { matchLabels: labels }, template };
      const odd = { status: { replicas: 5, observedGeneration: 9 } };

      for (const [resource, body] of /** @type {[string, any][]} */ ([
        [
          'services',
          {
            spec: { ports: [{ port: 1 }] },
            status: { loadBalancer: { ingress: [{ ip: '1.2.3.4' }] } },
          },
        ],
        [
          'namespaces',
          { metadata: { name: `${api.namespace}-b` }, status: { phase: 'Terminating' } },
        ],
        [
          'resourcequotas',
          { spec: { hard: { 'requests.cpu': '1' } }, status: { hard: { 'requests.cpu': '5' } } },
        ],
        [
          'poddisruptionbudgets',
          { spec: { minAvailable: 1, selector: {} }, status: { currentHealthy: 5 } },
        ],
        [
          'ingresses',
          {
            spec: { rules: [{ host: 'a.b' }] },
            status: { loadBalancer: { ingress: [{ ip: '1.2.3.4' }] } },
          },
        ],
        ['networkpolicies', { spec: { podSelector: {} } }],
        [
          'horizontalpodautoscalers',
          {
            spec: { maxReplicas: 3, scaleTargetRef: { kind: 'X', name: 'x' } },
            status: { desiredReplicas: 4 },
          },
        ],
        [
          'cronjobs',
          {
            spec: {
              suspend: true,
              schedule: '@daily',
              jobTemplate: { spec: { template: { spec: { containers, restartPolicy: 'Never' } } } },
            },
            status: { lastScheduleTime: '2020-01-01T00:00:00Z' },
          },
        ],
      ])) {
        await api.post(path(api, resource), {
          ...body,
          metadata: { name: 'a', generation: 7, ...body.metadata },
        });
      }

      await api.delete(`/api/v1/namespaces/${api.namespace}-b`);

      await api.put(`${path(api, 'ingresses')}/a`, {
        metadata: { name: 'a' },
        spec: { rules: [{ host: 'c.d' }] },
      });

      await api.put(`${path(api, 'ingresses')}/a`, {
        metadata: { name: 'a', labels },
        spec: { rules: [{ host: 'c.d' }] },
      });

      await api.put(`${path(api, 'ingresses')}/a/status`, {
        metadata: { name: 'a' },
        spec: { rules: [{ host: 'e.f' }] },
        status: { loadBalancer: { ingress: [{ hostname: 'x' }] } },
      });

      await api.put(`${path(api, 'networkpolicies')}/a`, {
        metadata: { name: 'a' },
        spec: { podSelector: { matchLabels: labels } },
      });

      await api.put(`${path(api, 'networkpolicies')}/a/status`, { metadata: { name: 'a' } });

      await api.put(`${path(api, 'cronjobs')}/a/status`, {
        metadata: { name: 'a' },
        status: { lastScheduleTime: '2020-01-01T00:00:00Z' },
      });

      await api.put(`${path(api, 'configmaps')}/a/status`, map('a'));

      await api.put(`${path(api, 'services')}/a/status`, {
        metadata: { name: 'a', labels, annotations: labels },
        status: { loadBalancer: { ingress: [{ ip: 'x' }] } },
      });

      await api.patch(
        `${path(api, 'services')}/a/status`,
        {
          metadata: { labels },
          status: {
            conditions: [
              {
                type: 'A',
                status: 'True',
                reason: 'R',
                message: '',
                lastTransitionTime: '2020-01-01T00:00:00Z',
              },
            ],
          },
        },
        'merge',
      );

      await api.post(`${deployments}?dryRun=All`, { metadata: { name: 'd' }, spec, ...odd });
    },
  },
];
