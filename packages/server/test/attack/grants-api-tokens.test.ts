import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { makeSigningRequest } from '@ks-apiserver/kubernetes/server/sign-request';
import type { Change } from '../support/doors.ts';
import { PASSWORD, PATHS, TestPlatform } from '../support/test-platform.ts';

const { iam, iamObjects, requests, kubeconfigs } = PATHS;
const USERS = `${iamObjects}/users`;

const OTHER = {
  metadata: { name: 'other' },
  spec: { email: 'other@example.com', password: PASSWORD },
};

let platform: TestPlatform;

/** API tokens of the administrator, and of Uma, who manages users. */
const apiTokens: Record<string, string> = {};

before(async () => {
  platform = await TestPlatform.start();
  const sessions = {
    root: await platform.createUser('root', 'platform-admin'),
    uma: await platform.createUser('uma', 'users-manager'),
  };

  await platform.createUser('paul');
  await platform.kubeconfig('root');

  for (const [name, token] of Object.entries(sessions)) {
    apiTokens[name] = (
      await platform.write(`${iam}/users/${name}/tokens`, { name: 'script' }, { token })
    ).token;
  }

  await platform.waitUntilAllowed(
    apiTokens.root!,
    'verb=create&apiGroup=certificates.k8s.io&resource=certificatesigningrequests',
  );

  await platform.waitUntilAllowed(
    apiTokens.uma!,
    'verb=create&apiGroup=iam.kubesphere.io&resource=users',
  );
  await platform.kubeconfigOf('root');
});

after(() => platform.stop());

const ofUser = (name: string, change: Record<string, unknown>): Change => ({
  path: `${USERS}/${name}`,
  apiVersion: 'iam.kubesphere.io/v1alpha2',
  kind: 'User',
  change,
});

/** Defines a test in which every request of an API token must be refused. */
function attack(name: string, act: (token: string, owner: string) => Promise<void>): void {
  test(name, () =>
    platform.assertWithstands(async () => {
      for (const [owner, token] of Object.entries(apiTokens)) {
        await act(token, owner);
      }
    }),
  );
}

test('an API token of an administrator cannot read where a kubeconfig of a user is stored', async () => {
  const token = apiTokens.root!;

  for (const path of [
    `${kubeconfigs}/kubeconfig-root`,
    kubeconfigs,
    '/api/v1/configmaps',
    `${PATHS.resources}/namespaces/kubesphere-controls-system/configmaps/kubeconfig-root`,
    `${PATHS.resources}/configmaps`,
  ]) {
    const { text } = await platform.call(path, { token });
    assert.ok(!text.includes('client-key-data'), path);
  }
});

test('an API token may do everything else that its owner may', async () => {
  const token = apiTokens.root!;
  assert.equal((await platform.call('/api/v1/nodes', { token })).status, 200);
  assert.equal((await platform.call(`${iam}/users`, { token })).status, 200);

  assert.equal(
    (
      await platform.call('/api/v1/namespaces', {
        token,
        body: { metadata: { name: 'made-by-script' } },
      })
    ).status,
    201,
  );

  const headers = { 'content-type': 'application/merge-patch+json' };
  const body = { spec: { displayName: 'Paul' } };
  const patched = await platform.call(`${USERS}/paul`, { method: 'PATCH', token, headers, body });

  assert.equal(patched.status, 200, patched.text);
});

attack(
  "an API token changes no password, neither its owner's nor another user's, through either API",
  async (token, owner) => {
    for (const name of [owner, 'paul']) {
      for (const body of [
        { currentPassword: PASSWORD, password: 'Newpass1!' },
        { password: 'Newpass1!' },
      ]) {
        await platform.expectRefused(token, 'PUT', `${iam}/users/${name}/password`, body);
      }

      await platform.expectRefusedAtEveryDoor(
        token,
        ofUser(name, { spec: { password: 'Newpass1!' } }),
      );
      assert.equal((await platform.server.login(name, PASSWORD)).status, 200);
    }
  },
);

attack('an API token creates no users', async (token) => {
  for (const query of ['?dryRun=All', '']) {
    await platform.expectRefused(token, 'POST', `${iam}/users${query}`, OTHER);

    const typed = { apiVersion: 'iam.kubesphere.io/v1alpha2', kind: 'User', ...OTHER };
    await platform.expectRefused(token, 'POST', USERS + query, typed);

    const applied = await platform.call(`${USERS}/other?fieldManager=x${query.replace('?', '&')}`, {
      method: 'PATCH',
      token,
      headers: { 'content-type': 'application/apply-patch+yaml' },
      body: JSON.stringify(typed),
    });

    if (applied.status !== 403) {
      platform.recordFailure(`apply${query}: ${applied.status} ${applied.text.slice(0, 200)}`);
    }
  }

  assert.equal((await platform.call(`${USERS}/other`)).status, 404);
});

attack('an API token creates no further credentials', async (token, owner) => {
  await platform.expectRefused(token, 'POST', `${iam}/users/${owner}/tokens`, { name: 'more' });
  await platform.expectRefused(token, 'POST', `${iam}/users/${owner}/totp`, {
    currentPassword: PASSWORD,
  });
});

attack('an API token fetches neither kubeconfig nor kubectl of its owner', async (token, owner) => {
  for (const what of ['kubeconfig', 'kubectl']) {
    for (const version of ['v1alpha2']) {
      await platform.expectRefused(
        token,
        'GET',
        `/kapis/resources.kubesphere.io/${version}/users/${owner}/${what}`,
      );
    }
  }
});

attack('an API token gets no certificate and no token of a ServiceAccount', async (token) => {
  const { request } = await makeSigningRequest({ commonName: 'root' });

  const spec = {
    request: Buffer.from(request).toString('base64'),
    signerName: 'kubernetes.io/kube-apiserver-client',
    usages: ['client auth'],
  };

  const body = {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name: 'mine' },
    spec,
  };

  for (const query of ['?dryRun=All', '']) {
    await platform.expectRefused(token, 'POST', requests + query, body);

    await platform.expectRefused(
      token,
      'POST',
      `/api/v1/namespaces/default/serviceaccounts/default/token${query}`,
      {},
    );
  }
});

attack('an API token does not delete its owner, through either API', async (token, owner) => {
  for (const query of ['?dryRun=All', '']) {
    for (const path of [`${iam}/users/${owner}`, `${USERS}/${owner}`]) {
      await platform.expectRefused(token, 'DELETE', path + query);
    }
  }

  await platform.expectRefused(token, 'DELETE', `${USERS}?fieldSelector=metadata.name%3D${owner}`);
  assert.equal((await platform.server.login(owner, PASSWORD)).status, 200);
});
