import assert from 'node:assert/strict';
import type { History, Seen, Watching } from './history.ts';

/**
 * Returns everything that one watcher saw; throws unless it is ordered, unique, resumed without
 * overlap and true to its bookmarks.
 */
function joinWatches(watches: readonly Watching[]): Seen[] {
  const all: Seen[] = [];
  let last = watches[0]?.after ?? 0;

  for (const { after, events } of watches) {
    assert.equal(after, last, 'a watch is resumed where the one before it ended');

    for (const event of events) {
      if (event.type === 'BOOKMARK') {
        assert.ok(event.revision >= last, `bookmark ${event.revision} came after ${last}`);
      } else {
        assert.ok(
          event.revision > last,
          `event ${event.revision} of ${event.key} came after ${last}`,
        );

        all.push(event);
      }

      last = event.revision;
    }
  }

  return all;
}

/**
 * Returns all changes that any watcher saw, in order; throws if two watchers saw different changes
 * at one revision.
 */
function changesOf(seen: readonly Seen[][]): Seen[] {
  const byRevision = new Map<number, Seen>();

  for (const events of seen) {
    for (const event of events) {
      const other = byRevision.get(event.revision);
      if (other) {
        assert.deepEqual(event, other, 'all watchers see the same change at a revision');
      } else {
        byRevision.set(event.revision, event);
      }
    }
  }

  return [...byRevision.values()].sort((a, b) => a.revision - b.revision);
}

/**
 * Checks watches and lists against each other and against the acknowledged writes, by the
 * guarantees that etcd's robustness tests name: ordered, unique, atomic, resumable, reliable,
 * bookmarkable; and each list is one state.
 */
export function checkWatches(history: History): void {
  const seen = history.watchers.map(joinWatches);
  const changes = changesOf(seen);
  const first = Math.min(...history.watchers.map(([watch]) => watch!.after));

  for (const [i, events] of seen.entries()) {
    const until = Math.max(
      0,
      ...history.watchers[i]!.flatMap((watch) => watch.events.map(({ revision }) => revision)),
    );

    const expected = changes.filter(
      ({ revision }) => revision > history.watchers[i]![0]!.after && revision <= until,
    );

    assert.deepEqual(
      events.map(({ revision }) => revision),
      expected.map(({ revision }) => revision),
      'a watch leaves nothing out',
    );
  }

  const byRevision = new Map(changes.map((change) => [change.revision, change]));
  const given = new Set<number>();

  for (const { kind, result, revision, key, writes } of history.operations) {
    if (result !== 'ok' || kind === 'get' || revision === undefined) {
      continue;
    }

    assert.ok(!given.has(revision), `resourceVersion ${revision} was given out twice`);
    given.add(revision);

    if (revision <= first) {
      continue;
    }

    const change = byRevision.get(revision);
    assert.ok(change, `the acknowledged ${kind} of ${key} at ${revision} is in no watch`);
    assert.equal(change.key, key);

    if (writes !== undefined) {
      assert.equal(change.content, writes);
    }
  }

  checkStates(history, changes, first);
}

/**
 * Replays all changes: event types fit the state before, and lists are the state at their
 * resourceVersion.
 */
function checkStates(history: History, changes: readonly Seen[], first: number): void {
  const state = new Map<string, string>();
  const listings = history.listings.toSorted((a, b) => a.revision - b.revision);
  let next = 0;

  const compareUpTo = (revision: number) => {
    for (; next < listings.length && listings[next]!.revision < revision; next++) {
      const listing = listings[next]!;
      if (listing.revision < first) {
        continue;
      }

      assert.deepEqual(
        [...listing.items].sort(),
        [...state].sort(),
        `the list at ${listing.revision} is the state at that revision`,
      );
    }
  };

  for (const { revision, type, key, content } of changes) {
    compareUpTo(revision);
    assert.equal(type === 'ADDED', !state.has(key), `${type} of ${key} at ${revision}`);

    if (type === 'DELETED') {
      assert.equal(
        content,
        state.get(key),
        `a deletion shows the last state (${key} at ${revision})`,
      );

      state.delete(key);
    } else {
      state.set(key, content);
    }
  }

  compareUpTo(Number.POSITIVE_INFINITY);

  for (const { revision, called, returned } of history.listings) {
    for (const operation of history.operations) {
      if (
        operation.result !== 'ok' ||
        operation.kind === 'get' ||
        operation.revision === undefined
      ) {
        continue;
      }

      if (operation.returned < called) {
        assert.ok(
          operation.revision <= revision,
          `a list at ${revision} misses the earlier write ${operation.revision}`,
        );
      }

      if (operation.called > returned) {
        assert.ok(
          operation.revision > revision,
          `a list at ${revision} shows the later write ${operation.revision}`,
        );
      }
    }
  }
}
