import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { RawConnection } from '../support/raw-connection.ts';
import { TestServer } from '../support/test-server.ts';

const IAM = '/kapis/iam.kubesphere.io/v1alpha2';
const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';

/** How long an unused connection may stay open, plus a margin for a busy machine. */
const SOON_MS = 3000;

let server: TestServer;
let token: string;
before(async () => {
  server = await TestServer.start();
  token = await server.token();
});

after(() => server.stop());

interface Door {
  name: string;
  open: () => Promise<RawConnection>;
  openAsNobody: () => Promise<RawConnection>;
  /** Header lines of an administrator. */
  caller: () => string;
}

const doors: Door[] = [
  {
    name: 'the KubeSphere port',
    open: () => RawConnection.connect(server.url),
    openAsNobody: () => RawConnection.connect(server.url),
    caller: () => `Authorization: Bearer ${token}\r\n`,
  },
  {
    name: 'the secure port',
    open: () => RawConnection.connectAs(server.kubeconfig),
    openAsNobody: () => RawConnection.connectAs(server.kubeconfig, true),
    caller: () => '',
  },
];

for (const { name, open, openAsNobody, caller } of doors) {
  test(`a request names one host: ${name}`, async () => {
    const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\n';
    for (const [line, hosts, more, status] of [
      ['GET /healthz HTTP/1.1', 'Host: a\r\n', '', 200],
      ['GET /healthz HTTP/1.1', 'Host: a\r\nhOST: b\r\n', '', 400],
      ['GET /healthz HTTP/1.1', 'Host: a\r\nHost: a\r\n', '', 400],
      ['GET /healthz HTTP/1.1', '', '', 400],
      ['GET /healthz HTTP/1.0', '', '', 200],
      ['GET /api/v1/pods?watch=1 HTTP/1.1', 'Host: a\r\nHost: b\r\n', upgrade, 400],
      ['GET /api/v1/pods?watch=1 HTTP/1.1', '', upgrade, 400],
    ] as const) {
      const connection = await open();
      connection.write(`${line}\r\n${hosts}${caller()}${more}\r\n`);
      await connection.until(/HTTP\/1\.1 /);
      assert.deepEqual(connection.statuses, [status], `${line} ${JSON.stringify(hosts + more)}`);

      if (status === 400) {
        assert.equal(await connection.ends(SOON_MS), true, 'the connection stays open');
      }

      connection.close();
    }
  });

  test(`an answer before the whole body is read ends the connection: ${name}`, async () => {
    const path = '/kapis/iam.kubesphere.io/v1alpha2/users';
    const json = 'Content-Type: application/json\r\n';

    const calls = [
      // An unknown caller, a body that is too large, a path without a body, and a method that does
      // not exist.
      [
        `POST ${CONFIG_MAPS}`,
        `Authorization: Bearer none\r\n${json}Content-Length: 1000\r\n`,
        [401],
      ],
      [`POST ${CONFIG_MAPS}`, `${caller()}${json}Content-Length: 4000000\r\n`, [413]],
      [`POST ${path}`, `${caller()}${json}Content-Length: 4000000\r\n`, [404, 413]],
      ['GET /healthz', `${caller()}Content-Length: 1000\r\n`, [200]],
      ['PUT /healthz', `${caller()}Transfer-Encoding: chunked\r\n`, [404, 405, 403, 400]],
    ] as const;

    const check = async ([line, more, statuses]: (typeof calls)[number]) => {
      const connection = await (more.includes('none') ? openAsNobody() : open());
      connection.write(
        `${line} HTTP/1.1\r\nHost: a\r\n${more}\r\nGET /behind HTTP/1.1\r\nHost: a\r\n\r\n`,
      );

      assert.equal(
        await connection.ends(SOON_MS),
        true,
        `${line} ${more}: the connection stays open`,
      );

      assert.equal(connection.statuses.length, 1, connection.text);
      assert.ok((statuses as readonly number[]).includes(connection.statuses[0]!), connection.text);
      assert.match(connection.text, /^connection: close\r$/im);

      assert.equal(
        await connection.refuses(SOON_MS),
        true,
        `${line} ${more}: the connection takes more`,
      );

      connection.close();
    };

    await Promise.all(calls.map(check));

    const broken = await open();
    broken.write('NO HTTP\r\n\r\n');
    assert.equal(await broken.ends(SOON_MS), true);
    assert.deepEqual(broken.statuses, [400]);
    assert.equal(await broken.refuses(SOON_MS), true);
    broken.close();
  });
}

test('slow headers are cut at both ports, and so are stalled bodies without a log-in', async () => {
  const headers = async ({ open, name }: Door) => {
    const silent = await open();
    const trickle = await open();

    trickle.write('GET /healthz HTTP/1.1\r\n');

    const drip = setInterval(() => trickle.write('X-A: b\r\n'), 500);
    const ended = await Promise.all([silent.ends(15_000), trickle.ends(15_000)]);

    clearInterval(drip);
    assert.deepEqual(ended, [true, true], name);
    assert.deepEqual(trickle.statuses, [408], name);

    // Ended from both sides: no connection is kept for a client that stays.
    for (const connection of [silent, trickle]) {
      assert.equal(await connection.refuses(SOON_MS), true, name);
      connection.close();
    }
  };

  const body = async ([path, type, text]: readonly [path: string, type: string, text: string]) => {
    const connection = await RawConnection.connect(server.url);
    connection.write(
      `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Type: ${type}\r\nContent-Length: 50\r\n\r\n${text}`,
    );
    assert.equal(await connection.ends(15_000), true, path);
    assert.ok(connection.endedAfter! > 9000, `${connection.endedAfter} ms`);
    assert.deepEqual(connection.statuses, [408], path);
    assert.equal(await connection.refuses(SOON_MS), true, path);
    connection.close();
  };

  await Promise.all([
    ...doors.map(headers),
    body(['/oauth/authenticate', 'application/json', '{"a":']),
    body(['/oauth/token', 'application/x-www-form-urlencoded', 'grant_type=']),
  ]);
});

test('the size limit of bodies depends on the route', async () => {
  const bodyOf = (length: number) => JSON.stringify({ spec: { token: 'x'.repeat(length) } });

  const status = async (
    path: string,
    body: string | Buffer,
    headers: Record<string, string> = {},
    method = 'POST',
  ) => {
    const sent = { 'content-type': 'application/json', ...headers };
    const payload = typeof body === 'string' ? body : new Uint8Array(body);
    return (await fetch(server.url + path, { method, headers: sent, body: payload })).status;
  };

  const zipped = { 'content-encoding': 'gzip' };
  const known = { authorization: `Bearer ${token}` };

  assert.equal(await status('/oauth/authenticate', bodyOf(60_000)), 200);
  assert.equal(await status('/oauth/authenticate', bodyOf(66_000)), 413);
  assert.equal(await status('/oauth/authenticate', gzipSync(bodyOf(60_000)), zipped), 200);
  assert.equal(await status('/oauth/authenticate', gzipSync(bodyOf(66_000)), zipped), 413);

  assert.equal(
    await status('/oauth/authenticate', gzipSync(Buffer.alloc(3_000_000, '[')), zipped),
    413,
  );

  const login = `grant_type=password&username=admin&password=${'x'.repeat(66_000)}`;
  assert.equal(
    await status('/oauth/token', login, { 'content-type': 'application/x-www-form-urlencoded' }),
    413,
  );

  for (const [method, path] of [
    ['PUT', `${IAM}/users/admin/password`],
    ['POST', `${IAM}/users/admin/tokens`],
    ['POST', `${IAM}/users/admin/totp`],
    ['POST', '/kapis/resources.kubesphere.io/v1alpha2/git/verify'],
    ['POST', '/kapis/resources.kubesphere.io/v1alpha2/registry/verify'],
  ] as const) {
    assert.equal(await status(path, bodyOf(66_000), known, method), 413, path);
  }

  const user = {
    metadata: { name: 'big', annotations: { note: 'x'.repeat(100_000) } },
    spec: { email: 'a@b.c' },
  };

  assert.notEqual(await status(`${IAM}/users`, JSON.stringify(user), known), 413);
});
