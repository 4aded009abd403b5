// Access: RBAC, escalation, reviews, impersonation, tokens, certificates.
import { setTimeout as sleep } from 'node:timers/promises';

const rbac = 'rbac.authorization.k8s.io';
const rbacGroup = `/apis/${rbac}/v1`;
const authorization = '/apis/authorization.k8s.io/v1';

const role = (name, rules) => ({ metadata: { name }, rules });

const rule = (verbs, resources, apiGroups = [''], more = {}) => ({
  verbs,
  resources,
  apiGroups,
  ...more,
});

const binding = (name, kind, ref, subjects) => ({
  metadata: { name },
  roleRef: { apiGroup: rbac, kind, name: ref },
  subjects,
});

const user = (name) => ({ kind: 'User', apiGroup: rbac, name });
const group = (name) => ({ kind: 'Group', apiGroup: rbac, name });

/**
 * Returns a user of this scenario with the rights of the rules in its namespace, once the server
 * knows them.
 */
async function allow(api, name, rules) {
  const as = `${name}-${api.namespace}`;
  const roles = `${api.group(`${rbac}/v1`)}/roles`;
  const bindings = `${api.group(`${rbac}/v1`)}/rolebindings`;

  await api.quietly('POST', roles, { body: role(name, rules) });
  await api.quietly('POST', bindings, { body: binding(name, 'Role', name, [user(as)]) });

  const [{ verbs, resources, apiGroups }] = rules;

  const resourceAttributes = {
    namespace: api.namespace,
    verb: verbs[0],
    group: apiGroups[0],
    resource: resources[0].split('/')[0],
  };

  const body = { spec: { user: as, resourceAttributes } };
  for (const end = Date.now() + 5000; ; await sleep(20)) {
    const review = await api.quietly('POST', `${authorization}/subjectaccessreviews`, { body });
    if (review.body.status?.allowed || Date.now() > end) {
      return as;
    }
  }
}

export default [
  {
    name: 'refusals name user, verb and resource',
    run: async (api) => {
      const as = `nobody-${api.namespace}`;

      for (const [method, path] of [
        ['GET', `${api.core}/pods`],
        ['GET', `${api.core}/pods/x`],
        ['GET', `${api.core}/pods/x/log`],
        ['GET', '/api/v1/pods'],
        ['GET', '/api/v1/nodes'],
        ['GET', '/api/v1/nodes/x'],
        ['GET', '/api/v1/namespaces'],
        ['GET', `/api/v1/namespaces/${api.namespace}`],
        ['GET', `${api.group('apps/v1')}/deployments`],
        ['GET', `${api.group('apps/v1')}/deployments/x/scale`],
        ['GET', `${api.core}/pods?watch=true`],
        ['GET', '/apis/none.example.com/v1/things'],
        ['GET', '/metrics'],
        ['GET', '/logs'],
        ['DELETE', `${api.core}/pods/x`],
        ['DELETE', `${api.core}/pods`],
        ['POST', `${api.core}/pods/x/exec`],
        ['POST', `${api.core}/serviceaccounts/default/token`],
      ]) {
        await api.call(method, path, { as });
      }

      await api.call('POST', `${api.core}/configmaps`, { as, body: { metadata: { name: 'x' } } });
      await api.call('PUT', `${api.core}/configmaps/x`, { as, body: { metadata: { name: 'x' } } });

      await api.call('PATCH', `${api.core}/configmaps/x`, {
        as,
        body: {},
        headers: { 'content-type': 'application/merge-patch+json' },
      });

      for (const path of ['/version', '/api', '/apis', '/healthz', '/readyz', '/openapi/v3']) {
        const { status } = await api.quietly('GET', path, { as });

        await api.get(path === '/version' ? '/livez' : '/readyz');

        if (status !== 200) {
          throw new Error(`${path}: ${status}`);
        }
      }
    },
  },
  {
    name: 'without credentials, and with wrong ones',
    run: async (api) => {
      for (const path of ['/api/v1/nodes', '/healthz', '/livez', '/readyz', '/', '/apis']) {
        const { status, body } = await api.quietly('GET', path, { anonymous: true });

        if (path === '/' || path === '/apis' || path === '/api/v1/nodes') {
          await api.call('GET', path, { anonymous: true });
        } else if (status !== 200) {
          throw new Error(`${path}: ${status} ${JSON.stringify(body)}`);
        }
      }

      await api.call('GET', '/api/v1/nodes', { token: 'wrong' });
      await api.call('GET', '/api/v1/nodes', { token: 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.' });

      await api.call('GET', '/api/v1/nodes', {
        anonymous: true,
        headers: { authorization: 'Basic YTpi' },
      });

      await api.call('GET', '/api/v1/nodes', {
        anonymous: true,
        headers: { authorization: 'Bearer' },
      });
    },
  },
  {
    name: 'roles allow their rules',
    run: async (api) => {
      const as = await allow(api, 'reader', [
        rule(['get', 'list', 'watch'], ['pods', 'pods/log']),
        rule(['get'], ['configmaps'], [''], { resourceNames: ['mine'] }),
        rule(['*'], ['*'], ['apps']),
        rule(['get'], ['*/scale'], ['*']),
        rule(['update'], ['pods/status']),
      ]);

      for (const name of ['mine', 'other']) {
        await api.quietly('POST', `${api.core}/configmaps`, { body: { metadata: { name } } });
      }

      for (const [method, path] of [
        ['GET', `${api.core}/pods`],
        ['GET', `${api.core}/pods/x`],
        ['DELETE', `${api.core}/pods/x`],
        ['GET', `${api.core}/configmaps/mine`],
        ['GET', `${api.core}/configmaps/other`],
        ['GET', `${api.core}/configmaps`],
        ['GET', `${api.core}/configmaps?fieldSelector=metadata.name%3Dmine`],
        ['GET', `${api.group('apps/v1')}/deployments`],
        ['DELETE', `${api.group('apps/v1')}/deployments/x`],
        ['GET', `${api.core}/replicationcontrollers/x/scale`],
        ['GET', `${api.core}/replicationcontrollers/x`],
        ['GET', '/api/v1/namespaces/default/pods'],
        ['GET', '/apis/apps/v1/deployments'],
      ]) {
        await api.call(method, path, { as });
      }
    },
  },
  {
    name: 'no user grants more than they have',
    run: async (api) => {
      const as = await allow(api, 'granter', [
        rule(['get', 'list'], ['pods']),
        rule(['create', 'update'], ['roles', 'rolebindings'], [rbac]),
      ]);

      const roles = `${api.group(`${rbac}/v1`)}/roles`;
      const bindings = `${api.group(`${rbac}/v1`)}/rolebindings`;
      const post = (path, body) => api.call('POST', path, { as, body });

      await post(roles, role('a', [rule(['get'], ['pods'])]));
      await post(roles, role('b', [rule(['get', 'delete'], ['pods'])]));
      await post(roles, role('c', [rule(['*'], ['*'], ['*'])]));
      await post(roles, role('d', [rule(['get'], ['secrets'], [''], { resourceNames: ['x'] })]));

      await api.call('PUT', `${roles}/a`, {
        as,
        body: role('a', [rule(['get'], ['pods', 'secrets'])]),
      });

      await post(bindings, binding('a', 'Role', 'a', [user('x')]));
      await post(bindings, binding('b', 'ClusterRole', 'cluster-admin', [user('x')]));
      await post(bindings, binding('c', 'Role', 'none', [user('x')]));
      await api.quietly('POST', roles, { body: role('more', [rule(['get'], ['secrets'])]) });
      await post(bindings, binding('d', 'Role', 'more', [user('x')]));

      await api.quietly('PATCH', `${roles}/granter`, {
        body: {
          rules: [
            rule(['bind', 'escalate'], ['roles'], [rbac], { resourceNames: ['more'] }),
            rule(['create', 'update'], ['roles', 'rolebindings'], [rbac]),
          ],
        },
        headers: { 'content-type': 'application/merge-patch+json' },
      });

      await api.until(roles, () => true);
      await post(`${bindings}?fieldManager=binder`, binding('e', 'Role', 'more', [user('x')]));
    },
  },
  {
    name: 'bindings are checked, and their role cannot change',
    run: async (api) => {
      const bindings = `${api.group(`${rbac}/v1`)}/rolebindings`;
      await api.post(bindings, { metadata: { name: 'a' } });
      await api.post(bindings, binding('b', 'Deployment', 'x', [user('x')]));

      await api.post(bindings, {
        ...binding('c', 'Role', 'x', []),
        roleRef: { kind: 'Role', name: 'x', apiGroup: 'other' },
      });

      await api.post(bindings, binding('d', 'Role', 'x', [{ kind: 'Robot', name: 'x' }]));

      await api.post(
        bindings,
        binding('e', 'Role', 'x', [{ kind: 'ServiceAccount', name: 'default' }]),
      );

      await api.post(
        bindings,
        binding('f', 'Role', 'x', [
          { kind: 'User', name: 'x' },
          { kind: 'Group', name: 'y' },
          { kind: 'ServiceAccount', name: 'z', namespace: 'n' },
        ]),
      );

      await api.put(`${bindings}/f`, binding('f', 'Role', 'other', [user('x')]));
      await api.put(`${bindings}/f`, binding('f', 'Role', 'x', [group('z')]));

      await api.post(
        `${api.group(`${rbac}/v1`)}/roles`,
        role('nonresource', [{ verbs: ['get'], nonResourceURLs: ['/x'] }]),
      );

      await api.post(
        `${rbacGroup}/clusterroles`,
        role(`${api.namespace}-nonresource`, [{ verbs: ['get'], nonResourceURLs: ['/x', '/y/*'] }]),
      );

      await api.post(
        `${rbacGroup}/clusterroles`,
        role(`${api.namespace}-bad`, [
          { verbs: [], resources: ['pods'], apiGroups: [''] },
          { verbs: ['get'] },
          { verbs: ['get'], resources: ['pods'] },
        ]),
      );
    },
  },
  {
    name: 'aggregation',
    run: async (api) => {
      const name = `${api.namespace}-aggregate`;
      const list = `${rbacGroup}/clusterroles`;
      const labels = { [`aggregate-${api.namespace}`]: 'true' };
      await api.post(list, {
        metadata: { name },
        aggregationRule: { clusterRoleSelectors: [{ matchLabels: labels }] },
      });

      await api.quietly('POST', list, {
        body: {
          ...role(`${name}-1`, [rule(['get'], ['pods'])]),
          metadata: { name: `${name}-1`, labels },
        },
      });

      await api.until(`${list}/${name}`, ({ rules }) => rules.length === 1);

      await api.quietly('POST', list, {
        body: {
          ...role(`${name}-2`, [rule(['list'], ['pods'])]),
          metadata: { name: `${name}-2`, labels },
        },
      });

      const { rules } = await api.until(`${list}/${name}`, (body) => body.rules.length === 2);
      if (rules.length !== 2) {
        throw new Error('not aggregated');
      }

      await api.quietly('DELETE', `${list}/${name}-1`);
      await api.until(`${list}/${name}`, (body) => body.rules.length === 1);
    },
  },
  {
    name: 'access reviews',
    run: async (api) => {
      const as = await allow(api, 'reviewed', [
        rule(['get'], ['pods']),
        rule(['get'], ['configmaps'], [''], { resourceNames: ['one'] }),
      ]);

      const reviewSelf = (spec, who = as) =>
        api.call('POST', `${authorization}/selfsubjectaccessreviews`, { as: who, body: { spec } });
      const { namespace } = api;

      await reviewSelf({ resourceAttributes: { namespace, verb: 'get', resource: 'pods' } });
      await reviewSelf({ resourceAttributes: { namespace, verb: 'list', resource: 'pods' } });
      await reviewSelf({ resourceAttributes: { verb: 'get', resource: 'pods' } });
      await reviewSelf({
        resourceAttributes: { namespace, verb: 'get', resource: 'configmaps', name: 'one' },
      });
      await reviewSelf({ resourceAttributes: { namespace, verb: 'get', resource: 'configmaps' } });
      await reviewSelf({ nonResourceAttributes: { path: '/metrics', verb: 'get' } });
      await reviewSelf({});

      await reviewSelf({
        resourceAttributes: { verb: 'get' },
        nonResourceAttributes: { path: '/x', verb: 'get' },
      });

      await api.post(`${authorization}/selfsubjectaccessreviews`, {
        spec: { resourceAttributes: { verb: '*', resource: '*', group: '*' } },
      });

      const review = (spec) => api.post(`${authorization}/subjectaccessreviews`, { spec });
      await review({ user: as, resourceAttributes: { namespace, verb: 'get', resource: 'pods' } });

      await review({
        user: 'x',
        groups: ['system:masters'],
        resourceAttributes: { verb: 'delete', resource: 'nodes' },
      });

      await review({ resourceAttributes: { verb: 'delete', resource: 'nodes' } });
      await review({ user: 'x' });

      await api.post(`${api.group('authorization.k8s.io/v1')}/localsubjectaccessreviews`, {
        metadata: { namespace },
        spec: { user: as, resourceAttributes: { namespace, verb: 'get', resource: 'pods' } },
      });

      await api.post(`${api.group('authorization.k8s.io/v1')}/localsubjectaccessreviews`, {
        metadata: { namespace },
        spec: {
          user: as,
          resourceAttributes: { namespace: 'other', verb: 'get', resource: 'pods' },
        },
      });

      const rules = await api.quietly('POST', `${authorization}/selfsubjectrulesreviews`, {
        as,
        body: { spec: { namespace } },
      });

      if (!rules.body.status.resourceRules.some(({ resources }) => resources.includes('pods'))) {
        throw new Error(rules.text);
      }

      await api.call('POST', `${authorization}/selfsubjectrulesreviews`, {
        as,
        body: { spec: {} },
      });

      await api.call('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', { as, body: {} });
    },
  },
  {
    name: 'impersonation',
    run: async (api) => {
      const reviewCaller = (headers, options = {}) =>
        api.call('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', {
          body: {},
          headers,
          ...options,
        });

      await reviewCaller({ 'impersonate-user': 'jane' });
      await reviewCaller({ 'impersonate-user': 'jane', 'impersonate-group': ['a', 'b'] });

      await reviewCaller({
        'impersonate-user': 'jane',
        'impersonate-extra-scopes': 'view',
        'impersonate-extra-acme%2Fx': 'y',
      });

      await reviewCaller({ 'impersonate-user': 'jane', 'impersonate-uid': '7' });
      await reviewCaller({ 'impersonate-user': `system:serviceaccount:${api.namespace}:default` });
      await reviewCaller({ 'impersonate-user': 'system:anonymous' });
      await reviewCaller({ 'impersonate-group': 'a' });
      await reviewCaller({ 'impersonate-extra-x': 'y' });

      const token = await api.quietly('POST', `${api.core}/serviceaccounts/default/token`, {
        body: { spec: {} },
      });
      const sa = { token: token.body.status.token };

      await reviewCaller({ 'impersonate-user': 'jane' }, sa);
      await reviewCaller({ 'impersonate-user': 'jane', 'impersonate-group': 'system:masters' }, sa);
      await reviewCaller(
        { 'impersonate-user': `system:serviceaccount:${api.namespace}:other` },
        sa,
      );

      await api.quietly('POST', `${rbacGroup}/clusterroles`, {
        body: role(`${api.namespace}-imp`, [
          rule(['impersonate'], ['users'], [''], { resourceNames: ['jane'] }),
          rule(['impersonate'], ['groups'], [''], { resourceNames: ['a'] }),
        ]),
      });

      await api.quietly('POST', `${rbacGroup}/clusterrolebindings`, {
        body: binding(`${api.namespace}-imp`, 'ClusterRole', `${api.namespace}-imp`, [
          { kind: 'ServiceAccount', name: 'default', namespace: api.namespace },
        ]),
      });

      await api.until(
        `${rbacGroup}/clusterrolebindings/${api.namespace}-imp`,
        (_, status) => status === 200,
      );

      await new Promise((resolve) => setTimeout(resolve, 300));
      await reviewCaller({ 'impersonate-user': 'jane' }, sa);
      await reviewCaller({ 'impersonate-user': 'joe' }, sa);
      await reviewCaller({ 'impersonate-user': 'jane', 'impersonate-group': 'a' }, sa);
      await reviewCaller({ 'impersonate-user': 'jane', 'impersonate-group': 'b' }, sa);
    },
  },
  {
    name: 'tokens of service accounts',
    run: async (api) => {
      const request = (spec, name = 'default') =>
        api.post(`${api.core}/serviceaccounts/${name}/token`, { spec });
      const { body } = await request({ expirationSeconds: 600 });

      await request({});
      await request({ expirationSeconds: 599 });
      await request({ expirationSeconds: 2 ** 33 });
      await request({ audiences: ['other'] });
      await request({}, 'none');
      await request({ boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'none' } });
      await request({ boundObjectRef: { kind: 'ConfigMap', apiVersion: 'v1', name: 'x' } });

      const review = (token, more = {}) =>
        api.post('/apis/authentication.k8s.io/v1/tokenreviews', { spec: { token, ...more } });
      await review(body.status.token);
      await review('nonsense');
      await review('');
      await review(body.status.token, { audiences: ['nobody'] });

      const reviewToken = (token) =>
        api.call('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', { body: {}, token });
      await reviewToken(body.status.token);

      const other = await api.quietly('POST', `${api.core}/serviceaccounts/default/token`, {
        body: { spec: { audiences: ['other'] } },
      });
      await reviewToken(other.body.status.token);
      await api.quietly('POST', `${api.core}/serviceaccounts`, {
        body: { metadata: { name: 'gone' } },
      });

      const gone = await api.quietly('POST', `${api.core}/serviceaccounts/gone/token`, {
        body: { spec: {} },
      });
      await reviewToken(gone.body.status.token);
      await api.quietly('DELETE', `${api.core}/serviceaccounts/gone`);
      await api.post(`${api.core}/secrets`, { metadata: { name: 'bound' } });

      const bound = await api.quietly('POST', `${api.core}/serviceaccounts/default/token`, {
        body: { spec: { boundObjectRef: { kind: 'Secret', apiVersion: 'v1', name: 'bound' } } },
      });
      await reviewToken(bound.body.status.token);

      // The real server caches for some seconds that the token was valid.
      await api.quietly('DELETE', `${api.core}/secrets/bound`);
    },
  },
  {
    name: 'default objects of a namespace',
    run: async (api) => {
      await api.get(`${api.core}/serviceaccounts/default`);
      await api.get(`${api.core}/configmaps/kube-root-ca.crt`);
      await api.quietly('DELETE', `${api.core}/serviceaccounts/default`);
      await api.until(`${api.core}/serviceaccounts/default`, (_, status) => status === 200);
      await api.quietly('DELETE', `${api.core}/configmaps/kube-root-ca.crt`);
      await api.until(`${api.core}/configmaps/kube-root-ca.crt`, (_, status) => status === 200);
    },
  },
  {
    name: 'certificate signing requests',
    run: async (api) => {
      const list = '/apis/certificates.k8s.io/v1/certificatesigningrequests';

      const pem = (await import('node:child_process')).execFileSync(
        'openssl',
        [
          'req',
          '-new',
          '-newkey',
          'ec',
          '-pkeyopt',
          'ec_paramgen_curve:P-256',
          '-nodes',
          '-keyout',
          '/dev/null',
          '-subj',
          '/O=devs/CN=jane',
        ],
        { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
      );

      const csr = (name, spec) => ({
        metadata: { name: `${api.namespace}-${name}` },
        spec: {
          request: Buffer.from(pem).toString('base64'),
          signerName: 'kubernetes.io/kube-apiserver-client',
          usages: ['client auth'],
          ...spec,
        },
      });

      const { body } = await api.call('POST', list, {
        body: csr('a'),
        headers: { 'impersonate-user': 'jane', 'impersonate-group': 'system:masters' },
      });

      await api.post(list, csr('b', { request: Buffer.from('x').toString('base64') }));
      await api.post(list, csr('c', { signerName: 'nodomain' }));
      await api.post(list, csr('d', { usages: [] }));
      await api.post(list, csr('e', { usages: ['flying'] }));
      await api.post(list, csr('f', { expirationSeconds: 5 }));

      const one = `${list}/${body.metadata.name}`;
      const condition = (type, status = 'True') => ({ type, status, reason: 'R', message: 'M' });

      const approve = (conditions) =>
        api.put(`${one}/approval`, {
          ...body,
          metadata: { name: body.metadata.name },
          status: { conditions },
        });

      await approve([condition('Denied', 'False')]);
      await approve([condition('Approved')]);

      const issued = await api.until(one, ({ status }) => status.certificate);
      if (
        !Buffer.from(issued.status.certificate, 'base64')
          .toString()
          .startsWith('-----BEGIN CERTIFICATE-----')
      ) {
        throw new Error('no certificate');
      }

      await approve([condition('Approved'), condition('Denied')]);

      await api.put(one, {
        ...body,
        metadata: { name: body.metadata.name },
        spec: { ...body.spec, usages: ['server auth'] },
      });

      await api.call('PUT', `${one}/approval`, { as: 'nobody', body: { ...body, status: {} } });
    },
  },
];
