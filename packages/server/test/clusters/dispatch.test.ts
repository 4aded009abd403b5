// Calls that name a cluster: to this server itself, to members that are servers of their own, and
// to members that misbehave.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually, TestServer } from '../support/test-server.ts';
import { callWithUpgrade } from '../support/upgraded-call.ts';

const CLUSTERS = '/apis/cluster.kubesphere.io/v1alpha1/clusters';
const SECRET = 'a-secret-that-host-and-members-share-0123456789';

type Answerer = (req: IncomingMessage, res: ServerResponse) => unknown;

let dir: string;
let host: TestServer;
let member: TestServer;
let token: string;
let answer: Answerer;
let called: { method: string; url: string; headers: IncomingMessage['headers'] }[] = [];

/** A member that answers as a test wants it. */
const stub = createServer((req, res) => {
  called.push({ method: req.method ?? '', url: req.url ?? '', headers: req.headers });
  answer(req, res);
});

let stubUrl: string;

async function start(name: string, config: object): Promise<TestServer> {
  const file = join(dir, `${name}.yaml`);
  await writeFile(file, JSON.stringify(config));

  return TestServer.start({ args: ['--config', file] });
}

async function addCluster(name: string, connection: object, ready = true): Promise<void> {
  const { status, json } = await host.kubernetes(CLUSTERS, {
    method: 'POST',
    body: {
      apiVersion: 'cluster.kubesphere.io/v1alpha1',
      kind: 'Cluster',
      metadata: {
        name,
        ...(name === 'home' && { labels: { 'cluster-role.kubesphere.io/host': '' } }),
      },
      spec: { enable: true, connection },
      status: { conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
    },
  });

  assert.equal(status, 201, JSON.stringify(json));
}

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'clusters-'));
  await new Promise<void>((resolve) => stub.listen(0, '127.0.0.1', resolve));
  stubUrl = `http://127.0.0.1:${(stub.address() as AddressInfo).port}`;

  const authentication = { jwtSecret: SECRET };

  [host, member] = await Promise.all([
    start('host', { authentication, multicluster: { enable: true } }),
    start('member', {
      authentication: { ...authentication, oauthOptions: { accessTokenMaxAge: 0 } },
      multicluster: { clusterRole: 'member' },
    }),
  ]);

  token = await host.token();

  const kubeconfig = Buffer.from(
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'c', cluster: { server: stubUrl } }],
      users: [{ name: 'u', user: { token: 'credential-of-the-member' } }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    }),
  ).toString('base64');

  await addCluster('home', {});
  await addCluster('east', { type: 'proxy', kubesphereAPIEndpoint: member.url });
  await addCluster('stub', { type: 'direct', kubesphereAPIEndpoint: `${stubUrl}/ignored` });
  await addCluster('behind', { type: 'direct', kubernetesAPIEndpoint: stubUrl, kubeconfig });
  await addCluster('gone', { type: 'proxy', kubesphereAPIEndpoint: 'http://127.0.0.1:1' });
  await addCluster('joining', { type: 'proxy', kubesphereAPIEndpoint: stubUrl }, false);
  await addCluster('broken', { type: 'direct', kubeconfig: 'bm9uc2Vuc2U=' });

  await eventually(async () => {
    const { status } = await host.call('/kapis/clusters/broken/version', { token });
    assert.equal(status, 500);
  });
});

beforeEach(() => {
  called = [];
});

after(async () => {
  await host?.stop();
  await member?.stop();
  stub.closeAllConnections();
  stub.close();
  await rm(dir, { recursive: true, force: true });
});

test('a member answers calls of its callers, who log in at the host alone', async () => {
  const created = await host.call('/api/clusters/east/v1/namespaces', {
    token,
    body: { metadata: { name: 'made-through-host' } },
  });
  assert.equal(created.status, 201, created.text);

  const there = await member.kubernetes('/api/v1/namespaces/made-through-host');
  assert.equal(there.status, 200);

  const here = await host.kubernetes('/api/v1/namespaces/made-through-host');
  assert.equal(here.status, 404);

  const list = '/kapis/clusters/east/resources.kubesphere.io/v1alpha3/namespaces';
  const { json } = await host.call(`${list}?name=made-through`, { token });
  assert.equal(json.totalItems, 1);
});

test('a member refuses who may not', async () => {
  const path = '/api/clusters/east/v1/secrets';

  assert.equal((await host.call(path)).status, 403);
  assert.equal((await host.call(path, { token: 'nonsense' })).status, 401);
});

test('a watch streams from the member, and ends with its reader', async () => {
  const reader = new AbortController();
  const url = `${host.url}/api/clusters/east/v1/configmaps?watch=true`;
  const response = await fetch(url, {
    headers: { authorization: `Bearer ${token}` },
    signal: reader.signal,
  });

  let text = '';
  const reading = (async () => {
    for await (const piece of response.body ?? []) {
      text += Buffer.from(piece).toString();
    }
  })().catch(() => {});

  await member.kubernetes('/api/v1/namespaces/default/configmaps', {
    method: 'POST',
    body: { metadata: { name: 'watched-through-host' } },
  });

  await eventually(async () => assert.match(text, /watched-through-host/));
  reader.abort();
  await reading;
});

test('a WebSocket opens at the member, and only there', async () => {
  const path = '/api/clusters/east/v1/configmaps?watch=true';
  const { status, text } = await callWithUpgrade(host.url, path, { token });
  assert.equal(status, 101);
  assert.match(text, /watched-through-host/);

  const refused = await callWithUpgrade(host.url, path, {});
  assert.equal(refused.status, 403);

  const own = await callWithUpgrade(host.url, path.replace('east', 'home'), { token });
  assert.equal(own.status, 101);
  assert.doesNotMatch(own.text, /watched-through-host/);
});

test('the own cluster is answered here, with the rights of the whole path', async () => {
  const list = '/kapis/clusters/home/resources.kubesphere.io/v1alpha3/namespaces?name=default';
  assert.equal((await host.call(list, { token })).json.totalItems, 1);
  assert.equal(
    (await host.call('/api/clusters/home/v1/namespaces/default', { token })).json.metadata.name,
    'default',
  );

  // Public by its own path alone.
  assert.equal((await host.call('/kapis/clusters/home/version')).status, 403);
});

test('clusters that cannot be called are named', async () => {
  for (const [name, status, message] of [
    ['nosuch', 404, 'cluster nosuch not found\n'],
    ['joining', 500, 'cluster joining is not ready\n'],
    ['broken', 500, 'cluster broken is not ready\n'],
    ['gone', 502, 'cluster gone cannot be reached\n'],
  ] as const) {
    const answered = await host.call(`/kapis/clusters/${name}/version`, { token });
    assert.deepEqual([answered.status, answered.text], [status, message]);
  }
});

test('a member behind its Kubernetes API gets the credentials of the kubeconfig, and the caller’s beside', async () => {
  answer = (_req, res) => res.end('{}');

  const path = '/apis/clusters/behind/apps/v1/namespaces/x/deployments?dryRun=All&a=%2F';
  await host.call(path, { token, body: {} });

  const service = '/api/v1/namespaces/kubesphere-system/services/:ks-apiserver:/proxy';
  const [sent] = called;
  assert.equal(sent?.url, `${service}/apis/apps/v1/namespaces/x/deployments?dryrun=All&a=%2F`);
  assert.equal(sent?.headers.authorization, 'Bearer credential-of-the-member');
  assert.equal(sent?.headers['x-kubesphere-authorization'], `Bearer ${token}`);
});

test('what callers say of themselves does not reach a member', async () => {
  answer = (_req, res) => res.end('{}');

  const headers = {
    cookie: 'session=hush',
    'impersonate-user': 'root',
    'x-remote-user': 'root',
    'x-kubesphere-authorization': 'Bearer smuggled',
    'x-kubesphere-rawquery': 'x=1',
    'x-forwarded-host': 'evil.example',
  };

  for (const cluster of ['stub', 'behind']) {
    await host.call(`/kapis/clusters/${cluster}/x.io/v1/y?z=1`, { token, headers });
  }

  assert.equal(called.length, 2);

  for (const { url, headers: sent } of called) {
    assert.match(url, /\/x\.io\/v1\/y\?z=1$/);
    assert.equal(sent.cookie, undefined);
    assert.equal(sent['impersonate-user'], undefined);
    assert.equal(sent['x-remote-user'], undefined);
    assert.equal(sent['x-kubesphere-rawquery'], undefined);
    assert.equal(sent['x-forwarded-host'], undefined);
    assert.notEqual(sent['x-kubesphere-authorization'], 'Bearer smuggled');
  }
});

test('paths that leave the member’s API are refused before it is called', async () => {
  const { hostname, port } = new URL(host.url);

  for (const path of [
    '/kapis/clusters/behind/../../../secrets',
    '/kapis/clusters/behind/..%2f..%2fsecrets',
    '/kapis/clusters/behind/%2e%2e/%2e%2e/secrets',
    '/api/clusters/behind%2f..%2fx/v1/pods',
  ]) {
    const socket = connect(Number(port), hostname);
    socket.write(
      `GET ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\nconnection: close\r\n\r\n`,
    );

    let text = '';
    for await (const piece of socket) {
      text += piece;
    }

    assert.match(text, /^HTTP\/1\.1 40[04]/, path);
  }

  assert.deepEqual(called, []);
});

test('a malicious member gets no scripts, cookies or redirects onto this origin', async () => {
  answer = (_req, res) =>
    res
      .writeHead(302, {
        location: 'http://169.254.169.254/',
        'content-type': 'text/html',
        'set-cookie': 'session=evil',
        'access-control-allow-origin': '*',
      })
      .end('<script>alert(1)</script>');

  const response = await fetch(`${host.url}/kapis/clusters/stub/x`, {
    redirect: 'manual',
    headers: { authorization: `Bearer ${token}` },
  });

  assert.equal(response.status, 302);
  assert.equal(called.length, 1);
  assert.equal(response.headers.get('set-cookie'), null);
  assert.equal(response.headers.get('access-control-allow-origin'), null);
  assert.equal(response.headers.get('content-security-policy'), 'sandbox');
  await response.text();
});

test('a member that fails again and again is left alone for a moment, and others are not', async () => {
  const statuses: number[] = [];

  for (let i = 0; i < 8; i++) {
    statuses.push((await host.call('/kapis/clusters/gone/version', { token })).status);
  }

  assert.ok(statuses.includes(502) && statuses.at(-1) === 503, statuses.join());
  assert.equal((await host.call('/kapis/clusters/east/version', { token })).status, 200);
});

test('a member that says nothing holds up nobody else, and ends with its caller', async () => {
  let open = 0;
  answer = (_req, res) => {
    open += 1;
    res.once('close', () => {
      open -= 1;
    });
  };

  const callers = new AbortController();
  const waiting = Array.from({ length: 50 }, () =>
    fetch(`${host.url}/kapis/clusters/stub/x`, {
      headers: { authorization: `Bearer ${token}` },
      signal: callers.signal,
    }).catch(() => {}),
  );

  await eventually(async () => assert.equal(open, 50));

  const begin = performance.now();
  assert.equal((await host.call('/kapis/clusters/east/version', { token })).status, 200);
  assert.ok(performance.now() - begin < 2000);

  callers.abort();
  await Promise.all(waiting);
  await eventually(async () => assert.equal(open, 0));
});

test('a Cluster’s status changes nothing for its connections; its endpoint does', async () => {
  answer = (_req, res) => {
    res.writeHead(200, { 'content-type': 'application/json' }).write('{}');
  };

  const reader = new AbortController();
  const response = await fetch(`${host.url}/api/clusters/stub/v1/pods?watch=true`, {
    headers: { authorization: `Bearer ${token}` },
    signal: reader.signal,
  });

  let ended = false;
  const reading = response.text().then(
    () => {
      ended = true;
    },
    () => {
      ended = true;
    },
  );

  const patch = (body: object) =>
    host.kubernetes(`${CLUSTERS}/stub`, {
      method: 'PATCH',
      body,
      type: 'application/merge-patch+json',
    });

  await patch({ status: { nodeCount: 3 } });
  await sleep(500);
  assert.equal(ended, false);

  await patch({ spec: { connection: { kubesphereAPIEndpoint: member.url } } });
  await eventually(async () => assert.equal(ended, true));
  await reading;

  const { json } = await host.call('/kapis/clusters/stub/version', { token });
  assert.ok(json.gitVersion);
});

test('the token of a member’s kubeconfig is in no answer and no log', async () => {
  const { text } = await host.call('/kapis/resources.kubesphere.io/v1alpha3/clusters', { token });
  assert.doesNotMatch(text, /credential-of-the-member/);
  assert.doesNotMatch(
    Buffer.from(/"kubeconfig":"([^"]*)"/.exec(text)?.[1] ?? '', 'base64').toString(),
    /credential-of-the-member/,
  );
  assert.ok(await readFile(host.kubeconfig, 'utf8'));
});
