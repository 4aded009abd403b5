import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { put } from '@ks-apiserver/kubernetes/test/storage/backend-suite';
import type { Backend } from './backend.ts';
import { CompactionClock } from './change-log.ts';
import { LmdbBackend } from './lmdb.ts';

const base = mkdtempSync(join(tmpdir(), 'compaction-'));
after(() => rmSync(base, { recursive: true, force: true }));

const WRITES = 6_000;
const KEYS = 60;
const PREFIX = '/c/';

/** Records every state, by revision, as the commits reported it. */
function recordStates(backend: Backend): Map<number, Map<string, string>> {
  const states = new Map<number, Map<string, string>>([[backend.revision, new Map()]]);
  let state = new Map<string, string>();
  backend.onCommit((changes) => {
    for (const { revision, key, type, object } of changes) {
      state = new Map(state);

      if (type === 'DELETED') {
        state.delete(key);
      } else {
        state.set(key, object.bytes.toString());
      }

      states.set(revision, state);
    }
  });

  return states;
}

async function write(backend: Backend, writer: number): Promise<void> {
  for (let i = 0; i < WRITES / 16; i++) {
    const key = `${PREFIX}${(writer * 31 + i * 7) % KEYS}`;
    await backend.update(key, (current) =>
      current && i % 5 === 0 ? { action: 'delete' } : put(`${writer}-${i}`),
    );
  }
}

const isExpired = (error: unknown) => (error as { code?: number }).code === 410;

/**
 * Reads pages of one revision with other work between them; returns false if the revision was
 * compacted in the meantime.
 */
async function readPages(
  backend: Backend,
  states: Map<number, Map<string, string>>,
): Promise<boolean> {
  const { revision } = backend;
  const found: [string, string][] = [];
  let start = PREFIX;
  for (;;) {
    const page: [string, string][] = [];

    try {
      const snapshot = backend.range({ prefix: PREFIX, start, revision });
      for (const object of snapshot) {
        page.push([object.key, object.bytes.toString()]);
        if (page.length === 7) {
          break;
        }
      }

      snapshot.return();
    } catch (error) {
      assert.ok(
        isExpired(error) && revision < backend.compactedRevision,
        '410 only for what is forgotten',
      );

      return false;
    }

    found.push(...page);

    if (page.length < 7) {
      break;
    }

    start = `${page.at(-1)![0]}\u0000`;

    for (let i = 0; i < 3; i++) {
      await turn();
    }
  }

  assert.deepEqual(
    found.sort(),
    [...states.get(revision)!].sort(),
    `the pages at ${revision} are one state`,
  );

  return true;
}

test('lists, snapshots and watches stay whole while the log is compacted under them', async () => {
  const compaction = { windowMs: 60_000, minRevisions: 20, maxRevisions: 250, maxBytes: 1 << 30 };
  const backend = await LmdbBackend.open({ path: join(base, 'readers'), compaction });
  const states = recordStates(backend);
  const start = backend.revision;
  let writing = true;
  const counts = { whole: 0, forgotten: 0, resumed: 0, expired: 0 };

  const pager = async () => {
    while (writing) {
      counts[(await readPages(backend, states)) ? 'whole' : 'forgotten']++;
      await turn();
    }
  };

  /** Holds a snapshot open over many commits. */
  const scanner = async () => {
    while (writing) {
      await turn();

      const { revision } = backend;
      const found: [string, string][] = [];

      for (const object of backend.range({ prefix: PREFIX })) {
        found.push([object.key, object.bytes.toString()]);
        await turn();
      }

      assert.deepEqual(found.sort(), [...states.get(revision)!].sort());
    }
  };

  /** Resumes from the last seen revision repeatedly, sometimes only after a long pause. */
  const watcher = async (pause: number) => {
    let last = start;
    while (writing || last < backend.revision) {
      try {
        for (const change of backend.eventsSince(last, PREFIX)) {
          assert.equal(change.revision, last + 1, 'no gap, nothing twice');

          const state = states.get(change.revision)!;

          if (change.type === 'DELETED') {
            assert.ok(!state.has(change.key));
          } else {
            assert.equal(change.object.bytes.toString(), state.get(change.key));
          }

          last = change.revision;
        }

        counts.resumed++;
      } catch (error) {
        if (!isExpired(error)) {
          throw error;
        }

        assert.ok(last < backend.compactedRevision, '410 only for what is forgotten');
        counts.expired++;
        last = backend.revision;
      }

      for (let i = 0; i < pause; i++) {
        await turn();
      }
    }
  };

  const readers = [pager(), pager(), scanner(), watcher(1), watcher(4), watcher(3_000)];

  await Promise.all(Array.from({ length: 16 }, (_, writer) => write(backend, writer)));
  writing = false;
  await Promise.all(readers);
  assert.ok(backend.compactedRevision > start + WRITES / 2, 'the log was compacted');
  assert.ok(counts.whole > 10 && counts.resumed > 10 && counts.expired > 0, JSON.stringify(counts));
  await backend.close();
});

test('the window is measured by a monotonic clock', () => {
  const policy = { windowMs: 60_000, minRevisions: 10, maxRevisions: 1_000_000, maxBytes: 1 << 30 };
  const clock = new CompactionClock(policy);

  for (let second = 0; second <= 50; second++) {
    clock.note(second * 100, 1, second * 1000);
  }

  assert.ok(clock.target(5_000, 50_000) <= 0, 'nothing is older than the window');
  assert.equal(clock.target(5_000, 70_000), 900, 'what is older can go');
});

test('wall-clock time that jumps changes neither revisions nor the window', async (t) => {
  const compaction = { windowMs: 60_000, minRevisions: 1, maxRevisions: 10_000, maxBytes: 1 << 30 };
  const path = join(base, 'jump');
  let backend = await LmdbBackend.open({ path, compaction });
  const first = backend.revision;
  const revisions: number[] = [];

  const writeSome = async () => {
    for (let i = 0; i < 50; i++) {
      revisions.push((await backend.update(`/j/${i % 7}`, () => put(i))).revision);
    }
  };

  const real = Date.now;
  const jump = (ms: number) => t.mock.method(Date, 'now', () => real() + ms);

  await writeSome();

  for (const hours of [-24, 24 * 365, -24 * 365]) {
    jump(hours * 3_600_000);
    await writeSome();
    assert.equal(backend.compactedRevision, first, `nothing is forgotten ${hours} hours off`);
  }

  await backend.close();
  backend = await LmdbBackend.open({ path, compaction });
  await writeSome();

  assert.deepEqual(
    revisions,
    revisions.map((_, i) => first + 1 + i),
  );

  assert.equal(backend.eventsSince(first, '/j/').length, revisions.length);
  await backend.close();
});
