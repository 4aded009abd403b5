import assert from 'node:assert/strict';
import {
  closeSync,
  cpSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { crc32 } from 'node:zlib';
import { put } from '@ks-apiserver/kubernetes/test/storage/backend-suite';
import { runKillStorm } from '@ks-apiserver/kubernetes/test/storage/kill-storm';
import { LmdbBackend } from './lmdb.ts';

const base = mkdtempSync(join(tmpdir(), 'damage-'));
const origin = join(base, 'origin');
let copies = 0;
let bytes: Buffer;

/** The content of every served state: bytes by key, and events. */
let objects: Map<string, number>;
let changes: string[];

const readObjects = (backend: LmdbBackend) =>
  new Map([...backend.range({ prefix: '/' })].map((object) => [object.key, crc32(object.bytes)]));

const readEvents = (backend: LmdbBackend) =>
  backend
    .eventsSince(backend.compactedRevision, '/')
    .map(({ revision, key, type, object }) => `${revision} ${type} ${key} ${crc32(object.bytes)}`);

before(async () => {
  await runKillStorm(origin, 0, 400);

  const backend = await LmdbBackend.open({ path: origin });

  for (let i = 0; i < 40; i++) {
    await backend.update(`/large/${i}`, () => put('y'.repeat(i * 500)));
  }

  for (let i = 0; i < 20; i++) {
    await backend.update(`/large/${i}`, () => ({ action: 'delete' }));
  }

  objects = readObjects(backend);
  changes = readEvents(backend);
  await backend.close();
  bytes = readFileSync(join(origin, 'data.mdb'));
});

after(() => rmSync(base, { recursive: true, force: true }));

/**
 * Opens a copy of the data directory with a damaged data file; returns whether the start detected
 * it.
 */
async function openDamaged(damage: (file: string) => void): Promise<'served' | 'refused'> {
  const path = join(base, String(copies++));
  cpSync(origin, path, { recursive: true });
  rmSync(join(path, 'lock.sock'), { force: true });
  damage(join(path, 'data.mdb'));

  let backend: LmdbBackend;

  try {
    backend = await LmdbBackend.open({ path });
  } catch (error) {
    assert.match(
      (error as Error).message,
      /the data file .* is damaged: .* restore a backup with "ks-apiserver restore/,
    );

    return 'refused';
  }

  try {
    assert.deepEqual(readObjects(backend), objects, 'what is served is what was written');

    // Old states are read only when they are requested.
    let found: string[] = changes;

    try {
      found = readEvents(backend);
    } catch (error) {
      assert.match(
        (error as Error).message,
        /the change of revision \d+ is (damaged|missing) in the log: restore/,
      );
    }

    assert.deepEqual(found, changes);
    await backend.update('/after', () => put(1));
  } finally {
    await backend.close();
    rmSync(path, { recursive: true, force: true });
  }

  return 'served';
}

function overwrite(file: string, at: number, data: Buffer): void {
  const fd = openSync(file, 'r+');
  writeSync(fd, data, 0, data.byteLength, at);
  closeSync(fd);
}

const garbage = (length: number, seed: number) =>
  Buffer.from(Array.from({ length }, (_, i) => (Math.imul(i + seed, 2_654_435_761) >>> 13) & 0xff));

test('a truncated data file is refused unless only free pages are lost', async () => {
  assert.equal(await openDamaged(() => {}), 'served');

  const size = bytes.byteLength;
  const results = [];

  for (const length of [
    0,
    1,
    100,
    4096,
    8191,
    8192,
    size >> 1,
    size - 4096 * 3,
    size - 4096,
    size - 100,
    size - 1,
  ]) {
    results.push(await openDamaged((file) => truncateSync(file, length)));
  }

  assert.ok(
    results.slice(0, 7).every((result) => result === 'refused'),
    results.join(),
  );
});

test('a data file whose end is garbage or zeros is refused or shows every write', async () => {
  const size = bytes.byteLength;
  let refused = 0;

  for (let i = 1; i <= 12; i++) {
    const length = Math.min(size, 300 * i * i);
    for (const data of [garbage(length, i), Buffer.alloc(length)]) {
      if ((await openDamaged((file) => overwrite(file, size - length, data))) === 'refused') {
        refused++;
      }
    }
  }

  assert.ok(refused > 0, 'none was noticed');
});

test('a page of the data file that holds another page, an older one, garbage or zeros is never served', async () => {
  const pages = bytes.byteLength / 4096;
  let refused = 0;
  let tried = 0;

  for (let page = 0; page < pages; page += 1 + Math.floor(pages / 60)) {
    for (const data of [
      bytes.subarray(((page + 7) % pages) * 4096, ((page + 7) % pages) * 4096 + 4096),
      garbage(4096, page),
      garbage(40, page),
      Buffer.alloc(4096),
    ]) {
      tried++;
      if ((await openDamaged((file) => overwrite(file, page * 4096, data))) === 'refused') {
        refused++;
      }
    }
  }

  assert.ok(refused > tried / 4, `${refused} of ${tried} were noticed`);
});

test('a single changed byte is never shown', async () => {
  for (let i = 0; i < 80; i++) {
    const at = (i * 7919 * 131) % bytes.byteLength;
    await openDamaged((file) => overwrite(file, at, Buffer.from([bytes[at]! ^ (1 << (i % 8))])));
  }
});

test('a lost data file is not taken for a new directory', async () => {
  assert.equal(await openDamaged((file) => rmSync(file)), 'refused');
});

test('a damaged lock file does no harm', async () => {
  const damage = (file: string) => {
    const lock = file.replace('data.mdb', 'lock.mdb');
    writeFileSync(lock, garbage(statSync(lock).size, 3));
  };

  assert.equal(await openDamaged(damage), 'served');
});
