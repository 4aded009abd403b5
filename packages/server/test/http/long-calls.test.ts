import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Incoming } from '@ks-apiserver/http/server/exchange';
import { LongCalls } from '@ks-apiserver/server/http/long-calls';
import { SourceAddresses } from '@ks-apiserver/server/http/source-ip';
import WebSocket from 'ws';
import { eventually, TestServer } from '../support/test-server.ts';

const MOST = 4;
const WATCH = '/api/v1/namespaces?watch=true';
const LIVE = '/kapis/resources.kubesphere.io/v1alpha3/namespaces?watch=true';
const TERMINAL = '/kapis/terminal.kubesphere.io/v1alpha2/namespaces/default/pods/web';
const IAM = '/kapis/iam.kubesphere.io/v1alpha2';

let dir: string;
let server: TestServer;
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'ks-long-calls-'));

  const config = join(dir, 'kubesphere.yaml');
  await writeFile(
    config,
    `watches: {maxPerUser: ${MOST}}\nauthentication: {multipleLogin: true}\n`,
  );

  server = await TestServer.start({ args: ['--config', config] });
});

after(async () => {
  await server.stop();
  await rm(dir, { recursive: true });
});

/** Opens a stream; returns its status and a function that ends it. */
async function stream(path: string, token: string) {
  const abort = new AbortController();
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(server.url + path, { headers, signal: abort.signal });
  return { response, end: () => abort.abort() };
}

/** Opens a WebSocket; returns the status of the answer. */
async function socket(path: string, token: string) {
  const client = new WebSocket(server.url.replace('http', 'ws') + path, {
    headers: { authorization: `Bearer ${token}` },
  });
  client.on('error', () => {});

  const opened = once(client, 'open').then(() => 101);
  const refused = once(client, 'unexpected-response').then(
    ([, { statusCode }]) => statusCode as number,
  );

  return { status: await Promise.any([opened, refused]), end: () => client.terminate() };
}

test('watches and upgraded connections are limited for each user', async () => {
  const admin = await server.token();
  const annotations = { 'iam.kubesphere.io/globalrole': 'platform-admin' };
  const spec = { email: 'other@example.com', password: 'Passw0rd!' };
  const user = { metadata: { name: 'other', annotations }, spec };

  assert.equal((await server.call(`${IAM}/users`, { token: admin, body: user })).status, 200);

  const other = await eventually(() => server.token('other', 'Passw0rd!'));
  await eventually(async () =>
    assert.equal((await server.call('/api/v1/namespaces', { token: other })).status, 200),
  );

  const open = [await stream(WATCH, admin), await stream(LIVE, admin)];
  for (const { response } of open) {
    assert.equal(response.status, 200);
  }

  const sockets = [await socket(WATCH, admin), await socket(LIVE, admin)];
  for (const { status } of sockets) {
    assert.equal(status, 101);
  }

  for (const path of [WATCH, LIVE, '/api/v1/namespaces/default/pods/web/log?follow=true']) {
    const { response } = await stream(path, admin);
    assert.equal(response.status, 429, path);
    assert.equal(response.headers.get('retry-after'), '10');

    assert.match(
      await response.text(),
      /you have 4 watches and upgraded connections open.*end one/,
    );
  }

  for (const path of [
    WATCH,
    LIVE,
    TERMINAL,
    '/api/v1/namespaces/default/pods/web/exec?command=sh',
  ]) {
    assert.equal((await socket(path, admin)).status, 429, path);
  }

  assert.equal((await server.call('/api/v1/namespaces', { token: admin })).status, 200);

  const others = [await stream(WATCH, other), await stream(LIVE, other)];
  for (const { response } of others) {
    assert.equal(response.status, 200);
  }

  open[0]!.end();
  sockets[0]!.end();

  for (const path of [WATCH, LIVE]) {
    const again = await eventually(async () => {
      const opened = await stream(path, admin);
      assert.equal(opened.response.status, 200);
      return opened;
    });

    open.push(again);
  }

  for (const { end } of [...open, ...sockets, ...others]) {
    end();
  }
});

test('callers without a log-in are counted by address', () => {
  const calls = new LongCalls(1, new SourceAddresses(['127.0.0.0/8']));
  const callFrom = (sourceIP: string) =>
    ({ user: { name: 'system:anonymous', groups: [] }, sourceIP }) as unknown as Incoming;
  const giveBack = calls.admit(callFrom('1.1.1.1'));

  calls.admit(callFrom('2.2.2.2, 127.0.0.1'));
  assert.throws(() => calls.admit(callFrom('1.1.1.1')), { code: 429 });
  assert.throws(() => calls.admit(callFrom('3.3.3.3, 2.2.2.2')), { code: 429 });
  giveBack();
  giveBack();
  calls.admit(callFrom('1.1.1.1'));
  assert.throws(() => calls.admit(callFrom('1.1.1.1')), { code: 429 });
});
