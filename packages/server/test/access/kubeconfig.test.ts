import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import { after, before, test } from 'node:test';
import { parse } from 'yaml';
import { eventually, GARBAGE_MS, TestServer } from '../support/test-server.ts';

const MAPS = '/api/v1/namespaces/kubesphere-controls-system/configmaps';
const REQUESTS = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
const IAM = '/kapis/iam.kubesphere.io/v1alpha2';

let server: TestServer;
let admin: string;

before(async () => {
  server = await TestServer.start();
  admin = await server.token();

  for (const [name, role] of [
    ['jo', 'platform-regular'],
    ['root', 'platform-admin'],
  ] as const) {
    const metadata = { name, annotations: { 'iam.kubesphere.io/globalrole': role } };
    const body = { metadata, spec: { email: `${name}@example.com`, password: 'Passw0rd!' } };
    assert.equal((await server.call(`${IAM}/users`, { token: admin, body })).status, 200);
  }
});

after(() => server.stop());

/** Asks for a user's kubeconfig. */
async function configOf(name: string): Promise<string> {
  const path = `/kapis/resources.kubesphere.io/v1alpha2/users/${name}/kubeconfig`;
  const { status, text } = await server.call(path, { token: admin });
  assert.equal(status, 200, text);

  return text;
}

test('a certificate is made when the kubeconfig of its user is first asked for', async () => {
  const path = `${MAPS}/kubeconfig-jo`;
  assert.equal((await server.kubernetes(path)).status, 404);

  // Calls at the same time get the same one.
  const [first, ...others] = await Promise.all([configOf('jo'), configOf('jo'), configOf('jo')]);
  for (const other of others) {
    assert.equal(other, first);
  }

  const { json } = await server.kubernetes(path);
  assert.equal(json.data.config, first);
  assert.equal(json.metadata.ownerReferences[0].name, 'jo');

  const { status, text } = await server.call(
    '/kapis/resources.kubesphere.io/v1alpha2/users/nobody/kubeconfig',
    { token: admin },
  );
  assert.equal(status, 404, text);
});

/** Calls the embedded API over TLS as a kubeconfig describes. */
async function callWith(
  config: string,
  path: string,
  method = 'GET',
  body?: string,
): Promise<{ status: number; text: string }> {
  const { clusters, users } = parse(config);
  const decode = (data: string) => Buffer.from(data, 'base64');
  const { server: url, 'certificate-authority-data': ca } = clusters[0].cluster;
  const { 'client-certificate-data': cert, 'client-key-data': key } = users[0].user;
  const headers = body === undefined ? {} : { 'content-type': 'application/json' };

  const request = https.request(url + path, {
    method,
    headers,
    ca: decode(ca),
    cert: decode(cert),
    key: decode(key),
  });

  request.end(body);

  const [response] = (await once(request, 'response')) as [IncomingMessage];
  let text = '';

  for await (const chunk of response) {
    text += chunk;
  }

  return { status: response.statusCode!, text };
}

test('each user gets a kubeconfig that works as that user, with only their rights', async () => {
  const jo = await configOf('jo');
  const config = parse(jo);

  assert.equal(config['current-context'], 'jo@local');

  assert.deepEqual(config.contexts[0], {
    name: 'jo@local',
    context: { cluster: 'local', user: 'jo', namespace: 'default' },
  });

  const review = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
  const body = '{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}';
  const who = await callWith(jo, review, 'POST', body);

  assert.deepEqual(JSON.parse(who.text).status.userInfo.username, 'jo');
  assert.deepEqual(JSON.parse(who.text).status.userInfo.groups, ['system:authenticated']);

  const denied = await callWith(jo, '/api/v1/nodes');
  assert.equal(denied.status, 403);
  assert.match(denied.text, /User \\"jo\\" cannot list resource/);

  const root = await configOf('root');
  await eventually(async () => assert.equal((await callWith(root, '/api/v1/nodes')).status, 200));
  await configOf('admin');
  await eventually(async () =>
    assert.deepEqual((await server.kubernetes(REQUESTS)).json.items, []),
  );
});

test('a kubeconfig is kept while it is valid, replaced when it is not, and deleted with its user', async () => {
  const before = await configOf('jo');
  const path = `${MAPS}/kubeconfig-jo`;

  const patch = (body: object) =>
    server.kubernetes(path, { method: 'PATCH', type: 'application/merge-patch+json', body });

  await patch({ metadata: { annotations: { touched: 'yes' } } });
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal(await configOf('jo'), before);

  await patch({ data: { config: 'broken' } });
  await eventually(async () => assert.match(await configOf('jo'), /client-key-data/));
  assert.notEqual(await configOf('jo'), before);

  assert.equal(
    (await server.call(`${IAM}/users/jo`, { method: 'DELETE', token: admin })).status,
    200,
  );

  await eventually(
    async () => assert.equal((await server.kubernetes(path)).status, 404),
    GARBAGE_MS,
  );
});
