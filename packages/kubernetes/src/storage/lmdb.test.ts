import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { put, testBackend } from '@ks-apiserver/kubernetes/test/storage/backend-suite';
import { runKillStorm } from '@ks-apiserver/kubernetes/test/storage/kill-storm';
import { LmdbBackend } from './lmdb.ts';

const base = mkdtempSync(join(tmpdir(), 'lmdb-test-'));
let opened = 0;
const fresh = () => join(base, String(opened++));

after(() => rmSync(base, { recursive: true, force: true }));

testBackend('lmdb', async (compaction) =>
  LmdbBackend.open({ path: fresh(), ...(compaction && { compaction }) }),
);

test('state, history and revision survive a restart', async () => {
  const path = fresh();
  const first = await LmdbBackend.open({ path });
  const { revision } = await first.update('/x/a', () => put(1));

  await first.update('/x/a', () => put(2));
  await first.update('/x/b', () => put(1));
  await first.update('/x/b', () => ({ action: 'delete' }));

  const last = first.revision;

  await first.close();

  const second = await LmdbBackend.open({ path });
  assert.equal(second.revision, last);

  assert.deepEqual(
    second.eventsSince(revision, '/x/').map((event) => [event.type, event.key]),
    [
      ['MODIFIED', '/x/a'],
      ['ADDED', '/x/b'],
      ['DELETED', '/x/b'],
    ],
  );

  assert.equal((await second.update('/x/a', () => put(3))).revision, last + 1);
  await second.close();
});

test('a second server on the same directory is refused', async () => {
  const path = fresh();
  const first = await LmdbBackend.open({ path });

  await assert.rejects(
    LmdbBackend.open({ path }),
    /data directory .* is in use by another process/,
  );

  await first.close();
  await (await LmdbBackend.open({ path })).close();
});

test('a directory with a long path can be locked', async () => {
  const path = join(fresh(), 'x'.repeat(120), 'y'.repeat(60));
  const first = await LmdbBackend.open({ path });
  await assert.rejects(LmdbBackend.open({ path }), /in use/);
  await first.close();
});

test('a path that cannot be a directory is named in the error', async () => {
  const path = fresh();
  writeFileSync(path, '');

  await assert.rejects(
    LmdbBackend.open({ path: join(path, 'data') }),
    /cannot use the data directory .*ENOTDIR/,
  );
});

test('kill -9 in a storm of writes loses no acknowledged write and repeats no revision', {
  timeout: 120_000,
}, async () => {
  const path = fresh();
  const acknowledged = new Map<number, string>();
  const newest = new Map<string, number>();

  for (let round = 0; round < 20; round++) {
    for (const [revision, key] of await runKillStorm(path, round, 300 + round * 37)) {
      assert.ok(!acknowledged.has(revision), `revision ${revision} was given out twice`);
      acknowledged.set(revision, key);
      newest.set(key, Math.max(newest.get(key) ?? 0, revision));
    }
  }

  const backend = await LmdbBackend.open({ path });
  assert.ok(backend.revision >= Math.max(...acknowledged.keys()));

  for (const [key, revision] of newest) {
    const object = backend.get(key);
    assert.ok(object && object.revision >= revision, `${key} of revision ${revision} is there`);
    assert.equal(object.parse<{ revision: number }>().revision, object.revision);
  }

  const events = backend.eventsSince(backend.compactedRevision, '/');
  assert.equal(new Set(events.map((event) => event.revision)).size, events.length);

  for (const { revision, key } of events) {
    assert.equal(acknowledged.get(revision) ?? key, key);
  }

  await backend.close();
});
