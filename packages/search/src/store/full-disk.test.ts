import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { SqliteStore } from './sqlite-store.ts';

const PROGRAM = fileURLToPath(new URL('../worker/main.js', import.meta.url));
const PAGE = { order: 'desc', from: 0, size: 1 } as const;
const never = new AbortController().signal;

/** Mounts a small file system; false where that is not allowed. */
function mount(directory: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', directory], {
      stdio: 'ignore',
    });
    return true;
  } catch {
    return false;
  }
}

function open(folder: string): SqliteStore {
  return new SqliteStore({
    folder,
    program: PROGRAM,
    retentionDays: 100_000,
    maxBytes: 1e9,
    timeoutMs: 20_000,
    prefixes: { logs: 'logs', events: 'events', auditing: 'audit' },
    onWarning: () => {},
  });
}

async function linesIn(store: SqliteStore): Promise<number> {
  const all = { scopes: undefined, conditions: [], range: {} };
  return (await store.backend('logs').query(all, PAGE, never)).total;
}

test('on a full disk lines are refused, those that were taken stay, and more are taken when there is room', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'search-full-'));

  if (!mount(folder)) {
    rmSync(folder, { recursive: true });
    return t.skip('mounting a small file system needs root');
  }

  let store = open(folder);
  let taken = 0;

  const append = async () => {
    const documents = Array.from({ length: 100 }, (_, i) => ({
      json: JSON.stringify({
        log: `${Math.random()} ${'words '.repeat(20)}${i}`,
        time: '2026-05-10T10:00:00Z',
        kubernetes: { namespace_name: 'shop', pod_name: 'web', container_name: 'main' },
      }),
    }));

    await store.append('logs', documents);
    taken += documents.length;
  };

  try {
    await append();

    const filler = join(folder, 'filler');
    const { bavail, bsize } = statfsSync(folder);
    writeFileSync(filler, Buffer.alloc(Math.max(0, bavail - 64) * bsize));

    let refusals = 0;
    for (let i = 0; i < 40; i += 1) {
      await append().catch(() => {
        refusals += 1;
      });
    }

    assert.ok(refusals > 5, `${refusals} refusals`);
    assert.equal(await linesIn(store), taken);

    rmSync(filler);
    await append();
    assert.equal(await linesIn(store), taken);

    await store.close();
    store = open(folder);
    assert.equal(await linesIn(store), taken);
  } finally {
    await store.close();
    execFileSync('umount', ['-l', folder]);
    rmSync(folder, { recursive: true, force: true });
  }
});
