import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { after, before, describe, test } from 'node:test';
import { SYSTEM_NAMESPACE } from '@ks-apiserver/api/namespaces';
import { SECRETS } from '@ks-apiserver/api/resources';
import { Informer } from '@ks-apiserver/client/informer/informer';
import { KubeClient } from '@ks-apiserver/client/kube/client';
import { KubeApiServer } from '@ks-apiserver/kubernetes/server/server';
import { MemoryBackend } from '@ks-apiserver/kubernetes/test/storage/memory';
import { freePort } from '@ks-apiserver/server/test/support/free-port';
import { eventually } from '@ks-apiserver/server/test/support/test-server';
import { KubeSessions } from './kube-sessions.ts';
import { RedisSessions } from './redis-sessions.ts';
import { SESSION_LABEL } from './session-secret.ts';
import {
  type IssuedTokens,
  REFRESH_GRACE_MS,
  type Session,
  type SessionStore,
} from './sessions.ts';
import { tokenHash } from './tokens.ts';
import { WatchProbe } from './watch-probe.ts';

/** A store of sessions, and replicas that share it. */
interface Backend {
  open(): Promise<SessionStore>;
  close(): Promise<void>;
}

async function kubernetes(): Promise<Backend> {
  const api = await KubeApiServer.open({ backend: new MemoryBackend() });
  const client = new KubeClient(api);
  const metadata = { name: SYSTEM_NAMESPACE };
  await client.create(
    { group: '', version: 'v1', resource: 'namespaces' },
    { apiVersion: 'v1', kind: 'Namespace', metadata },
  );

  const open = async () => {
    const namespace = SYSTEM_NAMESPACE;

    const options = {
      resource: SECRETS,
      kind: 'Secret',
      namespace,
      labelSelector: SESSION_LABEL,
      keepObjects: true,
    };

    const informer = new Informer(client, options).start();
    await informer.ready();

    return new KubeSessions(client, informer, new WatchProbe(client, informer));
  };

  return { open, close: () => api.close() };
}

async function redis(): Promise<Backend> {
  const port = await freePort();
  const options = { cwd: tmpdir(), stdio: 'ignore' as const };

  const child: ChildProcess = spawn(
    'redis-server',
    ['--port', String(port), '--bind', '127.0.0.1', '--save', ''],
    options,
  );

  const open = () =>
    eventually(() => new RedisSessions({ host: '127.0.0.1', port, password: '', db: 0 }).connect());

  const close = async () => {
    child.kill();
    await once(child, 'exit');
  };

  return { open, close };
}

const noRedis =
  spawnSync('redis-server', ['--version']).status !== 0 && 'redis-server is not installed';

const backends: [string, () => Promise<Backend>, string | false][] = [
  ['Kubernetes', kubernetes, false],
  ['Redis', redis, noRedis],
];

const newId = () => randomBytes(20).toString('hex');

/** Returns a session and its tokens. */
function createSession(
  username: string,
  more: Partial<Session> = {},
): { session: Session; tokens: IssuedTokens } {
  const expires = Date.now() + 600_000;

  const tokens = {
    access: `access.${newId()}`,
    accessExpires: expires,
    refresh: `refresh.${newId()}`,
  };

  const refreshHash = tokenHash(tokens.refresh);

  return {
    session: { id: newId(), kind: 'tokens', username, uid: 'u', expires, refreshHash, ...more },
    tokens,
  };
}

for (const [name, start, skip] of backends) {
  describe(`sessions in ${name}`, { skip }, () => {
    let backend: Backend;
    let one: SessionStore;
    let two: SessionStore;
    before(async () => {
      backend = await start();
      [one, two] = [await backend.open(), await backend.open()];
    });

    after(async () => {
      for (const store of [one, two]) {
        await store.close();
      }
      await backend.close();
    });

    const isValid = (
      store: SessionStore,
      { session, tokens }: ReturnType<typeof createSession>,
      token = tokens.access,
    ) => store.has({ id: session.id, username: session.username, token });

    const waitUntilInvalid = (store: SessionStore, pair: ReturnType<typeof createSession>) =>
      eventually(async () => assert.equal(await isValid(store, pair), false), 1000);

    async function add(store: SessionStore, username: string, more: Partial<Session> = {}) {
      const pair = createSession(username, more);
      await store.add(pair.session, pair.tokens);
      return pair;
    }

    test('a new session is valid everywhere at once, for its user only', async () => {
      const pair = await add(one, 'jeff');

      for (const store of [one, two]) {
        assert.equal(await isValid(store, pair), true);

        assert.equal(
          await store.has({ id: pair.session.id, username: 'eve', token: pair.tokens.access }),
          false,
        );

        assert.equal(await store.has({ id: newId(), username: 'jeff', token: 'x.y.z' }), false);
        assert.deepEqual(await store.find(pair.session.id), pair.session);
      }
    });

    test('an ended session is invalid everywhere, and never comes back', async () => {
      const [pair, other] = [await add(one, 'jeff'), await add(two, 'jeff')];
      assert.equal(await isValid(two, pair), true);
      await one.end(pair.session);
      assert.equal(await isValid(one, pair), false);
      await waitUntilInvalid(two, pair);
      assert.equal(await two.find(pair.session.id), undefined);
      await new Promise((resolve) => setTimeout(resolve, 1200));

      for (const store of [one, two]) {
        assert.equal(await isValid(store, pair), false);
        assert.equal(await isValid(store, other), true);
      }
    });

    test('all sessions of a user end, of every kind, and no other user’s', async () => {
      const mine = [
        await add(one, 'ann'),
        await add(two, 'ann'),
        await add(one, 'ann', { kind: 'browser' }),
      ];

      const others = [await add(one, 'ann-b'), await add(one, 'an*')];

      // The replica that handles the call need not know all of them.
      await two.revokeUser('ann');

      for (const pair of mine) {
        for (const store of [one, two]) {
          await waitUntilInvalid(store, pair);
        }
      }

      for (const pair of others) {
        assert.equal(await isValid(two, pair), true);
      }

      assert.equal(await one.find(mine[2]!.session.id), undefined);
    });

    test('a user’s other sessions end, those of their browsers stay', async () => {
      const [old, kept] = [await add(one, 'bob'), await add(one, 'bob')];
      const browser = await add(one, 'bob', { kind: 'browser' });

      await one.endOthers('bob', kept.session.id, kept.tokens);
      await waitUntilInvalid(one, old);
      assert.equal(await isValid(one, kept), true);
      assert.ok(await one.find(browser.session.id));
    });

    test('of many concurrent uses of a code one succeeds', async () => {
      const code = await add(one, 'jeff', { kind: 'code' });
      const uses = await Promise.all(
        Array.from({ length: 8 }, (_, i) => (i % 2 ? one : two).use(code.session.id)),
      );

      assert.equal(uses.filter((use) => use && !use.used).length, 1);
      assert.equal((await two.use(code.session.id))?.used, true);
      await one.end(code.session);
      assert.equal(await two.use(code.session.id), undefined);
    });

    test('of many concurrent exchanges of a refresh token one succeeds, and the others get an error', async () => {
      const { session, tokens } = await add(one, 'jeff');
      const used = tokenHash(tokens.refresh!);

      const next = (rotatedAt = Date.now()) => {
        const pair = createSession('jeff', { id: session.id, rotatedAt });
        return { ...pair, used: tokenHash(pair.tokens.refresh!) };
      };

      const tries = Array.from({ length: 6 }, () => next());
      const states = await Promise.all(
        tries.map((pair, i) => (i % 2 ? one : two).rotate(pair.session, used, pair.tokens)),
      );

      assert.equal(states.filter(({ state }) => state === 'rotated').length, 1);
      assert.equal(states.filter(({ state }) => state === 'again').length, 5);

      const winner = tries[states.findIndex(({ state }) => state === 'rotated')]!;
      assert.equal(await isValid(one, winner), true);

      // After the grace period the same token counts as stolen.
      const late = next(Date.now() + REFRESH_GRACE_MS + 1000);
      assert.deepEqual(await two.rotate(late.session, used, late.tokens), { state: 'reused' });

      for (const store of [one, two]) {
        await waitUntilInvalid(store, winner);
      }

      assert.deepEqual(await one.rotate(next().session, winner.used, next().tokens), {
        state: 'gone',
      });
    });

    test('with one valid access token, former ones are invalid', async () => {
      const first = createSession('one');
      const session = { ...first.session, accessHash: tokenHash(first.tokens.access) };

      await one.add(session, first.tokens);
      assert.equal(await isValid(two, first), true);

      const second = createSession('one', { id: session.id, rotatedAt: Date.now() });
      const next = { ...second.session, accessHash: tokenHash(second.tokens.access) };
      assert.equal(
        (await one.rotate(next, first.session.refreshHash!, second.tokens)).state,
        'rotated',
      );

      assert.equal(await isValid(two, second), true);

      for (const store of [one, two]) {
        await waitUntilInvalid(store, first);
      }
    });

    test('an expired session is invalid', async () => {
      const over = createSession('jeff', { kind: 'browser', expires: Date.now() + 300 });
      await one.add(over.session);
      assert.ok(await two.find(over.session.id));
      await new Promise((resolve) => setTimeout(resolve, 400));
      assert.equal(await two.find(over.session.id), undefined);
    });
  });
}
