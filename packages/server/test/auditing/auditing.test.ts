import assert from 'node:assert/strict';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { AuditEvent } from '@ks-apiserver/server/models/auditing/audit-event';
import { WebSocket } from 'ws';
import { ADMIN_PASSWORD, eventually, TestServer } from '../support/test-server.ts';
import { AuditWebhook } from './webhook.ts';

const MARK = 'marked-credential';
const USERS = '/kapis/iam.kubesphere.io/v1alpha2/users';
const SECRETS = '/api/v1/namespaces/default/secrets';
const PODS = '/api/v1/namespaces/default/pods';

let webhook: AuditWebhook;
let server: TestServer;
let token: string;

before(async () => {
  webhook = await AuditWebhook.start();

  const config = join(await mkdtemp(join(tmpdir(), 'ks-audit-')), 'kubesphere.yaml');
  await writeFile(
    config,
    `auditing: {enable: true, webhookUrl: "${webhook.url}", level: RequestResponse}\n`,
  );

  server = await TestServer.start({ args: ['--config', config, '--register-node', 'false'] });
  token = await server.token();
});

after(async () => {
  await server.stop();
  webhook.stop();
});

/** Returns the first record that passes a test, once it has arrived. */
const recordOf = (passes: (event: AuditEvent) => boolean) =>
  eventually(async () => {
    const found = webhook.events.find(passes);
    assert.ok(found, 'no such record has arrived');

    return found;
  });

const pod = (name: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  spec: { containers: [{ name: 'c', image: 'i' }] },
});

test('a proxied call is recorded with its object, user, source and answer', async () => {
  await server.call(PODS, { token, body: pod('through-the-proxy') });

  const event = await recordOf(({ ObjectRef }) => ObjectRef?.Name === 'through-the-proxy');

  assert.equal(event.Verb, 'create');
  assert.equal(event.User.Username, 'admin');
  assert.deepEqual(event.SourceIPs, ['127.0.0.1']);
  assert.equal(event.ResponseStatus.code, 201);
  assert.equal(event.RequestURI, PODS);
  assert.equal(event.ObjectRef?.Resource, 'pods');
  assert.equal(event.ObjectRef?.Namespace, 'default');
  assert.deepEqual(event.RequestObject, pod('through-the-proxy'));
  assert.ok((event.ResponseObject as { metadata: { uid: string } }).metadata.uid);
});

test('a call of kapis is recorded, its password is not', async () => {
  const body = {
    metadata: {
      name: 'audited',
      annotations: { 'iam.kubesphere.io/globalrole': 'platform-regular' },
    },
    spec: { email: 'audited@example.com', password: 'Passw0rd-marked-credential' },
  };

  assert.equal((await server.call(USERS, { token, body })).status, 200);

  const event = await recordOf(
    ({ ObjectRef, Verb }) => ObjectRef?.Name === 'audited' && Verb === 'create',
  );

  assert.equal(event.ObjectRef?.APIGroup, 'iam.kubesphere.io');
  assert.equal((event.RequestObject as { spec: { email: string } }).spec.email, body.spec.email);
});

test('Secrets are recorded without their data, through every door', async () => {
  const secret = (name: string) => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name },
    stringData: { key: MARK },
  });
  const type = 'application/apply-patch+yaml';

  await server.call(SECRETS, { token, body: secret('by-proxy') });
  await server.call(`${SECRETS}/by-proxy`, {
    token,
    method: 'PATCH',
    headers: { 'content-type': 'application/json-patch+json' },
    body: [{ op: 'add', path: '/data/more', value: btoa(MARK) }],
  });
  await server.kubernetes(SECRETS, { method: 'POST', body: secret('by-port') });
  await server.kubernetes(`${SECRETS}/by-port?fieldManager=me&force=true`, {
    method: 'PATCH',
    body: secret('by-port'),
    type,
  });
  await server.call(SECRETS, { token });

  await recordOf(({ ObjectRef, Verb }) => ObjectRef?.Name === 'by-port' && Verb === 'patch');
  await recordOf(({ ObjectRef, Verb }) => ObjectRef?.Resource === 'secrets' && Verb === 'list');

  const all = JSON.stringify(webhook.events);
  assert.ok(!all.includes(MARK) && !all.includes(btoa(MARK)));
  assert.ok(!all.includes(ADMIN_PASSWORD));
});

test('the secure port is recorded, with the user of its certificate', async () => {
  await server.kubernetes(PODS, { method: 'POST', body: pod('at-the-port') });

  const event = await recordOf(({ ObjectRef }) => ObjectRef?.Name === 'at-the-port');

  assert.ok(event.User.Groups?.includes('system:masters'));
  assert.equal(event.ResponseStatus.code, 201);
  assert.ok(event.RequestObject);
  assert.ok(event.ResponseObject);
});

test('refused calls are recorded: without a log-in, with a wrong token, without the right', async () => {
  await server.call(`${PODS}/nobody`, { method: 'DELETE' });
  await server.call(`${PODS}/wrong-token`, { method: 'DELETE', token: 'x' });

  const jo = await server.token('audited', 'Passw0rd-marked-credential');
  await server.call(`${PODS}/no-right`, { method: 'DELETE', token: jo });

  for (const [name, status, user] of [
    ['nobody', 403, 'system:anonymous'],
    ['wrong-token', 401, 'system:anonymous'],
    ['no-right', 403, 'audited'],
  ] as const) {
    const event = await recordOf(({ ObjectRef }) => ObjectRef?.Name === name);
    assert.equal(event.ResponseStatus.code, status, name);
    assert.equal(event.User.Username, user, name);
  }
});

test('log-ins are recorded under the verb login, and failed ones', async () => {
  await server.login('audited', 'wrong');

  const failed = await recordOf(
    ({ Verb, ResponseStatus }) => Verb === 'login' && ResponseStatus.code === 401,
  );
  const succeeded = await recordOf(
    ({ Verb, User, ResponseStatus }) =>
      Verb === 'login' && User.Username === 'admin' && ResponseStatus.code === 200,
  );

  assert.equal(failed.User.Username, 'audited');
  assert.equal(succeeded.RequestObject, null);
});

test('upgrades are recorded, granted or not', async () => {
  const open = (path: string) =>
    new Promise<void>((resolve) => {
      const socket = new WebSocket(server.url.replace('http', 'ws') + path, {
        headers: { authorization: `Bearer ${token}` },
      });

      socket.on('error', () => resolve());
      socket.on('open', () => socket.terminate());
      socket.on('close', () => resolve());
    });

  await open('/api/v1/namespaces/default/configmaps?watch=true');
  await open(`${PODS}/nosuch/exec?command=sh`);

  const watch = await recordOf(
    ({ Verb, ObjectRef }) => Verb === 'watch' && ObjectRef?.Resource === 'configmaps',
  );
  const exec = await recordOf(({ ObjectRef }) => ObjectRef?.Subresource === 'exec');

  assert.equal(watch.ResponseStatus.code, 101);
  assert.ok(exec.ResponseStatus.code >= 400);
});

test('a webhook that fails for a while loses no record', async () => {
  webhook.status = 503;
  await server.call(`${PODS}/through-the-proxy`, { token, method: 'DELETE' });
  await new Promise((resolve) => setTimeout(resolve, 200));
  webhook.status = 200;

  await recordOf(
    ({ Verb, ObjectRef }) => Verb === 'delete' && ObjectRef?.Name === 'through-the-proxy',
  );
});

test('bodies of broken, large and compressed requests are left out or read, never a failure', async () => {
  const large = {
    ...pod('large'),
    metadata: { name: 'large', annotations: { a: 'x'.repeat(200_000) } },
  };

  assert.equal((await server.call(PODS, { token, body: '{"kind":' })).status, 400);
  assert.equal((await server.call(PODS, { token, body: large })).status, 201);

  const huge = { ...pod('huge'), data: 'x'.repeat(2_000_000) };
  await server.call(PODS, { token, body: huge });

  const event = await recordOf(
    ({ Annotations }) =>
      Annotations !== null && 'auditing.kubesphere.io/request-object' in Annotations,
  );
  assert.equal(event.RequestObject, null);
});
