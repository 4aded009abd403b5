import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { StoreFixture } from '@ks-apiserver/metrics/test/support/store-fixture';

/** A generator of numbers from 0 to 1 that is the same in every run. */
function random(seed: number): () => number {
  let state = seed;

  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Overwrites, cuts or lengthens a file. */
function damage(path: string, next: () => number): void {
  const bytes = readFileSync(path);
  const at = Math.floor(next() * bytes.length);

  switch (Math.floor(next() * 4)) {
    case 0:
      writeFileSync(path, bytes.subarray(0, at));
      break;
    case 1:
      writeFileSync(path, Buffer.concat([bytes, Buffer.alloc(50, at)]));
      break;
    case 2:
      bytes.fill(0, at, Math.min(bytes.length, at + 64));
      writeFileSync(path, bytes);
      break;
    default:
      bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(next() * 8));
      writeFileSync(path, bytes);
  }
}

test('whatever happens to one file, the others are read and no sample is wrong', async () => {
  const next = random(42);

  for (let round = 0; round < 60; round++) {
    const fixture = await new StoreFixture().open();

    try {
      for (let minute = 0; minute < 300; minute += 5) {
        fixture.add(minute, { 'a{x="1"}': minute * 3, 'a{x="2"}': minute / 7, b: minute });
        await fixture.store.commit();
      }

      await fixture.store.maintain();
      await fixture.store.close();

      const files = readdirSync(fixture.directory).sort();
      assert.equal(files.length, 3);

      const victim = Math.floor(next() * files.length);
      damage(join(fixture.directory, files[victim] ?? ''), next);
      await fixture.open();

      const { 'a{x="1"}': first = [], 'a{x="2"}': second = [] } = await fixture.select('a');
      const lost = { start: victim * 120, end: victim * 120 + 120 };

      for (const [minute, value] of first) {
        assert.equal(value, minute * 3);
      }
      for (const [minute, value] of second) {
        assert.equal(value, minute / 7);
      }

      const minutes = new Set(first.map(([minute]) => minute));
      for (let minute = 0; minute < 300; minute += 5) {
        assert.ok(
          minutes.has(minute) || (minute >= lost.start && minute < lost.end),
          `round ${round}: minute ${minute} is lost with ${files[victim]}`,
        );
      }

      // The store takes samples as before.
      fixture.add(301, { b: 301 });
      assert.equal(await fixture.store.commit(), true);
      assert.deepEqual((await fixture.select('b')).b?.at(-1), [301, 301]);
    } finally {
      await fixture.remove();
    }
  }
});
