import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { eventually, TestServer } from '@ks-apiserver/server/test/support/test-server';

const C = '/kapis/cluster.kubesphere.io/v1alpha1/clusters';
const OBJECTS = '/apis/cluster.kubesphere.io/v1alpha1/clusters';

let server: TestServer;
let admin: string;
let dir: string;

/** A member cluster: a Kubernetes API that records its requests. */
let member: Server;
let elsewhere: Server;
const asked: { url: string; authorization: string | undefined }[] = [];
let versionStatus = 200;
let stolen = 0;

const listen = (made: Server) =>
  new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve));
const urlOf = (made: Server) => `http://127.0.0.1:${(made.address() as AddressInfo).port}`;

before(async () => {
  elsewhere = createServer((_req, res) => {
    stolen += 1;
    res.end('{}');
  });

  await listen(elsewhere);

  member = createServer((req, res) => {
    asked.push({ url: req.url!, authorization: req.headers.authorization });

    if (versionStatus !== 200) {
      res.writeHead(versionStatus, { location: `${urlOf(elsewhere)}/latest/meta-data` });
    }
    if (req.url!.startsWith('/api/v1/namespaces/kube-system')) {
      return void res.end('{"metadata":{"uid":"u-1"}}');
    }

    res.end(JSON.stringify({ gitVersion: 'v1.30.0', secret: 'what nobody is to see' }));
  });

  await listen(member);
  dir = await mkdtemp(join(tmpdir(), 'ks-clusters-'));

  const config = join(dir, 'kubesphere.yaml');
  await writeFile(config, 'multicluster:\n  proxyPublishAddress: http://tower.example:8080\n');
  server = await TestServer.start({ args: ['--config', config] });
  admin = await server.token();
});

after(async () => {
  await server.stop();
  member.close();
  elsewhere.close();
  await rm(dir, { recursive: true });
});

const call = (path: string, options = {}) => server.call(path, { token: admin, ...options });

function kubeconfig(url: string, user: object = { token: 'member-token' }): string {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'm', cluster: { server: url } }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'c', context: { cluster: 'm', user: 'u' } }],
    'current-context': 'c',
  };

  return Buffer.from(JSON.stringify(config)).toString('base64');
}

const validate = (connection: object) =>
  call(`${C}/validation`, { body: { spec: { connection } } });

const cluster = (name: string, connection: object) =>
  call(OBJECTS, {
    body: {
      apiVersion: 'cluster.kubesphere.io/v1alpha1',
      kind: 'Cluster',
      metadata: { name },
      spec: { connection },
    },
  });

test('a cluster that answers can be imported; its credentials are never shown in plain text', async () => {
  const good = await validate({ type: 'direct', kubeconfig: kubeconfig(urlOf(member)) });
  assert.deepEqual([good.status, good.text], [200, '']);

  assert.deepEqual(asked.splice(0), [
    { url: '/version?timeout=10s', authorization: undefined },
    {
      url: '/api/v1/namespaces/kubesphere-system/services/:ks-apiserver:/proxy/kapis/version',
      authorization: undefined,
    },
  ]);

  await validate({
    type: 'direct',
    kubeconfig: kubeconfig(urlOf(member)),
    kubesphereAPIEndpoint: urlOf(member),
  });

  assert.deepEqual(asked.splice(0)[1], { url: '/kapis/version', authorization: undefined });
});

test('TLS is verified as the kubeconfig says, and its credentials are sent', async () => {
  const own = await readFile(server.kubeconfig, 'utf8');

  const validateText = (text: string) =>
    validate({
      type: 'direct',
      kubeconfig: Buffer.from(text).toString('base64'),
      kubesphereAPIEndpoint: server.url,
    });

  assert.equal((await validateText(own)).status, 200);

  const unknown = own.replace(/certificate-authority-data: .*/, '');
  assert.match(
    (await validateText(unknown)).text,
    /^unable to reach the Kubernetes API, it cannot be reached\n$/,
  );
});

test('problems are reported without the cluster’s answer', async () => {
  const assertRefused = async (connection: object, text: string | RegExp) => {
    const { status, text: answer } = await validate(connection);
    assert.equal(status, 400, answer);
    assert.match(answer, typeof text === 'string' ? new RegExp(`^${text}\\n$`) : text);
    assert.ok(!answer.includes('nobody is to see'));
  };

  await assertRefused({ type: 'proxy' }, 'cluster connection type MUST be direct');
  await assertRefused({ type: 'direct' }, 'cluster kubeconfig MUST NOT be empty');
  await assertRefused({ type: 'direct', kubeconfig: 'bm9uZQ==' }, /cannot be used/);

  await assertRefused(
    { type: 'direct', kubeconfig: kubeconfig('http://127.0.0.1:1') },
    /^unable to reach the Kubernetes API, it cannot be reached\n$/,
  );

  versionStatus = 500;
  await assertRefused(
    { type: 'direct', kubeconfig: kubeconfig(urlOf(member)) },
    /it answered 500\n$/,
  );
  versionStatus = 302;
  await assertRefused(
    { type: 'direct', kubeconfig: kubeconfig(urlOf(member)) },
    /it answered 302\n$/,
  );
  versionStatus = 200;
  assert.equal(stolen, 0, 'no redirect is followed');

  await assertRefused(
    {
      type: 'direct',
      kubeconfig: kubeconfig(urlOf(member)),
      kubesphereAPIEndpoint: 'file:///etc/passwd',
    },
    /no http or https URL/,
  );
});

test('a kubeconfig runs no command here and reads no file', async () => {
  asked.length = 0;

  const proof = join(dir, 'proof');
  const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: 'touch', args: [proof] };
  for (const user of [
    { exec },
    { tokenFile: '/etc/hostname' },
    { 'client-certificate': '/etc/hostname' },
    { 'auth-provider': { name: 'gcp' } },
  ]) {
    const { status, text } = await validate({
      type: 'direct',
      kubeconfig: kubeconfig(urlOf(member), user),
    });

    assert.equal(status, 400, text);
  }

  await assert.rejects(import('node:fs/promises').then(({ stat }) => stat(proof)));
  assert.deepEqual(asked.splice(0), []);
});

test('no cluster is imported twice', async () => {
  assert.equal(
    (await cluster('here', { type: 'direct', kubeconfig: kubeconfig(urlOf(member)) })).status,
    201,
  );

  const { status, text } = await validate({
    type: 'direct',
    kubeconfig: kubeconfig(urlOf(member)),
  });

  assert.deepEqual(
    [status, text],
    [
      400,
      'existing cluster here with the exacty same server address, MUST not import the same cluster twice\n',
    ],
  );
});

test('a cluster can get another kubeconfig that works', async () => {
  const put = (name: string, given: string, query = '') =>
    call(`${C}/${name}/kubeconfig${query}`, { method: 'PUT', body: { kubeconfig: given } });
  const given = kubeconfig(urlOf(member), { token: 'new-token' });
  const readConnection = async () => (await call(`${OBJECTS}/here`)).json.spec.connection;

  assert.equal((await put('here', given, '?dryRun=All')).status, 200);
  assert.notEqual((await readConnection()).kubeconfig, given);
  assert.equal((await put('here', kubeconfig('http://127.0.0.1:1'))).status, 400);
  assert.equal((await put('here', given)).status, 200);

  assert.deepEqual(
    [(await readConnection()).kubeconfig, (await readConnection()).kubernetesAPIEndpoint],
    [given, urlOf(member)],
  );

  assert.equal((await put('nosuch', given)).status, 404);
});

test('the agent of a cluster that connects to this server', async () => {
  assert.equal((await cluster('tunnel', { type: 'proxy', token: 'agent-token' })).status, 201);

  await eventually(async () => {
    const { status, text, headers } = await call(`${C}/tunnel/agent/deployment`);
    assert.equal(status, 200, text);
    assert.match(headers.get('content-type')!, /^text\/plain/);

    assert.match(
      text,
      /^apiVersion: apps\/v1\nkind: Deployment\nmetadata:\n {2}creationTimestamp: null\n {2}name: cluster-agent\n/,
    );

    assert.match(
      text,
      /\n {6}- command:\n {8}- \/agent\n {8}- --name=tunnel\n {8}- --token=agent-token\n {8}- --proxy-server=http:\/\/tower.example:8080\n/,
    );

    assert.match(text, /\n {12}cpu: "1"\n/);
  });

  assert.deepEqual(
    (await call(`${C}/here/agent/deployment`)).text,
    'cluster here is not using proxy connection\n',
  );

  assert.deepEqual(
    (await call(`${C}/nosuch/agent/deployment`)).text,
    'cluster.cluster.kubesphere.io "nosuch" not found\n',
  );
});
