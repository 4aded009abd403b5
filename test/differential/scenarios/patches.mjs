// Patches: JSON patch, merge patch, strategic merge patch, server-side apply.

const deployment = (name = 'd') => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, labels: { app: 'a' }, annotations: { one: '1', two: '2' } },
  spec: {
    // Without work for a controller, whose own writes would show.
    paused: true,
    replicas: 0,
    selector: { matchLabels: { app: 'a' } },
    template: {
      metadata: { labels: { app: 'a' } },
      spec: {
        containers: [
          {
            name: 'one',
            image: 'one:1',
            env: [
              { name: 'A', value: '1' },
              { name: 'B', value: '2' },
            ],
            ports: [{ containerPort: 80 }, { containerPort: 81, name: 'x' }],
            args: ['a', 'b'],
          },
          { name: 'two', image: 'two:1', volumeMounts: [{ name: 'v', mountPath: '/v' }] },
        ],
        volumes: [{ name: 'v', emptyDir: {} }],
        tolerations: [{ key: 'k', operator: 'Exists' }],
      },
    },
  },
});

const service = (name = 's') => ({
  metadata: { name },
  spec: {
    clusterIP: 'None',
    selector: { a: 'b' },
    ports: [
      { name: 'http', port: 80 },
      { name: 'https', port: 443 },
    ],
  },
});

/** A template object whose status no controller writes. */
const template = (name = 't') => ({
  apiVersion: 'v1',
  kind: 'PodTemplate',
  metadata: { name, finalizers: ['a.example.com/x', 'b.example.com/y'] },
  template: deployment().spec.template,
});

const crd = (group) => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `widgets.${group}` },
  spec: {
    group,
    scope: 'Namespaced',
    names: { plural: 'widgets', kind: 'Widget' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: {
                type: 'object',
                properties: {
                  size: { type: 'integer' },
                  tags: {
                    type: 'array',
                    'x-kubernetes-list-type': 'set',
                    items: { type: 'string' },
                  },
                  parts: {
                    type: 'array',
                    'x-kubernetes-list-type': 'map',
                    'x-kubernetes-list-map-keys': ['id'],
                    items: {
                      type: 'object',
                      required: ['id'],
                      properties: { id: { type: 'string' }, count: { type: 'integer' } },
                    },
                  },
                  order: { type: 'array', items: { type: 'string' } },
                  whole: {
                    type: 'object',
                    'x-kubernetes-map-type': 'atomic',
                    additionalProperties: { type: 'string' },
                  },
                },
              },
              status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
            },
          },
        },
      },
    ],
  },
});

async function widgets(api) {
  const group = `${api.namespace}.example.com`;
  await api.quietly('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
    body: crd(group),
  });

  const list = `/apis/${group}/v1/namespaces/${api.namespace}/widgets`;
  await api.until(list, (_, status) => status === 200);

  return {
    list,
    widget: (spec) => ({
      apiVersion: `${group}/v1`,
      kind: 'Widget',
      metadata: { name: 'w' },
      spec,
    }),
  };
}

const apply = (api, path, body, parameters = {}) =>
  api.patch(
    `${path}?${new URLSearchParams({ fieldManager: 'first', ...parameters })}`,
    body,
    'apply',
  );

export default [
  {
    name: 'JSON patch',
    run: async (api) => {
      const one = `${api.core}/configmaps/c`;

      await api.post(`${api.core}/configmaps`, {
        metadata: { name: 'c', labels: { a: 'b' } },
        data: { x: '1', y: '2' },
      });

      for (const patch of [
        [{ op: 'add', path: '/data/z', value: '3' }],
        [{ op: 'replace', path: '/data/x', value: 'new' }],
        [{ op: 'remove', path: '/data/y' }],
        [{ op: 'move', from: '/data/x', path: '/data/moved' }],
        [{ op: 'copy', from: '/data/moved', path: '/data/copied' }],
        [
          { op: 'test', path: '/data/copied', value: 'new' },
          { op: 'add', path: '/data/tested', value: 'yes' },
        ],
        [{ op: 'test', path: '/data/copied', value: 'other' }],
        [{ op: 'remove', path: '/data/none' }],
        [{ op: 'replace', path: '/data/none', value: 'x' }],
        [{ op: 'add', path: '/metadata/labels/a.b~1c', value: 'slash' }],
        [{ op: 'add', path: '/nothing/here', value: 'x' }],
        [{ op: 'shout', path: '/data/x' }],
        [{ op: 'add', path: 'data', value: {} }],
        [{ op: 'replace', path: '/metadata/name', value: 'other' }],
        [{ op: 'add', path: '/data/number', value: 5 }],
        [{ op: 'replace', path: '', value: {} }],
        { op: 'add' },
        'nonsense',
        [],
      ]) {
        await api.patch(one, patch, 'json');
      }

      await api.get(one);
    },
  },
  {
    name: 'JSON patch of lists',
    run: async (api) => {
      const one = `${api.core}/podtemplates/t`;

      await api.post(`${api.core}/podtemplates`, template());

      for (const patch of [
        [{ op: 'add', path: '/template/spec/containers/0/args/-', value: 'c' }],
        [{ op: 'add', path: '/template/spec/containers/0/args/0', value: 'first' }],
        [{ op: 'remove', path: '/template/spec/containers/0/args/1' }],
        [{ op: 'remove', path: '/template/spec/containers/0/args/9' }],
        [{ op: 'add', path: '/template/spec/containers/0/args/9', value: 'x' }],
        [{ op: 'add', path: '/template/spec/containers/0/args/x', value: 'x' }],
        [{ op: 'replace', path: '/template/spec/containers/-1/image', value: 'x' }],
        [{ op: 'replace', path: '/template/spec/containers/1/image', value: 'two:2' }],
        [{ op: 'remove', path: '/metadata/finalizers/0' }],
        [{ op: 'test', path: '/template/spec/containers/0/args', value: ['first', 'b', 'c'] }],
      ]) {
        await api.patch(one, patch, 'json');
      }
    },
  },
  {
    name: 'merge patch',
    run: async (api) => {
      const one = `${api.core}/configmaps/c`;

      await api.post(`${api.core}/configmaps`, {
        metadata: { name: 'c', labels: { a: 'b' } },
        data: { x: '1', y: '2' },
      });

      for (const patch of [
        { data: { x: null, z: '3' } },
        { metadata: { labels: null, annotations: { n: '1' } } },
        { data: { deep: { er: 1 } } },
        { unknown: 'field' },
        { metadata: { name: 'other' } },
        { metadata: { namespace: 'other' } },
        { metadata: { resourceVersion: '1' } },
        { metadata: { uid: 'other' } },
        { kind: 'Secret' },
        { apiVersion: 'v2' },
        { metadata: { creationTimestamp: null, generation: 7 } },
        [],
        'text',
        5,
        {},
      ]) {
        await api.patch(one, patch);
      }

      await api.patch(one, '{"data":', 'merge');
      await api.patch(`${one}?fieldValidation=Strict`, { unknown: 1 });
      await api.patch(`${one}?fieldValidation=Ignore`, { unknown: 1 });
      await api.patch(`${one}?dryRun=All`, { data: { dry: 'run' } });
      await api.get(one);
    },
  },
  {
    name: 'strategic merge patch of containers, env, ports and volumes',
    run: async (api) => {
      const one = `${api.core}/podtemplates/t`;

      await api.post(`${api.core}/podtemplates`, template());

      const spec = (spec) => ({ template: { spec } });
      const { uid } = (await api.quietly('GET', `${api.core}/configmaps/kube-root-ca.crt`)).body
        .metadata;
      for (const patch of [
        spec({ containers: [{ name: 'one', image: 'one:2' }] }),
        spec({ containers: [{ name: 'three', image: 'three:1' }] }),
        spec({
          containers: [
            {
              name: 'one',
              env: [
                { name: 'A', value: 'changed' },
                { name: 'C', value: '3' },
              ],
            },
          ],
        }),
        spec({ containers: [{ name: 'one', env: [{ name: 'B', $patch: 'delete' }] }] }),
        spec({ containers: [{ name: 'one', ports: [{ containerPort: 82 }] }] }),
        spec({ containers: [{ name: 'one', ports: [{ containerPort: 81, name: 'y' }] }] }),
        spec({ containers: [{ name: 'one', args: ['new'] }] }),
        spec({ containers: [{ name: 'one', args: null }] }),
        spec({ containers: [{ $patch: 'delete', name: 'three' }] }),
        spec({
          '$setElementOrder/containers': [{ name: 'two' }, { name: 'one' }],
          containers: [{ name: 'one', image: 'one:3' }],
        }),
        spec({ '$setElementOrder/containers': [{ name: 'two' }, { name: 'one' }] }),
        spec({ volumes: [{ name: 'v', emptyDir: null, configMap: { name: 'c' } }] }),
        spec({
          volumes: [
            { name: 'v', $retainKeys: ['name', 'emptyDir'], emptyDir: { medium: 'Memory' } },
          ],
        }),
        spec({ tolerations: [{ key: 'other', operator: 'Exists' }] }),
        spec({ containers: [{ $patch: 'replace' }, { name: 'only', image: 'only:1' }] }),
        spec({ nodeSelector: { a: 'b' } }),
        spec({ nodeSelector: { $patch: 'replace', c: 'd' } }),
        spec({ nodeSelector: { $patch: 'delete' } }),
        spec({ securityContext: { $patch: 'replace', runAsUser: 5 } }),
        { metadata: { finalizers: ['c.example.com/z'] } },
        { metadata: { '$deleteFromPrimitiveList/finalizers': ['a.example.com/x'] } },
        {
          metadata: {
            '$setElementOrder/finalizers': ['c.example.com/z', 'b.example.com/y'],
            finalizers: ['c.example.com/z'],
          },
        },
        spec({ containers: [{ image: 'nameless' }] }),
        spec({ containers: 'text' }),
        spec({ containers: [{ name: 'only', $patch: 'explode' }] }),
        { metadata: { labels: { $patch: 'replace', x: 'y' } } },
        {
          metadata: {
            ownerReferences: [
              { apiVersion: 'v1', kind: 'ConfigMap', name: 'kube-root-ca.crt', uid },
            ],
          },
        },
        { metadata: { ownerReferences: [{ $patch: 'delete', uid }] } },
        'text',
        [],
      ]) {
        await api.patch(one, patch, 'strategic');
      }

      await api.patch(`${one}?fieldValidation=Strict`, spec({ unknown: 1 }), 'strategic');
      await api.get(one);
    },
  },
  {
    name: 'strategic merge patch of services',
    run: async (api) => {
      const one = `${api.core}/services/s`;

      await api.post(`${api.core}/services`, service());

      for (const patch of [
        { spec: { ports: [{ port: 80, name: 'web' }] } },
        { spec: { ports: [{ port: 443, $patch: 'delete' }] } },
        { spec: { ports: [{ port: 53, protocol: 'UDP', name: 'dns' }] } },
        { spec: { ports: [{ port: 53, protocol: 'TCP', name: 'dns-tcp' }] } },
        { spec: { selector: { c: 'd' } } },
        { spec: { selector: null } },
        {
          spec: {
            '$setElementOrder/ports': [{ port: 53 }, { port: 80 }],
            ports: [{ port: 80, targetPort: 8080 }],
          },
        },
      ]) {
        await api.patch(one, patch, 'strategic');
      }
    },
  },
  {
    name: 'patches that a resource does not take',
    run: async (api) => {
      const { list, widget } = await widgets(api);
      await api.post(list, widget({ size: 1 }));
      await api.patch(`${list}/w`, { spec: { size: 2 } }, 'strategic');
      await api.patch(`${list}/w`, { spec: { size: 2 } });
      await api.patch(`${list}/w`, [{ op: 'replace', path: '/spec/size', value: 3 }], 'json');
      await api.patch(`${list}/w`, { spec: { size: 'x' } });
      await api.patch(`${list}/none`, { spec: {} });

      for (const type of ['application/json', 'text/plain', 'application/yaml']) {
        await api.call('PATCH', `${list}/w`, { body: '{}', headers: { 'content-type': type } });

        await api.call('PATCH', `${api.core}/configmaps/kube-root-ca.crt`, {
          body: '{}',
          headers: { 'content-type': type },
        });
      }

      await api.patch(`${api.core}/configmaps/kube-root-ca.crt?force=true`, {});
    },
  },
  {
    name: 'apply creates, changes and drops',
    run: async (api) => {
      const one = `${api.core}/configmaps/c`;

      const map = (data, labels) => ({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'c', ...(labels && { labels }) },
        data,
      });

      await apply(api, one, map({ a: '1', b: '2' }, { x: 'y' }));
      await apply(api, one, map({ a: '1', b: '2' }, { x: 'y' }));
      await apply(api, one, map({ a: 'changed' }));
      await apply(api, one, map({ c: '3' }), { fieldManager: 'second' });
      await apply(api, one, map({ a: 'mine' }), { fieldManager: 'second' });
      await apply(api, one, map({ a: 'mine', c: '3' }), { fieldManager: 'second', force: 'true' });
      await apply(api, one, map({ a: 'changed' }));
      await apply(api, one, map({ a: 'mine' }));
      await apply(api, one, map({}), { fieldManager: 'second' });
      await apply(api, one, map({ a: 'new' }), { dryRun: 'All' });
      await api.put(one, { ...map({ a: 'updated' }) });
      await apply(api, one, map({ a: 'applied' }));
      await apply(api, one, map({ a: 'applied' }), { force: 'true' });
      await api.get(one);
    },
  },
  {
    name: 'apply that is refused',
    run: async (api) => {
      const one = `${api.core}/configmaps/c`;
      const good = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' } };

      await api.patch(one, good, 'apply');
      await api.patch(`${one}?fieldManager=`, good, 'apply');
      await api.patch(`${one}?fieldManager=${'x'.repeat(129)}`, good, 'apply');
      await api.patch(`${one}?fieldManager=a%01b`, good, 'apply');
      await apply(api, one, { metadata: { name: 'c' } });
      await apply(api, one, { ...good, kind: 'Secret' });
      await apply(api, one, { ...good, apiVersion: 'v9' });
      await apply(api, one, { ...good, metadata: { name: 'other' } });
      await apply(api, one, { ...good, metadata: { name: 'c', namespace: 'other' } });

      await apply(api, one, {
        ...good,
        metadata: { name: 'c', managedFields: [{ manager: 'x' }] },
      });

      await apply(api, one, { ...good, metadata: { name: 'c', resourceVersion: '1' } });
      await apply(api, one, { ...good, unknown: 'field' });
      await apply(api, one, { ...good, unknown: 'field' }, { fieldValidation: 'Strict' });
      await apply(api, one, { ...good, data: { a: 1 } });
      await apply(api, one, 'a: [');
      await apply(api, one, '5');
      await apply(api, one, '');

      await apply(api, one, {
        ...good,
        metadata: { name: 'c', uid: '5b1e7a33-50ac-4d0a-9b0d-2a2b5e0c5f01' },
      });

      await apply(
        api,
        one,
        'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: "1"}\ndata: {b: "2"}\n',
      );

      await apply(
        api,
        one,
        'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {yaml: "yes"}\n',
      );

      await apply(api, `${one}/status`, good);
      await apply(api, `${api.core}/configmaps`, good);
    },
  },
  {
    name: 'apply of lists by keys',
    run: async (api) => {
      const one = `${api.core}/podtemplates/t`;

      const spec = (spec) => ({
        apiVersion: 'v1',
        kind: 'PodTemplate',
        metadata: { name: 't' },
        template: { metadata: { labels: { a: 'b' } }, spec },
      });

      await apply(
        api,
        one,
        spec({
          containers: [
            {
              name: 'one',
              image: 'x',
              env: [
                { name: 'A', value: '1' },
                { name: 'B', value: '2' },
              ],
              ports: [{ containerPort: 80, protocol: 'TCP' }],
            },
          ],
        }),
      );

      await apply(api, one, spec({ containers: [{ name: 'side', image: 'side' }] }), {
        fieldManager: 'second',
      });

      await apply(
        api,
        one,
        spec({
          containers: [
            {
              name: 'one',
              image: 'x',
              env: [
                { name: 'B', value: '2' },
                { name: 'C', value: '3' },
              ],
              ports: [
                { containerPort: 80, protocol: 'TCP' },
                { containerPort: 81, protocol: 'UDP' },
              ],
            },
          ],
        }),
      );

      await apply(api, one, spec({ containers: [{ name: 'one', image: 'other' }] }), {
        fieldManager: 'second',
      });

      await apply(
        api,
        one,
        spec({
          containers: [{ name: 'one', image: 'x', args: ['a', 'b'] }],
          tolerations: [{ key: 'k', operator: 'Exists' }],
        }),
      );

      await apply(
        api,
        one,
        spec({
          containers: [{ name: 'one', image: 'x', args: ['b'] }],
          volumes: [{ name: 'v', emptyDir: {} }],
          nodeSelector: { x: 'y' },
        }),
      );

      await apply(
        api,
        one,
        spec({
          containers: [
            { name: 'one', image: 'x' },
            { name: 'one', image: 'y' },
          ],
        }),
      );

      await apply(api, one, spec({ containers: [{ image: 'nameless' }] }));

      await apply(
        api,
        one,
        spec({
          containers: [
            { name: 'one', image: 'x', ports: [{ containerPort: 80 }, { containerPort: 80 }] },
          ],
        }),
      );

      await apply(api, one, spec({ containers: [{ name: 'one', image: 'x' }] }));
    },
  },
  {
    name: 'apply to subresources',
    run: async (api) => {
      const list = `${api.group('apps/v1')}/deployments`;
      await apply(api, `${list}/d`, deployment());

      await apply(
        api,
        `${list}/d/scale`,
        {
          apiVersion: 'autoscaling/v1',
          kind: 'Scale',
          metadata: { name: 'd' },
          spec: { replicas: 2 },
        },
        { fieldManager: 'scaler' },
      );

      const ingress = {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'Ingress',
        metadata: { name: 'i' },
      };

      const path = `${api.group('networking.k8s.io/v1')}/ingresses/i`;
      await apply(api, path, {
        ...ingress,
        spec: { defaultBackend: { service: { name: 's', port: { number: 80 } } } },
      });

      const status = { loadBalancer: { ingress: [{ ip: '1.2.3.4' }] } };
      await apply(api, `${path}/status`, { ...ingress, status }, { fieldManager: 'status' });

      await apply(
        api,
        path,
        { ...ingress, spec: { ingressClassName: 'x' }, status: { loadBalancer: {} } },
        { fieldManager: 'second' },
      );
    },
  },
  {
    name: 'apply to custom resources',
    run: async (api) => {
      const { list, widget } = await widgets(api);
      const one = `${list}/w`;
      await apply(
        api,
        one,
        widget({
          size: 1,
          tags: ['a', 'b'],
          parts: [{ id: 'x', count: 1 }],
          order: ['1', '2'],
          whole: { a: 'b' },
        }),
      );

      await apply(api, one, widget({ tags: ['c'], parts: [{ id: 'y' }] }), {
        fieldManager: 'second',
      });

      await apply(
        api,
        one,
        widget({ size: 1, tags: ['b'], parts: [{ id: 'x', count: 2 }], order: ['2'] }),
      );

      await apply(api, one, widget({ order: ['3'] }), { fieldManager: 'second' });
      await apply(api, one, widget({ parts: [{ id: 'x', count: 9 }] }), { fieldManager: 'second' });

      await apply(api, one, widget({ parts: [{ id: 'x', count: 9 }] }), {
        fieldManager: 'second',
        force: 'true',
      });

      await apply(api, one, widget({ tags: ['a', 'a'] }), { fieldManager: 'third' });
      await apply(api, one, widget({ parts: [{ count: 1 }] }), { fieldManager: 'third' });
      await apply(api, one, widget({ size: 'big' }), { fieldManager: 'third' });
      await apply(api, one, { ...widget({}), status: { ready: true } }, { fieldManager: 'third' });

      await apply(
        api,
        `${one}/status`,
        { ...widget(undefined), spec: undefined, status: { ready: true, list: [1] } },
        { fieldManager: 'status' },
      );

      await apply(api, one, widget(undefined));
      await api.get(one);
    },
  },
  {
    name: 'from client-side to server-side apply',
    run: async (api) => {
      const manifest = (data) =>
        `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\ndata: ${JSON.stringify(data)}\n`;
      await api.kubectl('apply -f -', manifest({ a: '1', b: '2' }));
      await api.kubectl('apply -f -', manifest({ a: '1', c: '3' }));
      await api.get(`${api.core}/configmaps/c`);
      await api.kubectl('apply --server-side -f -', manifest({ a: '2' }));
      await api.kubectl('apply --server-side --force-conflicts -f -', manifest({ a: '2' }));
      await api.get(`${api.core}/configmaps/c`);
      await api.kubectl('apply --server-side --field-manager=other -f -', manifest({ a: 'other' }));
      await api.kubectl('apply view-last-applied configmap c');
      await api.kubectl('diff -f -', manifest({ a: '2' }));
      await api.kubectl('replace -f -', manifest({ z: '1' }));
      await api.get(`${api.core}/configmaps/c`);
    },
  },
  {
    name: 'managed fields of updates',
    run: async (api) => {
      const one = `${api.core}/configmaps/c`;
      const map = (data, metadata = {}) => ({ metadata: { name: 'c', ...metadata }, data });

      await api.post(`${api.core}/configmaps?fieldManager=a`, map({ a: '1', b: '2' }));
      await api.put(`${one}?fieldManager=b`, map({ a: '1', b: 'changed' }));
      await api.put(`${one}?fieldManager=c`, map({ a: '1' }));
      await api.patch(`${one}?fieldManager=d`, { metadata: { labels: { x: 'y' } } });
      await api.put(one, map({ a: '1' }, { managedFields: [] }));
      await api.put(one, map({ a: '1' }, { managedFields: [{}] }));
      await api.put(one, map({ a: '1', z: '9' }));

      await api.put(
        one,
        map(
          { a: '1' },
          {
            managedFields: [
              {
                manager: 'x',
                operation: 'Shout',
                apiVersion: 'v1',
                fieldsType: 'FieldsV1',
                fieldsV1: {},
              },
            ],
          },
        ),
      );

      await api.put(
        one,
        map(
          { a: '1' },
          {
            managedFields: [
              {
                manager: 'x',
                operation: 'Update',
                apiVersion: 'v1',
                fieldsType: 'FieldsV1',
                fieldsV1: { 'f:data': { 'f:a': {} } },
              },
            ],
          },
        ),
      );

      await api.post(`${api.core}/configmaps?fieldManager=${'x'.repeat(129)}`, {
        metadata: { name: 'e' },
      });
      await api.post(`${api.core}/configmaps`, {
        metadata: { name: 'f', managedFields: [{ manager: 'x' }] },
      });
    },
  },
];
