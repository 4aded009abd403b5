import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import os from 'node:os';
import { after, before, test } from 'node:test';
import { eventually, TestServer } from '../support/test-server.ts';

const SERVICE = '/api/v1/namespaces/kubesphere-system/services/ks-apiserver';
const MERGE = 'application/merge-patch+json';
let server: TestServer;

before(async () => {
  server = await TestServer.start();
});
after(() => server.stop());

test('the token response is the one of the reference page', async () => {
  const { status, json } = await server.login('admin', 'P@88w0rd');
  assert.equal(status, 200);

  assert.deepEqual(Object.keys(json).toSorted(), [
    'access_token',
    'expires_in',
    'refresh_token',
    'token_type',
  ]);

  assert.equal(json.token_type, 'Bearer');
  assert.equal(json.expires_in, 7200);
});

test('the node list holds this host as a ready Node', async () => {
  const token = await server.token();

  const { status, json } = await server.call('/kapis/resources.kubesphere.io/v1alpha3/nodes', {
    token,
    headers: { 'content-type': 'application/json' },
  });

  assert.equal(status, 200);
  assert.deepEqual(Object.keys(json).toSorted(), ['items', 'totalItems']);
  assert.equal(json.totalItems, 1);

  const [node] = json.items;
  assert.equal(node.kind, 'Node');
  assert.equal(node.status.capacity.cpu, String(os.availableParallelism()));
  assert.equal(node.metadata.labels['kubernetes.io/os'], os.platform());

  assert.ok(
    node.status.addresses.some(
      (address: { type: string; address: string }) =>
        address.type === 'InternalIP' && address.address,
    ),
  );

  assert.equal(
    node.status.conditions.find((condition: { type: string }) => condition.type === 'Ready').status,
    'True',
  );

  const lease = await server.kubernetes(
    `/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/${node.metadata.name}`,
  );
  assert.equal(lease.status, 200);
  assert.ok(Date.now() - Date.parse(lease.json.spec.renewTime) < 60_000);
});

test('the node port of the Service is served, and closed with the Service', async () => {
  const patch = (spec: object) =>
    server.kubernetes(SERVICE, { method: 'PATCH', type: MERGE, body: { spec } });
  const exposed = await patch({ type: 'NodePort' });

  assert.equal(exposed.status, 200, JSON.stringify(exposed.json));

  const port = exposed.json.spec.ports[0].nodePort;
  assert.ok(port >= 30000 && port <= 32767);

  const url = `http://127.0.0.1:${port}/kapis/version`;
  await eventually(async () => assert.equal((await fetch(url)).status, 200));

  const { status } = await patch({
    type: 'ClusterIP',
    ports: [{ port: 80, protocol: 'TCP', targetPort: 9090 }],
  });

  assert.equal(status, 200);
  await eventually(() => assert.rejects(fetch(url, { headers: { connection: 'close' } })));
});

test('only the owner can read certificates, kubeconfig and secrets', () => {
  assert.equal(statSync(server.kubeconfig).mode & 0o777, 0o600);
  assert.equal(statSync(`${server.dataDir}/jwt-secret`).mode & 0o777, 0o600);
});

test('the Kubernetes API is reached through the server, and watches stream', async () => {
  const token = await server.token();

  const create = (name: string) =>
    server.call('/api/v1/namespaces', {
      token,
      body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name } },
    });

  const abort = new AbortController();

  const response = await fetch(`${server.url}/api/v1/namespaces?watch=true`, {
    headers: { authorization: `Bearer ${token}` },
    signal: abort.signal,
  });

  assert.equal(response.status, 200);
  assert.equal((await create('streamed')).status, 201);

  let text = '';
  const decoder = new TextDecoder();

  for await (const chunk of response.body!) {
    text += decoder.decode(chunk, { stream: true });
    if (text.includes('"streamed"')) {
      break;
    }
  }

  assert.match(text, /^\{"type":"ADDED","object":\{/);
  abort.abort();
});

test('probes, metrics and unknown paths', async () => {
  const token = await server.token();

  for (const path of ['/healthz', '/livez', '/readyz']) {
    assert.equal((await server.call(path)).text, 'ok');
  }

  assert.equal((await server.call('/metrics')).status, 403);
  assert.match((await server.call('/metrics', { token })).text, /ks_apiserver_request_total\{/);

  assert.deepEqual(
    [
      (await server.call('/kapis/nosuch', { token })).text,
      (await server.call('/nosuch', { token })).text,
    ],
    ['404: Page Not Found', '404 page not found\n'],
  );

  const method = await server.call('/kapis/version', { token, method: 'DELETE' });
  assert.deepEqual([method.status, method.text], [405, '405: Method Not Allowed']);
});
