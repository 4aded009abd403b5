// Changes of the clock: the real server under libfaketime, whose offset changes while it runs.
import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { StormClient } from '../../packages/server/dist/test/robustness/storm-client.js';
import { eventually, TestServer } from '../../packages/server/dist/test/support/test-server.js';

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
const dir = mkdtempSync(join(tmpdir(), 'clock-'));
const offsetFile = join(dir, 'offset');
const dataDir = join(dir, 'data');
let server;
let client;

/** Moves the server's clock by `offset` from the real time, such as `-1d`. */
function setClock(offset) {
  writeFileSync(`${offsetFile}.new`, `${offset}\n`);
  renameSync(`${offsetFile}.new`, offsetFile);
}

/**
 * Returns the library that the `faketime` command would preload. The command itself is not used:
 * it fails where an earlier process of the same number left its semaphore behind.
 */
function faketimeLibrary() {
  const libraries = readdirSync('/usr/lib')
    .map((name) => join('/usr/lib', name, 'faketime/libfaketime.so.1'))
    .filter((path) => existsSync(path));

  assert.ok(libraries[0], 'libfaketime is not installed');
  return libraries[0];
}

async function start() {
  server = await TestServer.start({
    dataDir,
    env: {
      LD_PRELOAD: faketimeLibrary(),
      FAKETIME_TIMESTAMP_FILE: offsetFile,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    },
  });

  client = new StormClient(readFileSync(server.kubeconfig, 'utf8'));
}

before(async () => {
  mkdirSync(dataDir);
  setClock('+0');
  await start();
});

after(async () => {
  client?.close();
  await server?.stop();
  rmSync(dir, { recursive: true, force: true });
});

const create = async (name) => {
  const { status, json } = await client.call('POST', CONFIG_MAPS, {
    metadata: { name, labels: { clock: 'x' } },
  });
  assert.equal(status, 201, JSON.stringify(json));
  return json.metadata;
};

test('a clock that jumps back and forth changes neither order, nor watches, nor pages', async () => {
  const seen = [];
  const stop = new AbortController();
  const from = (await create('before')).resourceVersion;
  const path = `${CONFIG_MAPS}?labelSelector=clock%3Dx&watch=true&resourceVersion=${from}`;
  const watching = client.watch(path, (event) => seen.push(event), stop.signal);

  for (let i = 0; i < 30; i++) {
    await create(`page-${String(i).padStart(2, '0')}`);
  }

  const first = (await client.call('GET', `${CONFIG_MAPS}?labelSelector=clock%3Dx&limit=10`)).json;
  let token = await server.token();
  const made = [];

  for (const offset of ['-1d', '+2d', '-300d', '+0']) {
    setClock(offset);
    await sleep(100);

    const name = `at${offset.replace('+', 'p')}`;
    const { creationTimestamp, resourceVersion } = await create(name);
    const apart = Date.parse(creationTimestamp) - Date.now();
    assert.ok(
      offset === '+0' || Math.abs(apart) > 12 * 3_600_000,
      `the clock is ${offset} off: ${creationTimestamp}`,
    );

    assert.ok(Number(resourceVersion) > Math.max(Number(from), ...made), 'resourceVersions grow');
    made.push(Number(resourceVersion));

    // A token has a period of validity, which a clock that is wrong by days leaves; a new token can
    // be requested.
    const refused = await server.call('/kapis/resources.kubesphere.io/v1alpha3/namespaces', {
      token,
    });

    if (offset.startsWith('+')) {
      assert.equal(refused.status, 401);
    }
    if (refused.status !== 200) {
      assert.match(refused.text, offset.startsWith('-') ? /not valid yet/ : /expired/);
    }

    token = await server.token();
    assert.equal(
      (await server.call('/api/v1/namespaces', { token })).status,
      200,
      `a token at ${offset}`,
    );

    await eventually(async () => assert.equal(seen.at(-1)?.object.metadata.name, name));
    assert.equal((await server.call('/readyz')).status, 200);
  }

  const next = `${CONFIG_MAPS}?labelSelector=clock%3Dx&limit=100&continue=${first.metadata.continue}`;
  const second = (await client.call('GET', next)).json;

  assert.equal(second.metadata.resourceVersion, first.metadata.resourceVersion);
  assert.equal(first.items.length + second.items.length, 31, 'the pages are those of one moment');

  const versions = seen.map(({ object }) => Number(object.metadata.resourceVersion));
  assert.deepEqual(
    versions,
    versions.toSorted((a, b) => a - b),
  );

  assert.equal(new Set(versions).size, 34);

  // A restart a year back: all objects exist, and work continues where it was.
  stop.abort();
  await watching;
  client.close();
  await server.stop('SIGKILL');
  setClock('-30d');
  await start();

  const again = await create('restarted');
  assert.ok(Number(again.resourceVersion) > Math.max(...made));

  const all = (await client.call('GET', `${CONFIG_MAPS}?labelSelector=clock%3Dx`)).json;
  assert.equal(all.items.length, 36);
});
