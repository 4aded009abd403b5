import assert from 'node:assert/strict';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { eventually, TestServer } from '../support/test-server.ts';

const INGEST = '/ingest/elasticsearch';
const T = '/kapis/tenant.kubesphere.io/v1alpha2';
let server: TestServer;
let token: string;
let admin: string;

before(async () => {
  server = await TestServer.start();
  token = (await readFile(join(server.dataDir, 'ingest-token'), 'utf8')).trim();
  admin = await server.token();
});

after(() => server.stop());

interface Sent {
  method?: string;
  authorization?: string | undefined;
  headers?: Record<string, string>;
  body?: string | Uint8Array<ArrayBuffer>;
}

async function send(path: string, { method, authorization, headers, body }: Sent = {}) {
  const response = await fetch(server.url + INGEST + path, {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    headers: { ...headers, ...(authorization !== undefined && { authorization }) },
    ...(body !== undefined && { body }),
  });
  const text = await response.text();

  return { status: response.status, headers: response.headers, text };
}

const bearer = () => `Bearer ${token}`;

function line(log: string, namespace = 'default', more: object = {}): string {
  const document = {
    log,
    time: new Date().toISOString(),
    kubernetes: { namespace_name: namespace, pod_name: 'web-0', container_name: 'app' },
    ...more,
  };

  return `{"create":{"_index":"ks-logstash-log-2026.05.10"}}\n${JSON.stringify(document)}\n`;
}

async function search(parameters: string) {
  const { status, json, text } = await server.call(`${T}/logs?${parameters}`, { token: admin });
  assert.equal(status, 200, text);

  return json.query;
}

test('without the token nothing is taken or told, whatever else is sent', async () => {
  const { mode } = await stat(join(server.dataDir, 'ingest-token'));
  assert.equal(mode & 0o77, 0);

  for (const authorization of [
    undefined,
    '',
    'Bearer ',
    'Bearer x',
    `Bearer ${admin}`,
    `Basic ${btoa('x:y')}`,
    `Basic ${token}`,
    `bearer${token}`,
  ]) {
    const { status } = await send('/_bulk', { authorization, body: line('stolen') });
    assert.equal(status, 401, authorization);
    assert.equal((await send('/', { authorization })).status, 401);
  }

  assert.deepEqual(await search('log_query=stolen'), { total: 0 });
});

test('the token of collectors is none of the API', async () => {
  for (const path of [`${T}/logs`, '/api/v1/secrets']) {
    assert.equal((await server.call(path, { token })).status, 401);
  }
});

test('lines that were acknowledged are found at once', async () => {
  const ways = [bearer(), `ApiKey ${token}`, `Basic ${btoa(`collector:${token}`)}`];

  for (const [index, authorization] of ways.entries()) {
    const { status, text } = await send('/_bulk', { authorization, body: line(`way${index}`) });
    assert.equal(status, 200);
    assert.equal(JSON.parse(text).errors, false);
    assert.equal((await search(`log_query=way${index}`)).total, 1);
  }
});

test('bodies come compressed, and with the index in the path', async () => {
  const body = gzipSync(`{"index":{}}\n{"log":"packed line"}\n`);
  const headers = { 'content-encoding': 'gzip', 'content-type': 'application/x-ndjson' };

  for (const path of ['/ks-logstash-log-2026.05.10/_bulk', '/ks-logstash-log/flb_type/_bulk']) {
    const { status, text } = await send(path, {
      authorization: bearer(),
      headers,
      body: Uint8Array.from(body),
    });
    assert.equal(status, 200, text);
  }
  assert.equal((await search('log_query=packed')).total, 2);
});

test('broken bodies are refused with the status that collectors know', async () => {
  const authorization = bearer();

  assert.equal((await send('/_bulk', { authorization, body: 'what?' })).status, 400);

  const headers = { 'content-encoding': 'gzip' };
  assert.equal((await send('/_bulk', { authorization, headers, body: 'no gzip' })).status, 400);

  // Many zeros become few bytes.
  const bomb = Uint8Array.from(gzipSync(Buffer.alloc(64 * 1024 * 1024)));
  assert.equal((await send('/_bulk', { authorization, headers, body: bomb })).status, 413);

  const { text } = await send('/_bulk', { authorization, body: '{"create":{}}\n[]\n' });
  const [item] = JSON.parse(text).items;
  assert.equal(item.create.status, 400);
});

test('collectors find what they look for before they send', async () => {
  const authorization = bearer();
  const root = await send('/', { authorization });

  assert.equal(JSON.parse(root.text).version.number, '7.10.2');
  assert.equal(root.headers.get('x-elastic-product'), 'Elasticsearch');

  for (const [method, path] of [
    ['HEAD', '/'],
    ['GET', '/_cluster/health'],
    ['GET', '/_license'],
    ['GET', '/_xpack'],
    ['HEAD', '/_template/ks'],
    ['HEAD', '/ks-logstash-log'],
  ] as const) {
    assert.equal((await send(path, { method, authorization })).status, 200, path);
  }

  const put = await send('/_index_template/ks', { method: 'PUT', authorization, body: '{}' });
  assert.deepEqual(JSON.parse(put.text), { acknowledged: true });

  for (const path of ['/_search', '/ks-logstash-log/_search', '/_cat/indices', '/../x']) {
    assert.ok((await send(path, { authorization })).status >= 400, path);
  }
});

test('a tenant finds the lines of their namespaces only', async () => {
  await server.call('/kapis/iam.kubesphere.io/v1alpha2/users', {
    token: admin,
    body: {
      metadata: {
        name: 'mia',
        annotations: { 'iam.kubesphere.io/globalrole': 'platform-regular' },
      },
      spec: { email: 'mia@example.com', password: 'Passw0rd!' },
    },
  });
  await server.call('/api/v1/namespaces', { token: admin, body: { metadata: { name: 'hers' } } });
  await server.call('/apis/rbac.authorization.k8s.io/v1/namespaces/hers/rolebindings', {
    token: admin,
    body: {
      metadata: { name: 'mia' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'mia' }],
    },
  });

  const old = { time: new Date(Date.now() - 3_600_000).toISOString() };
  const body = line('secret other') + line('secret hers', 'hers') + line('secret old', 'hers', old);
  await send('/_bulk', { authorization: bearer(), body });

  const mia = await server.token('mia', 'Passw0rd!');
  await eventually(async () => {
    const { json } = await server.call(`${T}/logs?log_query=secret`, { token: mia });
    assert.deepEqual(
      json.query.records?.map(({ log }: { log: string }) => log),
      ['secret hers'],
    );
  });
});

test('events of the Kubernetes API are found without any collector', async () => {
  await server.call('/api/v1/namespaces/default/events', {
    token: admin,
    body: {
      metadata: { name: 'web.1' },
      involvedObject: { kind: 'Pod', namespace: 'default', name: 'web', uid: 'u' },
      reason: 'Collected',
      message: 'seen by the server',
      type: 'Normal',
    },
  });

  await eventually(async () => {
    const { json } = await server.call(`${T}/events?reason_filter=Collected`, { token: admin });
    assert.equal(json.query.total, 1);
    assert.equal(json.query.records[0].message, 'seen by the server');
  });
});

test('consoles are told that logs, events and audit records are there', async () => {
  const { json } = await server.call('/kapis/config.kubesphere.io/v1alpha2/configs/configz');
  assert.deepEqual([json.logging, json.events, json.auditing], [true, true, true]);
});
