// Tokens and the objects they are bound to, their issuers, and reviews without an answer.

const container = { name: 'c', image: 'i' };
const attributes = { verb: 'get', resource: 'pods' };
const authorization = '/apis/authorization.k8s.io/v1';

export default [
  {
    name: 'tokens bound to pods',
    run: async (api) => {
      for (const name of ['one', 'two']) {
        await api.quietly('POST', `${api.core}/serviceaccounts`, {
          body: { metadata: { name }, automountServiceAccountToken: false },
        });
      }

      const spec = {
        serviceAccountName: 'one',
        nodeSelector: { no: 'where' },
        containers: [container],
      };

      const { body: pod } = await api.quietly('POST', `${api.core}/pods`, {
        body: { metadata: { name: 'p' }, spec },
      });
      const { uid } = pod.metadata;
      const boundTo = (more) => ({
        spec: { boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'p', ...more } },
      });

      for (const [account, body] of [
        ['one', boundTo()],
        ['one', boundTo({ uid })],
        ['two', boundTo()],
        ['two', boundTo({ uid })],
        ['one', boundTo({ uid: '00000000-0000-0000-0000-000000000000' })],
        ['one', boundTo({ name: 'none' })],
        ['one', boundTo({ kind: 'Secret' })],
        ['one', boundTo({ apiVersion: 'apps/v1' })],
      ]) {
        const answer = await api.quietly('POST', `${api.core}/serviceaccounts/${account}/token`, {
          body,
        });
        const told = answer.status === 201 ? answer.body.spec : answer.body;

        api.transcript.push({ call: `token of ${account}`, status: answer.status, body: told });
      }
    },
  },
  {
    name: 'issuers of tokens',
    run: async (api) => {
      for (const path of ['/.well-known/openid-configuration', '/openid/v1/jwks']) {
        const { status, contentType, headers, body } = await api.quietly('GET', path);
        const keys = body.keys?.map((key) => Object.keys(key).sort()) ?? Object.keys(body);
        const { issuer } = body;
        api.transcript.push({
          call: path,
          status,
          contentType,
          cache: headers['cache-control'],
          keys,
          issuer,
        });

        for (const options of [
          { anonymous: true },
          { as: 'jane' },
          { headers: { accept: 'text/plain' } },
        ]) {
          const { status: other, body: told } = await api.quietly('GET', path, options);
          api.transcript.push({
            call: `${path} ${JSON.stringify(options)}`,
            status: other,
            body: other !== 200 && told,
          });
        }

        await api.post(path, {});
      }
    },
  },
  {
    name: 'reviews of access',
    run: async (api) => {
      const local = `namespaces/${api.namespace}/localsubjectaccessreviews`;
      const own = { ...attributes, namespace: api.namespace };
      const other = { path: '/', verb: 'get' };
      for (const [path, body] of [
        ['subjectaccessreviews', {}],
        [
          'subjectaccessreviews',
          { spec: { user: 'a', resourceAttributes: attributes, nonResourceAttributes: other } },
        ],
        [
          'subjectaccessreviews',
          { metadata: { labels: { a: 'b' } }, spec: { user: 'a', resourceAttributes: attributes } },
        ],
        ...[
          {
            fieldSelector: {
              rawSelector: 'a=b',
              requirements: [{ key: 'a', operator: 'In', values: ['b'] }],
            },
          },
          { labelSelector: {} },
          { fieldSelector: { requirements: [{ key: '', operator: 'In' }] } },
          { labelSelector: { requirements: [{ key: 'a b', operator: 'Exists', values: ['b'] }] } },
        ].map((more) => [
          'subjectaccessreviews',
          { spec: { user: 'a', resourceAttributes: { ...attributes, ...more } } },
        ]),
        ['selfsubjectaccessreviews', { spec: {} }],
        [
          'selfsubjectaccessreviews',
          { metadata: { namespace: 'x' }, spec: { resourceAttributes: attributes } },
        ],
        [local, { spec: { user: 'a', resourceAttributes: { ...attributes, namespace: 'other' } } }],
        [local, { spec: { user: 'a', nonResourceAttributes: other } }],
        [local, { metadata: { namespace: 'other' }, spec: { user: 'a', resourceAttributes: own } }],
        [local, { spec: { user: 'a', resourceAttributes: own } }],
      ]) {
        await api.post(`${authorization}/${path}`, body);
      }
    },
  },
];
