import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { parse, stringify } from 'yaml';
import { authorizeUrl, Browser, pkce } from '../support/browser.ts';
import { ADMIN_PASSWORD, eventually, TestServer } from '../support/test-server.ts';

const USERS = '/apis/iam.kubesphere.io/v1alpha2/users';
const CALLBACK = 'https://app.example/cb';

/**
 * How long a revocation may take to reach every replica, with and without notifications of the
 * Kubernetes API.
 */
const TOLD_MS = 1000;
const SILENT_MS = 6000;

/** A server with the embedded Kubernetes API, and a replica on that API over https. */
let first: TestServer;
let second: TestServer;
let line: Line;
let admin: string;

/**
 * A TCP relay between a replica and the API whose open connections can fall silent without being
 * closed.
 */
class Line {
  readonly #server: Server;
  readonly #pairs = new Set<[Socket, Socket]>();

  private constructor(target: number) {
    this.#server = createServer((client) => {
      const api = connect(target, '127.0.0.1');
      const pair: [Socket, Socket] = [client, api];

      this.#pairs.add(pair);
      client.pipe(api).pipe(client);

      for (const end of pair) {
        end.on('error', () => {});

        end.on('close', () => {
          this.#pairs.delete(pair);
          for (const other of pair) {
            other.destroy();
          }
        });
      }
    });
  }

  static async connect(target: number): Promise<Line> {
    const line = new Line(target);
    line.#server.listen(0, '127.0.0.1');
    await once(line.#server, 'listening');
    return line;
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  /** Stops the data of the API on open connections; new ones work. */
  silence(): void {
    for (const [client, api] of this.#pairs) {
      api.unpipe(client);
      api.resume();
    }
  }

  close(): void {
    this.#server.close();

    for (const pair of this.#pairs) {
      for (const end of pair) {
        end.destroy();
      }
    }
  }
}

before(async () => {
  const dir = await mkdtemp(join(tmpdir(), 'ks-replicas-'));
  const config = join(dir, 'kubesphere.yaml');
  await writeFile(
    config,
    `authentication:
  multipleLogin: true
  jwtSecret: the same secret at both of the replicas
  oauthOptions:
    issuer: https://ks.example
    clients: [{name: app, redirectURIs: ["${CALLBACK}"]}]
`,
  );

  first = await TestServer.start({ args: ['--config', config] });

  const kubeconfig = parse(await readFile(first.kubeconfig, 'utf8'));
  const { cluster } = kubeconfig.clusters[0];

  line = await Line.connect(Number(new URL(cluster.server).port));
  cluster.server = `https://127.0.0.1:${line.port}`;

  const path = join(dir, 'kubeconfig');
  await writeFile(path, stringify(kubeconfig));
  second = await TestServer.start({ args: ['--config', config, '--kubeconfig', path] });
  admin = await first.token();
});

after(async () => {
  // Ends silent connections, so that the replica need not wait for their calls when it stops.
  line?.close();
  await second?.stop();
  await first?.stop();
});

test('the controllers run in the process of the embedded API, and in no replica', async () => {
  const path =
    '/apis/coordination.k8s.io/v1/namespaces/kubesphere-system/leases/ks-apiserver-controllers';
  const read = async () => (await first.call(path, { token: admin })).json;
  const before = await read();

  assert.equal(before.spec.holderIdentity, 'embedded');

  // A candidate looks every two seconds, and takes a lease that has ended.
  await new Promise((resolve) => setTimeout(resolve, 5000));
  assert.equal((await read()).metadata.resourceVersion, before.metadata.resourceVersion);
});

async function createUser(name: string): Promise<void> {
  const body = {
    metadata: { name },
    spec: { email: `${name}@example.com`, password: 'Passw0rd!' },
  };

  const { status, text } = await first.call('/kapis/iam.kubesphere.io/v1alpha2/users', {
    token: admin,
    body,
  });

  assert.equal(status, 200, text);
  await eventually(() => second.token(name, 'Passw0rd!'));
}

const status = async (server: TestServer, token: string) =>
  (await server.call('/kapis/version', { token })).status;

/** Calls until the token is refused; returns after how many milliseconds it was. */
async function timeUntilRefused(
  server: TestServer,
  token: string,
  start: number,
  limit: number,
): Promise<number> {
  while (performance.now() - start < limit) {
    // While the API cannot be asked the answer is 503, which is a refusal too.
    if ((await status(server, token)) !== 200) {
      return performance.now() - start;
    }

    await new Promise((resolve) => setTimeout(resolve, 10));
  }

  return Number.POSITIVE_INFINITY;
}

test('a session of one replica is valid at the other at once', async () => {
  for (let i = 0; i < 10; i++) {
    assert.equal(await status(second, await first.token()), 200);
    assert.equal(await status(first, await second.token()), 200);
  }
});

const endings: [string, (name: string, token: string) => Promise<unknown>][] = [
  ['a log-out', (_, token) => first.call('/oauth/logout', { method: 'POST', token })],
  [
    'a new password',
    (name, token) =>
      first.call(`/kapis/iam.kubesphere.io/v1alpha2/users/${name}/password`, {
        method: 'PUT',
        token,
        body: { currentPassword: 'Passw0rd!', password: 'N3w-Passw0rd!' },
      }),
  ],
  [
    'the disabling of a user',
    (name) =>
      first.kubernetes(`${USERS}/${name}`, {
        method: 'PATCH',
        type: 'application/merge-patch+json',
        body: { status: { state: 'Disabled' } },
      }),
  ],
  ['the deletion of a user', (name) => first.kubernetes(`${USERS}/${name}`, { method: 'DELETE' })],
];

for (const [i, [name, end]] of endings.entries()) {
  test(`${name} at one replica takes effect at the other within a second`, async () => {
    const user = `ended-${i}`;
    await createUser(user);

    const token = await first.token(user, 'Passw0rd!');
    const { access_token: other, refresh_token } = (await second.login(user, 'Passw0rd!')).json;

    for (const server of [first, second]) {
      assert.equal(await status(server, token), 200);
    }

    await end(user, token);

    const start = performance.now();
    assert.ok((await timeUntilRefused(second, token, start, 3 * TOLD_MS)) < TOLD_MS);

    if (i === 0) {
      return assert.equal(await status(second, other), 200);
    }

    assert.ok((await timeUntilRefused(first, other, start, 3 * TOLD_MS)) < TOLD_MS);

    const form = { grant_type: 'refresh_token', refresh_token };
    assert.equal((await second.call('/oauth/token', { form })).status, 401);
  });
}

test('a log-in of a browser, its code and its page work across both replicas, and a code is valid once', async () => {
  const proof = pkce();

  const url = authorizeUrl({
    client_id: 'app',
    redirect_uri: CALLBACK,
    code_challenge: proof.challenge,
  });

  const headers = { 'x-forwarded-proto': 'https' };
  const [one, two] = [new Browser(first.url, headers), new Browser(second.url, headers)];
  const page = await one.open(url);

  for (const [name, value] of one.cookies) {
    two.cookies.set(name, value);
  }

  const done = await two.submit(page, { username: 'admin', password: ADMIN_PASSWORD });
  assert.equal(done.status, 303, done.html);
  assert.equal(done.location!.searchParams.get('iss'), 'https://ks.example');

  for (const [name, value] of two.cookies) {
    one.cookies.set(name, value);
  }

  const code = (await one.open(url)).location!.searchParams.get('code')!;

  const form = {
    grant_type: 'authorization_code',
    client_id: 'app',
    redirect_uri: CALLBACK,
    code_verifier: proof.verifier,
    code,
  };

  const answers = await Promise.all(
    Array.from({ length: 6 }, (_, i) => (i % 2 ? first : second).call('/oauth/token', { form })),
  );
  const tokens = answers
    .filter((answer) => answer.status === 200)
    .map(({ json }) => json.access_token);

  assert.ok(tokens.length <= 1, `${tokens.length}`);

  for (const token of tokens) {
    for (const server of [first, second]) {
      assert.equal(await status(server, token), 401);
    }
  }

  await one.submit(await one.open('/oauth/logout'), {});
  assert.equal((await two.open(url)).status, 200);
});

test('concurrent exchanges of a refresh token at both replicas get the same successor', async () => {
  const { refresh_token } = (await first.login('admin', ADMIN_PASSWORD)).json;
  const form = { grant_type: 'refresh_token', refresh_token };
  const answers = await Promise.all(
    Array.from({ length: 6 }, (_, i) => (i % 2 ? first : second).call('/oauth/token', { form })),
  );

  assert.deepEqual(
    answers.map((answer) => answer.status),
    answers.map(() => 200),
  );

  assert.equal(new Set(answers.map(({ json }) => json.refresh_token)).size, 1);
});

test('a replica whose watch is silent asks the API before it trusts its copy', async () => {
  await createUser('silent');

  const token = await first.token('silent', 'Passw0rd!');
  assert.equal(await status(second, token), 200);

  // The watches stay open without data.
  line.silence();
  await first.call('/oauth/logout', { method: 'POST', token });

  const after = await timeUntilRefused(second, token, performance.now(), 3 * SILENT_MS);
  assert.ok(after < SILENT_MS, `${after} ms`);

  // Other sessions continue.
  await eventually(async () => assert.equal(await status(second, admin), 200));
  assert.equal(await status(second, token), 401);
});
