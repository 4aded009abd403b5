import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Member } from './member.ts';
import type { MemberClusters } from './member-clusters.ts';
import { type MemberScope, MemberScopes, type OpenScope } from './member-scopes.ts';

const NEVER = new AbortController().signal;
const IDLE_MS = 30;

interface Opened {
  name: string;
  closed: boolean;
}

/** Scopes over members that are all alike, and what was opened. */
function scopesOf(open?: OpenScope) {
  const opened: Opened[] = [];
  const ends = new Set<(cluster: string) => void>();

  const find = async (name: string): Promise<Member | undefined> => {
    switch (name) {
      case 'nosuch':
        return undefined;
      case 'waiting':
        return { state: 'not-ready' };
      case 'without-kubeconfig':
        return { state: 'ready', kubernetes: undefined, kubesphere: undefined };
      default:
        return { state: 'ready', kubernetes: {} as never, kubesphere: undefined };
    }
  };

  const members = {
    find,
    onEnd: (listener: (cluster: string) => void) => {
      ends.add(listener);
      return () => ends.delete(listener);
    },
  } as unknown as MemberClusters;

  const openOne: OpenScope = async ({ name }) => {
    const one: Opened = { name, closed: false };
    opened.push(one);

    const close = async () => {
      one.closed = true;
    };

    return { close } as MemberScope;
  };

  const scopes = new MemberScopes(members, open ?? openOne, { idleMs: IDLE_MS });
  const end = (cluster: string) => {
    for (const listener of ends) {
      listener(cluster);
    }
  };

  return { scopes, opened, end };
}

test('a member is followed once for all who use it, and not longer than it is used', async () => {
  const { scopes, opened } = scopesOf();
  const [first, second] = await Promise.all([scopes.use('east', NEVER), scopes.use('east', NEVER)]);
  assert.equal(first.scope, second.scope);
  assert.equal(opened.length, 1);

  first.release();
  await sleep(3 * IDLE_MS);
  assert.ok(scopes.isOpen('east'));

  second.release();
  await sleep(3 * IDLE_MS);
  assert.ok(!scopes.isOpen('east'));
  assert.deepEqual(opened, [{ name: 'east', closed: true }]);

  await scopes.use('east', NEVER);
  assert.equal(opened.length, 2);
});

test('a member whose connection ends is opened again', async () => {
  const { scopes, opened, end } = scopesOf();
  await scopes.use('east', NEVER);
  end('east');
  await sleep(1);
  assert.deepEqual(opened, [{ name: 'east', closed: true }]);

  const { release } = await scopes.use('east', NEVER);
  release();
  assert.equal(opened.length, 2);
});

test('clusters that cannot be read are named', async () => {
  const { scopes } = scopesOf();
  await assert.rejects(scopes.use('nosuch', NEVER), { code: 404 });
  await assert.rejects(scopes.use('waiting', NEVER), /cluster waiting is not ready/);
  await assert.rejects(
    scopes.use('without-kubeconfig', NEVER),
    /cluster without-kubeconfig has no kubeconfig/,
  );
});

test('who goes away does not end the opening, and a failure is tried again', async () => {
  let fail = (_: Error) => {};
  let tries = 0;
  const { scopes } = scopesOf(() => {
    tries += 1;
    return new Promise((_, reject) => {
      fail = reject;
    });
  });

  const caller = new AbortController();
  const waiting = scopes.use('east', caller.signal);
  const other = scopes.use('east', NEVER);
  await sleep(1);
  caller.abort(new Error('gone'));
  await assert.rejects(waiting, /gone/);

  fail(new Error('it does not answer'));
  await assert.rejects(other, /it does not answer/);
  await sleep(1);
  assert.ok(!scopes.isOpen('east'));

  const again = scopes.use('east', NEVER);
  await sleep(1);
  assert.equal(tries, 2);
  fail(new Error('still not'));
  await assert.rejects(again, /still not/);
});
