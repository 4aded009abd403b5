// The soak of the bench, for as long as CI has time; the bench runs it for minutes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { soaked } from '../../bench/soak.mjs';

test('256 connections on nodes, pods and live lists, while objects change, see no error and let memory level off', async () => {
  const { requests, events, changes, errors, early, late } = await soaked({ seconds: 40 });
  const seen = `${requests} requests, ${events} events, ${changes} changes, ${early} MB after a third, ${late} MB at the end`;

  assert.equal(errors, 0, seen);
  assert.ok(requests > 1000 && events > 1000 && changes > 500, seen);

  // A leak of each change or each event would be more than that by far.
  assert.ok(late < early + 250, seen);
});
