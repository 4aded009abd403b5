import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { StormClient } from '../robustness/storm-client.ts';
import { eventually, TestServer } from '../support/test-server.ts';

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
const FULL =
  /the storage has no space left: nothing can be written until there is room at .*objects/;

let disk: string;
let mounted = false;
before(async () => {
  disk = await mkdtemp(join(tmpdir(), 'ks-disk-'));

  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=48m', 'tmpfs', disk], { stdio: 'ignore' });
    mounted = true;
  } catch {
    // Only root may mount; CI runs as root.
  }
});

after(async () => {
  if (mounted) {
    execFileSync('umount', ['-l', disk]);
  }
  await rm(disk, { recursive: true, force: true });
});

/** Fills the disk up to `left` bytes. */
async function fill(left: number): Promise<void> {
  const { bavail, bsize } = await statfs(disk);
  await writeFile(join(disk, 'filler'), Buffer.alloc(Math.max(0, bavail * bsize - left)));
}

const makeRoom = () => rm(join(disk, 'filler'));

test('on a full disk writes are refused with the reason, reads and watches continue, and writes work again when there is room', async (t) => {
  if (!mounted) {
    return t.skip('mounting a small file system needs root');
  }

  const dataDir = join(disk, 'data');
  await mkdir(dataDir);

  let server = await TestServer.start({ dataDir });
  let client = new StormClient(await readFile(server.kubeconfig, 'utf8'));
  const acknowledged: string[] = [];
  const seen: string[] = [];

  const write = async (name: string) => {
    const body = { metadata: { name }, data: { text: 'x'.repeat(40_000) } };
    const reply = await client.call('POST', CONFIG_MAPS, body);
    if (reply.status === 201) {
      acknowledged.push(name);
    }

    return reply;
  };

  const check = async () => {
    const names = new Set(
      (await client.call('GET', CONFIG_MAPS)).json.items.map(
        (item: { metadata: { name: string } }) => item.metadata.name,
      ),
    );

    for (const name of acknowledged) {
      assert.ok(names.has(name), `the acknowledged ${name} is there`);
    }

    return names;
  };

  try {
    const stop = new AbortController();

    const watching = client.watch(
      `${CONFIG_MAPS}?watch=true`,
      ({ object }) => seen.push(object.metadata.name),
      stop.signal,
    );

    await write('first');
    await fill(3 * 1024 * 1024);

    const replies = await Promise.all(Array.from({ length: 200 }, (_, i) => write(`storm-${i}`)));
    const refused = replies.filter(({ status }) => status !== 201);

    assert.ok(refused.length > 0 && refused.length < 200, `${refused.length} of 200 were refused`);

    for (const { status, json } of refused) {
      assert.equal(status, 500);
      assert.equal(json.kind, 'Status');
      assert.match(json.message, FULL);
    }

    await check();
    assert.equal((await client.call('GET', `${CONFIG_MAPS}/first`)).status, 200);

    // The storage may give room back at any time: the disk is filled again until a write is refused.
    let text = 'x';
    await eventually(async () => {
      await makeRoom();
      await fill(200_000);

      const next = text === 'y' ? 'z' : 'y';
      const put = { metadata: { name: 'first' }, data: { text: next.repeat(900_000) } };
      const changed = await client.call('PUT', `${CONFIG_MAPS}/first`, put);
      if (changed.status === 200) {
        text = next;
        acknowledged.push('first');
      }

      assert.match(changed.json.message ?? 'accepted', FULL);
    });

    assert.equal(
      (await client.call('GET', `${CONFIG_MAPS}/first`)).json.data.text[0],
      text,
      'nothing is half applied',
    );

    await makeRoom();
    await eventually(async () => assert.equal((await write('with-room')).status, 201), 3000);
    await eventually(async () => assert.ok(seen.includes('with-room')));

    assert.deepEqual(
      seen.filter((name) => name !== 'kube-root-ca.crt').sort(),
      [...acknowledged].sort(),
      'the watch showed each acknowledged write once, and nothing else',
    );

    // Killed while the disk is full, and started again while it still is.
    await fill(200_000);

    const storm = Promise.allSettled(Array.from({ length: 100 }, (_, i) => write(`killed-${i}`)));

    await sleep(60);
    await server.stop('SIGKILL');
    stop.abort();
    await Promise.all([storm, watching]);
    client.close();

    const start = () => TestServer.start({ dataDir });
    server = await start().catch(async (error: Error) => {
      assert.match(
        error.message,
        /the data directory .* cannot be written: ENOSPC.*make room and start again/,
      );

      await makeRoom();

      return start();
    });

    client = new StormClient(await readFile(server.kubeconfig, 'utf8'));
    await check();
    await rm(join(disk, 'filler'), { force: true });
    await eventually(async () => assert.equal((await write('after-restart')).status, 201), 3000);
    await check();
  } finally {
    client.close();
    await server.stop();
  }
});
