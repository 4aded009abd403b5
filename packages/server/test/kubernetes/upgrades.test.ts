import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { FaultyProxy } from '../support/faulty-proxy.ts';
import { RawConnection } from '../support/raw-connection.ts';
import { ADMIN_PASSWORD, TestServer } from '../support/test-server.ts';

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
const ROLES = '/apis/iam.kubesphere.io/v1alpha2/globalroles';

/**
 * How long a refused connection may stay open: the time in which its client can read the answer,
 * plus a margin for a busy machine.
 */
const SOON_MS = 3000;

/**
 * A server with the embedded Kubernetes API; one whose remote API trusts its connections with any
 * request.
 */
let embedded: TestServer;
let remote: TestServer;
let front: FaultyProxy;
let dir: string;

before(async () => {
  embedded = await TestServer.start();
  front = await FaultyProxy.start(embedded.kubeconfig);
  dir = await mkdtemp(join(tmpdir(), 'ks-upgrades-'));

  const kubeconfig = join(dir, 'kubeconfig');

  const config = {
    clusters: [{ name: 'front', cluster: { server: front.url } }],
    users: [{ name: 'nobody', user: {} }],
    contexts: [{ name: 'front', context: { cluster: 'front', user: 'nobody' } }],
    'current-context': 'front',
  };

  await writeFile(kubeconfig, JSON.stringify(config));
  remote = await TestServer.start({ args: ['--kubeconfig', kubeconfig] });
});

after(async () => {
  await remote?.stop();
  await front?.stop();
  await embedded?.stop();

  if (dir) {
    await rm(dir, { recursive: true });
  }
});

interface Door {
  name: string;
  open: () => Promise<RawConnection>;
  /** Header lines of the caller. */
  caller: () => string;
}

const own = (name: string, server: () => TestServer): Door => ({
  name,
  open: () => RawConnection.connect(server().url),
  // A credential without a session, which a log-in at the other server would end.
  caller: () =>
    `Authorization: Basic ${Buffer.from(`admin:${ADMIN_PASSWORD}`).toString('base64')}\r\n`,
});

const doors: Door[] = [
  own('the embedded API', () => embedded),
  own('a remote API', () => remote),
  {
    name: 'the secure port',
    open: () => RawConnection.connectAs(embedded.kubeconfig),
    caller: () => '',
  },
];

const head = (door: Door, line: string, more = '') =>
  `${line} HTTP/1.1\r\nHost: ks\r\n${door.caller()}Connection: Upgrade\r\nUpgrade: websocket\r\n${more}\r\n`;

const exists = async (path: string) => (await embedded.kubernetes(path)).status === 200;

const json = (value: unknown) => JSON.stringify(value);
const withBody = (body: string) =>
  `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`;

let count = 0;

for (const door of doors) {
  test(`nothing behind a request for an upgrade is read as a request of this server: ${door.name}`, async () => {
    for (const path of [
      '/api/v1/namespaces/default/pods/nosuch/exec?command=sh',
      '/api/v1/namespaces/default/pods/nosuch/portforward?ports=80',
      '/api/v1/namespaces/default/services/nosuch/proxy/',
      '/api/v1/namespaces?watch=true',
      '/api/v1/namespaces',
      '/api/v1/namespaces/default/pods/nosuch/log',
      '/api/v1/nodes/nosuch/proxy/',
      '/version',
    ]) {
      for (const waits of [0, 30]) {
        count += 1;

        const name = `smuggled-${count}`;
        const body = json({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } });
        const behind = `POST ${CONFIG_MAPS} HTTP/1.1\r\nHost: ks\r\n${withBody(body)}\r\n${body}`;
        const connection = await door.open();

        connection.write(head(door, `GET ${path}`) + (waits === 0 ? behind : ''));

        if (waits > 0) {
          await sleep(waits);
          connection.write(behind);
        }

        assert.equal(await connection.ends(SOON_MS), true, `${path}: the connection stays open`);
        assert.equal(connection.statuses.length, 1, `${path}: ${connection.text}`);

        assert.ok(
          connection.statuses[0]! >= 400 && connection.statuses[0] !== 401,
          connection.text,
        );

        assert.match(connection.text, /^connection: close\r$/im, path);
        connection.close();

        assert.equal(
          await exists(`${CONFIG_MAPS}/${name}`),
          false,
          `${path} runs what comes behind it`,
        );
      }
    }
  });

  test(`a write that asks for an upgrade is refused before it runs: ${door.name}`, async () => {
    count += 1;

    const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `kept-${count}` } };
    const path = `${CONFIG_MAPS}/${map.metadata.name}`;

    assert.equal(
      (await embedded.kubernetes(CONFIG_MAPS, { method: 'POST', body: map })).status,
      201,
    );

    const role = {
      apiVersion: 'iam.kubesphere.io/v1alpha2',
      kind: 'GlobalRole',
      metadata: { name: `granted-${count}` },
      rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }],
    };

    const calls: [string, unknown][] = [
      [`DELETE ${path}`, undefined],
      [`DELETE ${CONFIG_MAPS}`, undefined],
      [`PUT ${path}`, { ...map, data: { changed: 'yes' } }],
      [`PATCH ${path}`, { data: { changed: 'yes' } }],
      [`POST ${ROLES}`, role],
      [`PUT ${ROLES}/${role.metadata.name}`, role],
      ['POST /api/v1/namespaces/default/pods/nosuch/exec', { command: ['sh'] }],
      [`DELETE /kapis/iam.kubesphere.io/v1alpha2/users/admin`, undefined],
      ['POST /api/v1/namespaces/default/services/x/proxy/', undefined],
    ];

    for (const [line, value] of calls) {
      const body = value === undefined ? '' : json(value);
      const connection = await door.open();

      connection.write(head(door, line, value === undefined ? '' : withBody(body)) + body);
      assert.equal(await connection.ends(SOON_MS), true, `${line}: the connection stays open`);
      assert.match(connection.text, /^HTTP\/1\.1 40[05] [\s\S]*"kind":"Status"/, line);
      connection.close();
    }

    const { status, json: kept } = await embedded.kubernetes(path);
    assert.deepEqual([status, kept.data], [200, undefined]);
    assert.equal(await exists(`${ROLES}/${role.metadata.name}`), false);
    assert.equal(await exists('/apis/iam.kubesphere.io/v1alpha2/users/admin'), true);
  });
}

test('an answer that is no upgrade is forwarded whole', async () => {
  const connection = await RawConnection.connect(remote.url);
  connection.write(head(doors[1]!, 'GET /api/v1/namespaces/default/pods/nosuch/exec?command=sh'));
  assert.equal(await connection.ends(SOON_MS), true);

  const [headers = '', body = ''] = connection.text.split(/\r\n\r\n/);
  assert.match(headers, /^HTTP\/1\.1 404 Not Found\r\n/);

  const text = /^transfer-encoding: chunked/im.test(headers)
    ? body.replace(/^[0-9a-f]+\r\n|\r\n0$/g, '')
    : body;
  const { kind, code, message } = JSON.parse(text);

  assert.deepEqual([kind, code, message], ['Status', 404, 'pods "nosuch" not found']);
});
