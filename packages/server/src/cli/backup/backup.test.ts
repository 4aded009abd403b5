import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync, gzipSync } from 'node:zlib';
import { History } from '@ks-apiserver/server/test/robustness/history';
import { NAMESPACE, Storm, StormWatcher } from '@ks-apiserver/server/test/robustness/storm';
import { StormClient } from '@ks-apiserver/server/test/robustness/storm-client';
import { run, TestServer } from '@ks-apiserver/server/test/support/test-server';

const CONFIG_MAPS = `/api/v1/namespaces/${NAMESPACE}/configmaps`;

let dir: string;
let server: TestServer;
let client: StormClient;

/** The events that the only watcher saw: they give the state at any resourceVersion. */
const history = new History();
let watcher: StormWatcher;
let token: string;

const clientOf = async (of: TestServer) => new StormClient(await readFile(of.kubeconfig, 'utf8'));
const file = (name: string) => join(dir, name);
const command = (...args: string[]) => run(args, { cwd: dir });

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'ks-backup-'));
  await mkdir(file('data'));
  server = await TestServer.start({ dataDir: file('data') });
  client = await clientOf(server);
  token = await server.token();

  const { json } = await client.call('POST', '/api/v1/namespaces', {
    metadata: { name: NAMESPACE },
  });
  watcher = new StormWatcher(history, Number(json.metadata.resourceVersion));
});

after(async () => {
  client.close();
  await server.stop();
  await rm(dir, { recursive: true, force: true });
});

/** Returns the content by name at a resourceVersion, from the watcher's events. */
function stateAt(revision: number): Map<string, string> {
  const state = new Map<string, string>();

  for (const event of history.watchers[0]!.flatMap(({ events }) => events)) {
    if (event.revision > revision) {
      break;
    }

    if (event.type === 'DELETED') {
      state.delete(event.key);
    } else if (event.type !== 'BOOKMARK') {
      state.set(event.key, event.content);
    }
  }

  return state;
}

async function content(of: StormClient): Promise<Map<string, string>> {
  const { json } = await of.call('GET', `${CONFIG_MAPS}?labelSelector=storm%3Dtrue`);
  type Item = { metadata: { name: string }; data: { content: string } };
  return new Map(json.items.map(({ metadata, data }: Item) => [metadata.name, data.content]));
}

test('a backup during writes holds one state, and a restored server continues with much higher resource versions', async () => {
  const stop = new AbortController();
  const watching = watcher.run(client, stop.signal);
  const storming = new Storm(history).run(client, 8, stop.signal);

  await sleep(200);

  const { code, stdout, stderr } = await command('backup', 'backup.tgz', '--data-dir', 'data');
  assert.equal(code, 0, stderr);

  const revision = Number(/as of resource version (\d+)/.exec(stdout)![1]);

  assert.equal((await stat(file('backup.tgz'))).mode & 0o777, 0o600);

  assert.deepEqual(
    (await readdir(dir)).filter((name) => name.startsWith('.')),
    [],
    'nothing is left over',
  );

  await sleep(200);
  stop.abort();
  await Promise.all([storming, watching]);
  assert.ok(watcher.last > revision + 10, 'writes went on');

  const restored = await command('restore', 'backup.tgz', '--data-dir', 'restored');
  assert.equal(restored.code, 0, restored.stderr);

  const second = await TestServer.start({ dataDir: file('restored') });
  const secondClient = await clientOf(second);

  try {
    assert.deepEqual([...(await content(secondClient))].sort(), [...stateAt(revision)].sort());

    const { json } = await secondClient.call(
      'GET',
      `${CONFIG_MAPS}?limit=1&resourceVersion=${watcher.last}&resourceVersionMatch=Exact`,
    );

    assert.equal(json.code, 410, 'an exact list of a lost state is refused');

    for (const since of [revision, watcher.last]) {
      const events: { type: string; object: { code: number } }[] = [];
      const path = `${CONFIG_MAPS}?watch=true&timeoutSeconds=5&resourceVersion=${since}`;

      await secondClient.watch(path, (event) => events.push(event), AbortSignal.timeout(5000));

      assert.deepEqual(
        events.map(({ type, object }) => [type, object.code]),
        [['ERROR', 410]],
        `a watch from ${since}`,
      );
    }

    const made = await secondClient.call('POST', CONFIG_MAPS, { metadata: { name: 'new' } });
    assert.ok(
      Number(made.json.metadata.resourceVersion) > watcher.last + 100_000,
      'no version comes again',
    );

    assert.equal(
      (await second.call('/api/v1/namespaces', { token })).status,
      200,
      'log-ins outlive the restore',
    );

    const ca = (of: TestServer) => readFile(join(of.dataDir, 'pki', 'ca.crt'), 'utf8');
    assert.equal(await ca(second), await ca(server));
  } finally {
    secondClient.close();
    await second.stop();
  }
});

test('a backup overwrites no file, and fails without data', async () => {
  const again = await command('backup', 'backup.tgz', '--data-dir', 'data');
  assert.equal(again.code, 1);
  assert.match(again.stderr, /backup\.tgz exists \(--force writes over it\)/);
  assert.equal((await command('backup', 'backup.tgz', '--data-dir', 'data', '--force')).code, 0);

  assert.match(
    (await command('backup', 'x.tgz', '--data-dir', 'nothing')).stderr,
    /nothing holds no data of ks-apiserver/,
  );

  assert.match((await command('backup')).stderr, /backup needs the name of one file/);
  assert.match((await command('restore', '--help')).stdout, /usage: ks-apiserver restore FILE/);
});

test('a restore never touches a directory that is in use or not empty', async () => {
  const used = await command('restore', 'backup.tgz', '--data-dir', 'data', '--force');
  assert.equal(used.code, 1);
  assert.match(used.stderr, /in use by another process: stop the server first/);

  assert.match(
    (await command('restore', 'backup.tgz', '--data-dir', 'data')).stderr,
    /data is not empty \(--force/,
  );

  assert.equal((await server.call('/readyz')).status, 200);
});

test('a truncated or changed backup is refused, and nothing is replaced', async () => {
  const packed = await readFile(file('backup.tgz'));
  const content = gunzipSync(packed);
  const flipped = Buffer.from(content);

  flipped[flipped.indexOf('"revision"') + 12]! ^= 1;
  const damaged = {
    'cut off': packed.subarray(0, packed.byteLength >> 1),
    'changed in its checksum': Buffer.concat([packed.subarray(0, -8), Buffer.alloc(8)]),
    'changed, and packed again': gzipSync(flipped),
  };

  for (const [how, bytes] of Object.entries(damaged)) {
    await writeFile(file('changed.tgz'), bytes);

    const { code, stderr } = await command('restore', 'changed.tgz', '--data-dir', 'empty');
    assert.equal(code, 1, how);
    assert.match(stderr, /changed\.tgz cannot be restored: .*take another backup/, how);
    assert.deepEqual(await readdir(file('empty')).catch(() => []), [], how);
  }
});

test('a forced restore replaces everything, and an interrupted one keeps the server from starting', async () => {
  await mkdir(file('old'));

  const old = await TestServer.start({ dataDir: file('old') });
  const oldClient = await clientOf(old);
  const { json } = await oldClient.call('POST', '/api/v1/namespaces', {
    metadata: { name: 'only-old' },
  });

  oldClient.close();
  await old.stop();
  await writeFile(file('old/.restoring'), '');

  const refused = await command('--data-dir', 'old', '--secure-port', '0', '--insecure-port', '0');
  assert.equal(refused.code, 1);

  assert.match(
    refused.stderr,
    /a restore into .* was interrupted: run "ks-apiserver restore FILE --force" again/,
  );

  const { code, stderr } = await command('restore', 'backup.tgz', '--data-dir', 'old', '--force');
  assert.equal(code, 0, stderr);

  assert.deepEqual(
    (await readdir(file('old'))).filter((name) => name.startsWith('.')),
    [],
  );

  const again = await TestServer.start({ dataDir: file('old') });
  const againClient = await clientOf(again);

  try {
    assert.equal((await againClient.call('GET', '/api/v1/namespaces/only-old')).status, 404);
    const list = await againClient.call('GET', '/api/v1/namespaces');
    assert.ok(Number(list.json.metadata.resourceVersion) > Number(json.metadata.resourceVersion));
  } finally {
    againClient.close();
    await again.stop();
  }
});
