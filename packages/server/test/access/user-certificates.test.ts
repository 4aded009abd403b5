import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
  makeSigningRequest,
  signClientRequest,
} from '@ks-apiserver/kubernetes/server/sign-request';
import { parse } from 'yaml';
import { eventually, TestServer } from '../support/test-server.ts';

const MAPS = '/api/v1/namespaces/kubesphere-controls-system/configmaps';
const IAM = '/kapis/iam.kubesphere.io/v1alpha2';
const USERS = '/apis/iam.kubesphere.io/v1alpha2/users';
const HOUR_MS = 3_600_000;
const isEmbedded = !process.env.KS_TEST_CLUSTER;

let server: TestServer;
let admin: string;

before(async () => {
  server = await TestServer.start();
  admin = await server.token();
});

after(() => server.stop());

const userOf = (name: string) => ({
  apiVersion: 'iam.kubesphere.io/v1alpha2',
  kind: 'User',
  metadata: { name, annotations: { 'iam.kubesphere.io/globalrole': 'platform-regular' } },
  spec: { email: `${name}@example.com`, password: 'Passw0rd!' },
});

async function createUser(name: string): Promise<string> {
  const made = await server.call(`${IAM}/users`, { token: admin, body: userOf(name) });
  assert.equal(made.status, 200, made.text);
  return made.json.metadata.uid;
}

async function deleteUser(name: string): Promise<void> {
  assert.equal(
    (await server.call(`${IAM}/users/${name}`, { method: 'DELETE', token: admin })).status,
    200,
  );

  await eventually(async () =>
    assert.equal((await server.kubernetes(`${USERS}/${name}`)).status, 404),
  );
}

interface Credential {
  url: string;
  ca: Buffer;
  cert: Buffer;
  key: Buffer;
}

/** Waits until a user has a kubeconfig that `accepts` takes, and returns it. */
async function credentialOf(
  name: string,
  accepts: (credential: Credential) => boolean = () => true,
): Promise<Credential> {
  return eventually(async () => {
    const path = `/kapis/resources.kubesphere.io/v1alpha2/users/${name}/kubeconfig`;
    const { status, text } = await server.call(path, { token: admin });
    assert.equal(status, 200, text);

    const { clusters, users } = parse(text);
    const decode = (data: string) => Buffer.from(data, 'base64');

    const credential = {
      url: clusters[0].cluster.server,
      ca: decode(clusters[0].cluster['certificate-authority-data']),
      cert: decode(users[0].user['client-certificate-data']),
      key: decode(users[0].user['client-key-data']),
    };

    assert.ok(accepts(credential));

    return credential;
  });
}

async function request(
  { url, ...tls }: Credential,
  path: string,
  body?: string,
): Promise<IncomingMessage> {
  const headers = body === undefined ? {} : { 'content-type': 'application/json' };

  const call = https.request(url + path, {
    ...tls,
    method: body === undefined ? 'GET' : 'POST',
    headers,
    agent: false,
  });

  call.end(body);

  const [response] = (await once(call, 'response')) as [IncomingMessage];

  return response;
}

// biome-ignore lint/suspicious/noExplicitAny: tests read fields of any answer.
async function whoAmI(credential: Credential): Promise<{ status: number; json: any }> {
  const body = '{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}';

  const response = await request(
    credential,
    '/apis/authentication.k8s.io/v1/selfsubjectreviews',
    body,
  );

  let text = '';

  for await (const chunk of response) {
    text += chunk;
  }

  return { status: response.statusCode!, json: JSON.parse(text) };
}

const patchUser = (name: string, body: object) =>
  server.kubernetes(`${USERS}/${name}`, {
    method: 'PATCH',
    type: 'application/merge-patch+json',
    body,
  });

describe('on the embedded API', { skip: !isEmbedded }, () => {
  /** Returns a certificate as an approver could have it signed. */
  async function signCertificate(subject: {
    commonName: string;
    uid?: string;
    organizations?: string[];
  }): Promise<Credential> {
    const { url } = await credentialOf('admin');
    const pki = join(server.dataDir, 'pki');
    const [cert, key] = await Promise.all(
      ['ca.crt', 'ca.key'].map((file) => readFile(join(pki, file), 'utf8')),
    );
    const asked = await makeSigningRequest(subject);
    const certificate = await signClientRequest(asked.request, { cert: cert!, key: key! }, HOUR_MS);

    return {
      url,
      ca: Buffer.from(cert!),
      cert: Buffer.from(certificate),
      key: Buffer.from(asked.key),
    };
  }

  test('a certificate contains the uid of its user, and does not serve a later user of the name', async () => {
    const uid = await createUser('jo');
    const first = await credentialOf('jo');
    const who = await whoAmI(first);

    assert.equal(who.status, 201);

    assert.deepEqual(who.json.status.userInfo, {
      username: 'jo',
      uid,
      groups: ['system:authenticated'],
    });

    await deleteUser('jo');

    const gone = await whoAmI(first);
    assert.deepEqual([gone.status, gone.json.reason], [401, 'Unauthorized']);
    assert.match(gone.json.message, /does not exist any more/);

    const next = await createUser('jo');
    const second = await credentialOf('jo', ({ cert }) => !cert.equals(first.cert));

    assert.equal((await whoAmI(second)).json.status.userInfo.uid, next);

    const former = await whoAmI(first);
    assert.equal(former.status, 401);
    assert.match(former.json.message, /former user jo/);
  });

  test('a disabled or deleted user is refused at once, and their watches end', async () => {
    await createUser('dee');

    const dee = await credentialOf('dee');
    assert.equal((await whoAmI(dee)).status, 201);

    const binding = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'dee' },
    };

    const roleRef = {
      apiGroup: 'rbac.authorization.k8s.io',
      kind: 'ClusterRole',
      name: 'cluster-admin',
    };

    const subjects = [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'dee' }];
    await server.kubernetes('/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
      method: 'POST',
      body: { ...binding, roleRef, subjects },
    });

    const watch = await eventually(async () => {
      const response = await request(dee, '/api/v1/namespaces?watch=true');
      assert.equal(response.statusCode, 200);
      return response;
    });

    watch.on('error', () => {});
    watch.resume();

    const ended = new Promise((resolve) => watch.once('close', resolve));

    assert.equal((await patchUser('dee', { status: { state: 'Disabled' } })).status, 200);
    await ended;

    const disabled = await whoAmI(dee);
    assert.equal(disabled.status, 401);
    assert.match(disabled.json.message, /disabled/);
    assert.equal((await patchUser('dee', { status: { state: 'Active' } })).status, 200);
    await eventually(async () => assert.equal((await whoAmI(dee)).status, 201));
  });

  test('a certificate without a uid is valid for names without a user, and is replaced for users', async () => {
    const uid = await createUser('old');

    await credentialOf('old');

    const plain = await whoAmI(await signCertificate({ commonName: 'plain' }));
    assert.deepEqual(plain.json.status.userInfo, {
      username: 'plain',
      groups: ['system:authenticated'],
    });

    const old = await signCertificate({ commonName: 'old' });
    const refused = await whoAmI(old);

    assert.equal(refused.status, 401);
    assert.match(refused.json.message, /fetch the kubeconfig again/);

    const { json } = await server.kubernetes(`${MAPS}/kubeconfig-old`);

    const config = json.data.config.replace(
      /client-certificate-data: \S+/,
      `client-certificate-data: ${old.cert.toString('base64')}`,
    );

    await server.kubernetes(`${MAPS}/kubeconfig-old`, {
      method: 'PATCH',
      type: 'application/merge-patch+json',
      body: { data: { config } },
    });

    const renewed = await credentialOf('old', ({ cert }) => !cert.equals(old.cert));
    assert.equal((await whoAmI(renewed)).json.status.userInfo.uid, uid);
  });

  test('unknown, foreign and repeated uids in certificates are refused', async () => {
    const uid = await createUser('uma');
    assert.equal(
      (await whoAmI(await signCertificate({ commonName: 'uma', uid: 'x' }))).status,
      401,
    );
    assert.equal((await whoAmI(await signCertificate({ commonName: 'nobody', uid }))).status, 401);
    assert.equal((await whoAmI(await signCertificate({ commonName: 'uma', uid }))).status, 201);
    await assert.rejects(signCertificate({ commonName: 'uma', uid: '' }), /must not be empty/);
  });

  test('a name is free again at once', async () => {
    await createUser('bo');
    await credentialOf('bo');
    await deleteUser('bo');
    await createUser('bo');
  });
});

describe('on a cluster', { skip: isEmbedded }, () => {
  test('no user may be created with the name of a deleted one whose certificate is valid, through any API', async () => {
    await createUser('ray');
    await credentialOf('ray');
    await deleteUser('ray');

    const mark = await server.kubernetes(
      '/api/v1/namespaces/kubesphere-system/configmaps/retired-user-ray',
    );
    assert.equal(mark.status, 200, JSON.stringify(mark.json));
    assert.ok(Date.parse(mark.json.data.until) > Date.now());

    for (const path of [`${IAM}/users`, USERS]) {
      const refused = await server.call(path, { token: admin, body: userOf('ray') });
      assert.equal(refused.status, 409, refused.text);

      assert.match(
        refused.text,
        new RegExp(`cannot be created until ${mark.json.data.until}: a client certificate`),
      );
    }

    await server.kubernetes('/api/v1/namespaces/kubesphere-system/configmaps/retired-user-ray', {
      method: 'PATCH',
      type: 'application/merge-patch+json',
      body: { data: { until: new Date(Date.now() - 1000).toISOString() } },
    });

    await eventually(async () => {
      const path = '/api/v1/namespaces/kubesphere-system/configmaps/retired-user-ray';
      assert.equal((await server.kubernetes(path)).status, 404);
    });

    await createUser('ray');
  });
});
