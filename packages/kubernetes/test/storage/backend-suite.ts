import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { Backend, Decision, StorageEvent } from '@ks-apiserver/kubernetes/storage/backend';
import type { CompactionPolicy } from '@ks-apiserver/kubernetes/storage/change-log';

/** Returns a put of a small object. */
export function put(value: unknown, index?: { labels?: Record<string, string> }): Decision {
  return {
    action: 'put',
    encode: (revision) => ({
      bytes: Buffer.from(JSON.stringify({ value, revision })),
      ...(index && { index }),
    }),
  };
}

function values(objects: Iterable<{ key: string; parse<T>(): T }>): [string, unknown][] {
  return [...objects].map((object) => [object.key, object.parse<{ value: unknown }>().value]);
}

/** Tests the contract of every backend; `open` creates an empty one. */
export function testBackend(
  name: string,
  open: (policy?: CompactionPolicy) => Promise<Backend>,
): void {
  describe(`storage on ${name}`, () => {
    let backend: Backend;
    before(async () => {
      backend = await open();
    });
    after(() => backend.close());

    test('a write takes the next revision and is read back', async () => {
      const before = backend.revision;
      const { revision, object } = await backend.update('/a/one', () =>
        put(1, { labels: { app: 'x' } }),
      );

      assert.equal(revision, before + 1);
      assert.equal(object?.revision, revision);
      assert.deepEqual(backend.get('/a/one')?.parse(), { value: 1, revision });
      assert.deepEqual(backend.get('/a/one')?.index, { labels: { app: 'x' } });
      assert.equal(backend.get('/a/none'), undefined);
    });

    test('a refusal rejects one write and uses no revision', async () => {
      const before = backend.revision;

      const results = await Promise.allSettled([
        backend.update('/a/two', () => put(2)),
        backend.update('/a/two', (current) => {
          assert.ok(current);
          throw new StatusError(409, 'Conflict', 'no');
        }),
        backend.update('/a/two', () => ({ action: 'keep' })),
        backend.update('/a/three', (_current, reader) =>
          put(reader.get('/a/two')?.parse<{ value: number }>().value),
        ),
      ]);

      assert.deepEqual(
        results.map((result) => result.status),
        ['fulfilled', 'rejected', 'fulfilled', 'fulfilled'],
      );

      assert.equal(backend.revision, before + 2);
      assert.equal(backend.get('/a/three')?.parse<{ value: number }>().value, 2);
    });

    test('concurrent increments are not lost', async () => {
      const increment = () =>
        backend.update('/counter/c', (current) =>
          put((current?.parse<{ value: number }>().value ?? 0) + 1),
        );

      const results = await Promise.all(Array.from({ length: 500 }, increment));

      assert.equal(backend.get('/counter/c')?.parse<{ value: number }>().value, 500);
      assert.equal(new Set(results.map((result) => result.revision)).size, 500);
    });

    test('ranges are ordered, bounded by their prefix, and start at the given key', async () => {
      for (const key of ['/r/b', '/r/a/z', '/r/c', '/rr/a', '/q/a', '/r/a']) {
        await backend.update(key, () => put(key));
      }

      assert.deepEqual(
        [...backend.range({ prefix: '/r/' })].map((object) => object.key),
        ['/r/a', '/r/a/z', '/r/b', '/r/c'],
      );

      assert.deepEqual(
        [...backend.range({ prefix: '/r/', start: '/r/a/' })].map((object) => object.key),
        ['/r/a/z', '/r/b', '/r/c'],
      );

      assert.equal(backend.count('/r/'), 4);
      await backend.update('/r/a/y', () => put(1));
      await backend.update('/r/b', () => ({ action: 'delete' }));
      await backend.update('/r/c', () => ({ action: 'delete' }));
      assert.equal(backend.count('/r/'), 3);
      assert.equal(backend.count('/r/a/'), 2);
    });

    test('a range keeps showing the state at its start', async () => {
      for (let i = 0; i < 200; i++) {
        await backend.update(`/snap/${String(i).padStart(3, '0')}`, () => put('old'));
      }

      const snapshot = backend.range({ prefix: '/snap/' });
      const seen: unknown[] = [snapshot.next().value];

      await Promise.all(
        Array.from({ length: 200 }, (_, i) =>
          backend.update(`/snap/${String(i).padStart(3, '0')}`, () =>
            i % 2 ? { action: 'delete' } : put('new'),
          ),
        ),
      );

      seen.push(...snapshot);
      assert.equal(seen.length, 200);
      assert.ok(values(seen as never).every(([, value]) => value === 'old'));
      assert.equal(backend.count('/snap/'), 100);
    });

    test('older states and changes are reconstructed', async () => {
      const start = backend.revision;

      await backend.update('/h/a', () => put(1));
      await backend.update('/h/b', () => put(1));

      const { revision } = await backend.update('/h/a', () => put(2));

      await backend.update('/h/b', () => ({ action: 'delete' }));
      await backend.update('/h/c', () => put(1));
      await backend.update('/h/a', () => put(3));

      assert.deepEqual(values(backend.range({ prefix: '/h/', revision })), [
        ['/h/a', 2],
        ['/h/b', 1],
      ]);

      assert.deepEqual(values(backend.range({ prefix: '/h/', revision: start })), []);

      const changes = backend.eventsSince(start, '/h/');
      assert.deepEqual(
        changes.map((change) => [
          change.type,
          change.key,
          change.object.parse<{ value: number }>().value,
        ]),
        [
          ['ADDED', '/h/a', 1],
          ['ADDED', '/h/b', 1],
          ['MODIFIED', '/h/a', 2],
          ['DELETED', '/h/b', 1],
          ['ADDED', '/h/c', 1],
          ['MODIFIED', '/h/a', 3],
        ],
      );

      assert.equal(changes[2]?.previous?.parse<{ value: number }>().value, 1);

      assert.deepEqual(
        changes.map((change) => change.revision),
        [1, 2, 3, 4, 5, 6].map((offset) => start + offset),
      );
    });

    test('listeners hear each change once, in order, when it can be read', async () => {
      const heard: StorageEvent[] = [];

      const stop = backend.onCommit((changes) => {
        for (const change of changes) {
          heard.push(change);
          assert.ok(backend.revision >= change.revision);
        }
      });

      const start = backend.revision;

      await Promise.all(
        Array.from({ length: 50 }, (_, i) => backend.update(`/l/${i % 7}`, () => put(i))),
      );
      stop();
      await backend.update('/l/x', () => put(0));

      assert.deepEqual(
        heard.map((change) => change.revision),
        Array.from({ length: 50 }, (_, i) => start + i + 1),
      );
    });

    test('a key over the limit is refused', async () => {
      await assert.rejects(
        backend.update(`/a/${'x'.repeat(2000)}`, () => put(1)),
        { code: 422 },
      );
    });
  });

  test(`storage on ${name} forgets old changes in small steps and answers 410 for them`, async () => {
    const backend = await open({
      windowMs: 60_000,
      minRevisions: 10,
      maxRevisions: 100,
      maxBytes: 1 << 30,
    });

    try {
      const start = backend.revision;

      for (let i = 0; i < 300; i++) {
        await backend.update(`/k/${i % 10}`, () => put(i));
      }

      assert.ok(backend.compactedRevision >= backend.revision - 101, 'keeps at most the maximum');
      assert.ok(backend.compactedRevision <= backend.revision - 10, 'keeps at least the minimum');
      assert.throws(() => backend.eventsSince(start, '/k/'), { code: 410, reason: 'Expired' });
      assert.throws(() => backend.range({ prefix: '/k/', revision: start }), { code: 410 });

      assert.equal(
        backend.eventsSince(backend.compactedRevision, '/k/').at(-1)?.revision,
        backend.revision,
      );
    } finally {
      await backend.close();
    }
  });

  test(`storage on ${name} refuses calls after it was closed`, async () => {
    const backend = await open();
    const last = backend.update('/a', () => put(1));

    await Promise.all([backend.close(), last]);

    await assert.rejects(
      backend.update('/a', () => put(1)),
      { code: 503 },
    );
  });
}
