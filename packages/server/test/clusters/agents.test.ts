// Members whose agents connect to the host: no port of theirs is open, and every call goes through
// the channels of an agent.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import tls from 'node:tls';
import { issueCertificate } from '@ks-apiserver/kubernetes/server/certificates';
import { AgentProcess } from '../support/agent-process.ts';
import { freePort } from '../support/free-port.ts';
import { eventually, TestServer } from '../support/test-server.ts';
import { callWithUpgrade } from '../support/upgraded-call.ts';

const CLUSTERS = '/apis/cluster.kubesphere.io/v1alpha1/clusters';
const SERVICES = '/api/v1/namespaces/kubesphere-system/services';
const SECRET = 'a-secret-that-host-and-members-share-0123456789';
const MERGE = 'application/merge-patch+json';
const LIST = '/kapis/clusters/east/resources.kubesphere.io/v1alpha3/namespaces?name=default';

interface Condition {
  type: string;
  status: string;
  message: string;
}

let dir: string;
let host: TestServer;
let member: TestServer;
let token: string;
let agent: AgentProcess;

async function start(name: string, config: object): Promise<TestServer> {
  const file = join(dir, `${name}.yaml`);
  await writeFile(file, JSON.stringify(config));

  return TestServer.start({ args: ['--config', file] });
}

async function addCluster(name: string, agentToken: string): Promise<void> {
  const { status, json } = await host.kubernetes(CLUSTERS, {
    method: 'POST',
    body: {
      apiVersion: 'cluster.kubesphere.io/v1alpha1',
      kind: 'Cluster',
      metadata: { name },
      spec: {
        joinFederation: true,
        enable: true,
        connection: { type: 'proxy', token: agentToken },
      },
    },
  });

  assert.equal(status, 201, JSON.stringify(json));
  await eventually(async () =>
    assert.equal((await condition(name, 'Initialized'))?.status, 'True'),
  );
}

async function condition(name: string, type: string): Promise<Condition | undefined> {
  const { json } = await host.kubernetes(`${CLUSTERS}/${name}`);
  const conditions: Condition[] = json.status?.conditions ?? [];

  return conditions.find((one) => one.type === type);
}

const isReady = (name: string) =>
  eventually(async () => assert.equal((await condition(name, 'Ready'))?.status, 'True'), 30_000);

const tokenFile = () => join(dir, 'agent-token');

function startAgent(name: string, ...credentials: string[]): AgentProcess {
  return new AgentProcess([
    `--name=${name}`,
    `--proxy-server=${host.url}/tower`,
    `--kubeconfig=${member.kubeconfig}`,
    `--kubesphere-service=${new URL(member.url).host}`,
    ...credentials,
    '--max-retry-interval=1s',
    '--keepalive=1s',
    '--v=0',
  ]);
}

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'agents-'));
  const authentication = { jwtSecret: SECRET };

  [host, member] = await Promise.all([
    start('host', { authentication, multicluster: { enable: true } }),
    start('member', {
      authentication: { ...authentication, oauthOptions: { accessTokenMaxAge: 0 } },
      multicluster: { clusterRole: 'member' },
    }),
  ]);

  token = await host.token();
  await addCluster('east', 'token-of-east');
  await writeFile(tokenFile(), 'token-of-east\n');

  agent = startAgent('east', `--token-file=${tokenFile()}`);
  await isReady('east');
});

after(async () => {
  await agent?.stop();
  await host?.stop();
  await member?.stop();
  await rm(dir, { recursive: true, force: true });
});

test('a member is ready once its agent is connected, and has neither ports nor a Service', async () => {
  const { json } = await host.kubernetes(`${CLUSTERS}/east`);
  assert.equal(json.spec.connection.kubernetesAPIServerPort, undefined);
  assert.equal(json.spec.connection.kubesphereAPIEndpoint, undefined);
  assert.match(json.status.kubernetesVersion, /^v1\./);

  const available = await condition('east', 'AgentAvailable');
  assert.equal(available?.status, 'True');
  assert.equal(available?.message, 'Agent has connected to proxy successfully.');

  assert.equal((await host.kubernetes(`${SERVICES}/mc-east`)).status, 404);
});

test('calls of users reach the member, with their rights there', async () => {
  const { status, json, text } = await host.call(LIST, { token });
  assert.equal(status, 200, text);
  assert.equal(json.totalItems, 1);

  const body = { metadata: { name: 'made-through-agent' } };
  const created = await host.call('/api/clusters/east/v1/namespaces', { token, body });
  assert.equal(created.status, 201, created.text);
  assert.equal((await member.kubernetes('/api/v1/namespaces/made-through-agent')).status, 200);

  assert.equal((await host.call('/api/clusters/east/v1/secrets')).status, 403);
});

test('a WebSocket goes through the agent', async () => {
  const path = '/api/clusters/east/v1/namespaces?watch=true';
  const { status, text } = await callWithUpgrade(host.url, path, { token });

  assert.equal(status, 101);
  assert.match(text, /kube-system/);
});

test('a watch ends when the agent is started anew, and the next one goes on', async () => {
  const url = `${host.url}/api/clusters/east/v1/configmaps?watch=true`;
  const watch = () => fetch(url, { headers: { authorization: `Bearer ${token}` } });

  const first = await watch();
  assert.equal(first.status, 200);

  assert.equal(await agent.stop(), 0);

  const read = async () => {
    for await (const _ of first.body ?? []) {
      // Events before the end.
    }
  };

  await read().catch(() => {});
  await eventually(async () =>
    assert.equal((await condition('east', 'AgentAvailable'))?.status, 'False'),
  );

  const { status, text } = await host.call(LIST, { token });
  assert.deepEqual([status, text], [500, 'cluster east is not ready\n']);

  agent = startAgent('east', `--token-file=${tokenFile()}`);
  await isReady('east');

  const second = await watch();
  const made = { metadata: { name: 'seen-after-restart' } };
  await member.kubernetes('/api/v1/namespaces/default/configmaps', { method: 'POST', body: made });

  let seen = '';
  for await (const piece of second.body ?? []) {
    seen += Buffer.from(piece).toString();
    if (seen.includes('seen-after-restart')) {
      break;
    }
  }

  assert.match(seen, /seen-after-restart/);
});

test('an agent with a wrong token, or that of another cluster, is refused and audited', async () => {
  await addCluster('west', 'token-of-west');

  for (const [name, wrong] of [
    ['west', 'token-of-east'],
    ['west', ''],
    ['nosuch', 'token-of-west'],
    ['host', ''],
  ] as const) {
    const stranger = startAgent(name, `--token=${wrong}`, '--max-retry=1');

    await eventually(async () => assert.match(stranger.output, /Unauthorized agent/), 30_000);
    await stranger.stop();
    assert.doesNotMatch(stranger.output, /token-of/);
  }

  assert.notEqual((await condition('west', 'AgentAvailable'))?.status, 'True');
  assert.match(host.output, /an agent was refused/);
  assert.doesNotMatch(host.output, /token-of/);
  assert.equal((await host.call(LIST, { token })).status, 200);
});

test('a token is replaced: the agent with the old one has to go, and comes back with the new one', async () => {
  const body = { spec: { connection: { token: 'new-token-of-east' } } };
  const { status } = await host.kubernetes(`${CLUSTERS}/east`, {
    method: 'PATCH',
    type: MERGE,
    body,
  });
  assert.equal(status, 200);

  await eventually(async () =>
    assert.equal((await condition('east', 'AgentAvailable'))?.status, 'False'),
  );

  await writeFile(tokenFile(), 'new-token-of-east\n');
  await isReady('east');
  assert.equal((await host.call(LIST, { token })).status, 200);
});

test('members have ports where that is configured, for clients with a certificate alone', async (t) => {
  const agents = {
    port: await freePort(),
    bindAddress: '127.0.0.1',
    memberPorts: { enable: true },
  };
  const config = { enable: true, agents };
  const other = await start('host-with-ports', {
    authentication: { jwtSecret: SECRET },
    multicluster: config,
  });
  t.after(() => other.stop());

  const cluster = {
    apiVersion: 'cluster.kubesphere.io/v1alpha1',
    kind: 'Cluster',
    metadata: { name: 'ported' },
    spec: { joinFederation: true, enable: true, connection: { type: 'proxy', token: 'secret' } },
  };

  const made = await other.kubernetes(CLUSTERS, { method: 'POST', body: cluster });
  assert.equal(made.status, 201);

  const read = async () => (await other.kubernetes(`${CLUSTERS}/ported`)).json;
  await eventually(async () => assert.ok((await read()).spec.connection.kubeconfig));
  const { connection } = (await read()).spec;
  assert.equal((await other.kubernetes(`${SERVICES}/mc-ported`)).status, 200);

  // The port of agents alone answers as tower's does.
  const own = `http://127.0.0.1:${agents.port}`;
  const answers = await Promise.all(['/health', '/version', '/'].map((path) => fetch(own + path)));
  assert.deepEqual(
    answers.map((answer) => answer.status),
    [200, 200, 404],
  );
  assert.equal(await answers[0]?.text(), 'OK\n');
  assert.equal(await answers[2]?.text(), 'Not Found');

  const ported = startAgent('ported', '--token=secret', `--proxy-server=${own}`);
  t.after(() => ported.stop());
  const { users, clusters } = JSON.parse(Buffer.from(connection.kubeconfig, 'base64').toString());
  const pem = (data: string) => Buffer.from(data, 'base64');
  const { 'client-certificate-data': cert, 'client-key-data': key } = users[0].user;
  const ca = pem(clusters[0].cluster['certificate-authority-data']);
  const servername = 'mc-ported.kubesphere-system.svc';

  const get = (credentials: object) =>
    new Promise<number>((resolve, reject) => {
      const port = connection.kubernetesAPIServerPort;
      const options = { host: '127.0.0.1', port, path: '/version', ca, servername };
      https
        .get({ ...options, agent: false, ...credentials }, (res) => {
          res.resume();
          resolve(res.statusCode ?? 0);
        })
        .on('error', reject);
    });

  await eventually(async () => assert.equal(await get({ cert: pem(cert), key: pem(key) }), 200));
  await assert.rejects(get({}));

  const kubesphere = `http://127.0.0.1:${connection.kubesphereAPIServerPort}/kapis/version`;
  assert.equal((await fetch(kubesphere)).status, 200);

  await ported.stop();
  await eventually(() => assert.rejects(get({ cert: pem(cert), key: pem(key) })));
});

test('a member that has only Kubernetes is answered for by the host, through the agent', async (t) => {
  await member.kubernetes(`${SERVICES}/ks-apiserver`, { method: 'DELETE' });
  await addCluster('bare', 'token-of-bare');
  const bare = startAgent('bare', '--token=token-of-bare', '--kubesphere-service=127.0.0.1:1');
  t.after(() => bare.stop());
  await isReady('bare');
  assert.equal((await condition('bare', 'KubeSphereInstalled'))?.status, 'False');

  const path = '/api/clusters/bare/v1/namespaces';
  const { status, text } = await host.call(path, { token });
  assert.equal(status, 200, text);
  assert.match(text, /made-through-agent/);

  // TLS inside a channel, and a WebSocket inside that.
  const watch = await callWithUpgrade(host.url, `${path}?watch=true`, { token });
  assert.equal(watch.status, 101);
  assert.match(watch.text, /made-through-agent/);
});

test('an agent connects over TLS to nobody but its host', async (t) => {
  const authority = await issueCertificate({ commonName: 'front', usage: 'ca', days: 1 });
  const { cert, key } = await issueCertificate({
    commonName: 'front',
    usage: 'server',
    days: 1,
    issuer: authority,
    ipAddresses: ['127.0.0.1'],
  });

  const front = tls.createServer({ cert, key }, (socket) => {
    const onward = net.connect(Number(new URL(host.url).port), '127.0.0.1');
    socket.on('error', () => onward.destroy());
    onward.on('error', () => socket.destroy());
    socket.pipe(onward).pipe(socket);
  });

  front.listen(0, '127.0.0.1');
  await once(front, 'listening');
  t.after(() => front.close());

  const url = `--proxy-server=https://127.0.0.1:${(front.address() as AddressInfo).port}/tower`;
  const credentials = [`--token-file=${tokenFile()}`, url];

  const distrustful = startAgent('east', ...credentials, '--max-retry=1');
  await eventually(async () => assert.match(distrustful.output, /gave up after 1 tries:/), 30_000);
  assert.doesNotMatch(distrustful.output, /connected to/);

  const file = join(dir, 'authority.pem');
  await writeFile(file, authority.cert);
  const trusting = startAgent('east', ...credentials, `--ca-file=${file}`);
  t.after(() => trusting.stop());
  await eventually(async () => assert.match(trusting.output, /connected to wss:/), 30_000);
});

test('a cluster that was prepared for a tower is left to it', async () => {
  const connection = {
    type: 'proxy',
    token: 'x',
    kubernetesAPIEndpoint: 'https://192.0.2.1:6443',
    kubesphereAPIEndpoint: member.url,
  };
  const conditions = [
    { type: 'Initialized', status: 'True' },
    { type: 'AgentAvailable', status: 'True' },
  ];
  const body = {
    apiVersion: 'cluster.kubesphere.io/v1alpha1',
    kind: 'Cluster',
    metadata: { name: 'elsewhere' },
    spec: { joinFederation: true, enable: true, connection },
    status: { conditions },
  };

  assert.equal((await host.kubernetes(CLUSTERS, { method: 'POST', body })).status, 201);
  await isReady('elsewhere');
  assert.equal((await condition('elsewhere', 'AgentAvailable'))?.status, 'True');
  assert.equal((await host.call(LIST.replace('east', 'elsewhere'), { token })).status, 200);
});

test('other protocols and paths get no further than before', async () => {
  const headers = { 'sec-websocket-protocol': 'kubesphere-v2' };
  assert.notEqual((await callWithUpgrade(host.url, '/tower', { headers })).status, 101);

  const known = { 'sec-websocket-protocol': 'kubesphere-v1' };
  const elsewhere = await callWithUpgrade(host.url, '/api/v1/pods', { headers: known });
  assert.notEqual(elsewhere.status, 101);
});

test('a host that stops ends its agents, which wait for it', async () => {
  await host.stop();
  await eventually(async () => assert.match(agent.output, /next try in/), 30_000);
  assert.equal(await agent.stop(), 0);
});
