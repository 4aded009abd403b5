import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeRequest, KubeTransport } from '@ks-apiserver/apimachinery/transport/transport';
import { HostGroupsTransport, isOfHost } from './host-groups.ts';

const IAM = 'iam.kubesphere.io';
const LISTS = 'resources.kubesphere.io';

for (const [group, resource, expected] of [
  [IAM, 'users', true],
  [IAM, 'globalrolebindings', true],
  [IAM, 'workspacemembers', true],
  [IAM, 'members', false],
  [IAM, 'clusterroles', false],
  ['tenant.kubesphere.io', 'workspaces', true],
  ['tenant.kubesphere.io', 'namespaces', false],
  [LISTS, 'users', true],
  [LISTS, 'users.iam.kubesphere.io', true],
  [LISTS, 'users.example.com', false],
  [LISTS, 'pods', false],
  ['', 'users', false],
  ['constructor', 'users', false],
] as const) {
  test(`${resource} of ${group || 'the core group'} are ${expected ? 'the host’s' : 'the member’s'}`, () => {
    assert.equal(isOfHost({ group, resource }), expected);
  });
}

/** Returns a transport that notes its calls. */
function noting(name: string, calls: string[]): KubeTransport {
  return {
    request: async ({ method, url }: KubeRequest) => {
      calls.push(`${name} ${method} ${url}`);
      return { status: 200, headers: {}, body: Buffer.from('{}') };
    },
    upgrade: () => Promise.reject(new Error('not called')),
    webSocket: () => Promise.reject(new Error('not called')),
    close: async () => {},
  };
}

test('objects of the host are read there, and never written through a member', async () => {
  const calls: string[] = [];
  const transport = new HostGroupsTransport(noting('member', calls), noting('host', calls));
  const call = (method: string, url: string) => transport.request({ method, url, headers: {} });

  await call('GET', '/api/v1/pods');
  await call('GET', '/apis/iam.kubesphere.io/v1alpha2/users?watch=true');
  await call('POST', '/apis/apps/v1/namespaces/a/deployments');

  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
    await assert.rejects(call(method, '/apis/tenant.kubesphere.io/v1alpha1/workspaces/a'), {
      code: 405,
      message: /without the name of a cluster/,
    });
  }

  assert.deepEqual(calls, [
    'member GET /api/v1/pods',
    'host GET /apis/iam.kubesphere.io/v1alpha2/users?watch=true',
    'member POST /apis/apps/v1/namespaces/a/deployments',
  ]);
});
