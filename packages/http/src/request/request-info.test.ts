import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseRequestInfo, type RequestInfo, readsDiscovery } from './request-info.ts';

const I = '/kapis/iam.kubesphere.io/v1alpha2';
const T = '/kapis/tenant.kubesphere.io/v1alpha2';

const cases: [string, string, Partial<RequestInfo>][] = [
  ['GET', '/kapis/version', { isResource: false, verb: 'GET', isKubernetes: false }],
  ['GET', '/version', { isResource: false, isKubernetes: true }],
  ['GET', '/openapi/v3/apis/apps/v1', { isResource: false, isKubernetes: true }],
  ['GET', '/openapi/v4', { isResource: false, isKubernetes: false }],
  ['GET', '/healthz', { isResource: false, isKubernetes: false }],
  ['GET', '/api/v1', { isResource: false, isKubernetes: true }],
  ['GET', '/apis/', { isResource: false, isKubernetes: true }],
  ['GET', '/apis/apps/', { isResource: false, isKubernetes: true }],
  ['GET', '/apis', { isResource: false, isKubernetes: true }],
  ['GET', '/api/', { isResource: false, isKubernetes: true }],
  ['GET', '/apis/apps/v1', { isResource: false, isKubernetes: true }],
  [
    'GET',
    `${T}/workspaces/w`,
    { workspace: 'w', resource: 'workspaces', name: 'w', scope: 'Workspace', verb: 'get' },
  ],
  [
    'GET',
    `${T}/workspaces/w/namespaces`,
    { workspace: 'w', resource: 'namespaces', verb: 'list', scope: 'Workspace' },
  ],
  [
    'GET',
    `${T}/workspaces/w/namespaces/n`,
    { workspace: 'w', namespace: 'n', resource: 'namespaces', name: 'n', scope: 'Namespace' },
  ],
  [
    'PUT',
    `${I}/users/u/password`,
    { resource: 'users', name: 'u', subresource: 'password', verb: 'update', scope: 'Cluster' },
  ],
  [
    'GET',
    `${I}/devops/p/members/m/roles`,
    { devops: 'p', resource: 'members', name: 'm', subresource: 'roles', scope: 'DevOps' },
  ],
  ['GET', '/kapis/clusters/c/version', { cluster: 'c', isResource: false }],
  [
    'GET',
    '/kapis/cluster.kubesphere.io/v1alpha1/clusters/c/agent/deployment',
    { cluster: '', resource: 'clusters', name: 'c', subresource: 'agent' },
  ],
  [
    'GET',
    '/api/v1/nodes',
    { resource: 'nodes', verb: 'list', group: '', version: 'v1', isKubernetes: true },
  ],
  ['HEAD', '/api/v1/nodes/a', { verb: 'get', name: 'a' }],
  ['DELETE', '/api/v1/namespaces/n/pods', { verb: 'deletecollection', namespace: 'n' }],
  ['GET', '/api/v1/pods?watch=true', { verb: 'watch' }],
  ['GET', '/api/v1/pods?%77atch=true', { verb: 'watch' }],
  ['GET', '/api/v1/pods?limit=10&pretty=true', { verb: 'list', name: '' }],
  ['GET', '/api/v1/pods?field%53elector=metadata.name=a', { verb: 'list', name: 'a' }],
  ['GET', '/api/v1/pods?watch=0', { verb: 'list' }],
  ['GET', '/api/v1/pods?fieldSelector=metadata.name%3Dx', { verb: 'list', name: 'x' }],
  ['GET', '/api/v1/watch/namespaces/n/pods', { verb: 'watch', namespace: 'n', resource: 'pods' }],
  [
    'PUT',
    '/api/v1/namespaces/n/finalize',
    { namespace: 'n', resource: 'namespaces', name: 'n', subresource: 'finalize', verb: 'update' },
  ],
  [
    'GET',
    '/api/v1/namespaces?watch=true&labelSelector=kubesphere.io/workspace=w',
    { verb: 'watch', workspace: 'w', scope: 'Workspace' },
  ],
  [
    'GET',
    '/api/v1/secrets?watch=true&labelSelector=kubesphere.io/workspace=w',
    { verb: 'watch', workspace: '', scope: 'Cluster' },
  ],
  ['GET', '/api/v1/namespaces/n/pods/p/exec', { verb: 'create', subresource: 'exec' }],
  ['GET', '/api/v1/namespaces/n/pods/p/log', { verb: 'get', subresource: 'log' }],
  [
    'GET',
    '/api/v1/namespaces?watch=true&labelSelector=kubesphere.io/workspace=',
    { workspace: '', scope: 'Cluster' },
  ],
];

for (const [method, url, want] of cases) {
  test(`${method} ${url}`, () => {
    const info = parseRequestInfo(method, url);
    for (const [key, value] of Object.entries(want)) {
      assert.equal(info[key as keyof RequestInfo], value, key);
    }
  });
}

test('discovery is recognized, and no other path is taken for it', () => {
  const reads = (method: string, url: string) => readsDiscovery(parseRequestInfo(method, url));

  for (const path of [
    '/version',
    '/api',
    '/api/v1',
    '/apis',
    '/apis/apps',
    '/apis/apps/v1/',
    '/openapi/v2',
    '/openapi/v3/api/v1',
  ]) {
    assert.ok(reads('GET', path), path);
    assert.ok(reads('HEAD', path), path);
    assert.ok(!reads('POST', path), path);
  }

  for (const path of [
    '/',
    '/metrics',
    '/api/v1/nodes',
    '/apis/apps/v1/deployments',
    '/kapis/apps',
    '/apis/clusters/member',
  ]) {
    assert.ok(!reads('GET', path), path);
  }
});

test('hidden slashes, dot segments and control characters are refused', () => {
  for (const url of [
    '/api/v1/namespaces/a%2Fb/pods',
    '/apis/apps/v1/%2e%2e/x',
    '/kapis/a/b/%00',
    '/api/v1/%zz/x',
    '/api/v1/a%5Cb/x',
  ]) {
    assert.throws(() => parseRequestInfo('GET', url), { code: 400 });
  }
});

test('every input is parsed or refused, and a namespace is never invented', () => {
  const segment = fc.oneof(
    fc.constantFrom(
      'api',
      'apis',
      'kapis',
      'clusters',
      'namespaces',
      'workspaces',
      'devops',
      'watch',
      'proxy',
      '',
      '%2f',
      '..',
    ),
    fc.string(),
  );

  fc.assert(
    fc.property(
      fc.constantFrom('GET', 'POST', 'DELETE', 'TRACE'),
      fc.array(segment, { maxLength: 10 }),
      fc.string(),
      (method, segments, query) => {
        const url = `/${segments.join('/')}?${query}`;

        try {
          const info = parseRequestInfo(method, url);
          if (info.scope === 'Namespace') {
            assert.ok(segments.includes('namespaces'));
          }
        } catch (error) {
          assert.equal((error as { code?: number }).code, 400);
        }
      },
    ),
  );
});

test('targets that URL parsers read differently are refused, dot segments of a proxied path too', () => {
  const proxy = '/api/v1/namespaces/a/services/x/proxy';
  for (const url of [
    '/apis/iam.kubesphere.io/v1alpha2/users#x',
    '/api/v1/pods?watch=true#x',
    '/api/v1/pods?wat\tch=true',
    `${proxy}/..`,
    `${proxy}/../../x`,
    `${proxy}/%2e%2E/x`,
    `${proxy}/.%2e/x`,
    `${proxy}/./x`,
    `${proxy}/..%2f..`,
    `${proxy}/a%5C..`,
    `${proxy}/%252e%252e/x`,
    `${proxy}/a\\..\\b`,
    '/api/v1/namespaces/proxy/../../v1/nodes',
    '/apis/rbac.authorization.k8s.io/v1/namespaces/proxy/roles%2fx',
  ]) {
    assert.throws(() => parseRequestInfo('GET', url), { code: 400 }, url);
  }

  const hidden = parseRequestInfo(
    'POST',
    '/apis/rbac.authorization.k8s.io/v1/namespaces/proxy/rolebinding%73',
  );

  assert.equal(hidden.resource, 'rolebindings');

  for (const rest of ['a%2Fb', 'a..b', '...', '.well-known', '%zz', 'a/b?x=..']) {
    assert.equal(parseRequestInfo('GET', `${proxy}/${rest}`).subresource, 'proxy');
  }
});
