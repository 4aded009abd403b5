import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { StoreFixture } from '@ks-apiserver/metrics/test/support/store-fixture';

/** Mounts a small file system; false where that is not allowed. */
function mount(directory: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', directory], {
      stdio: 'ignore',
    });
    return true;
  } catch {
    return false;
  }
}

test('on a full disk samples are kept in memory, and written when there is room', async (t) => {
  const fixture = new StoreFixture();

  if (!mount(fixture.directory)) {
    await fixture.remove();
    return t.skip('mounting a small file system needs root');
  }

  const filler = join(fixture.directory, 'filler');

  try {
    await fixture.open();
    fixture.add(0, { a: 0 });
    assert.equal(await fixture.store.commit(), true);

    const { bavail, bsize } = statfsSync(fixture.directory);
    writeFileSync(filler, Buffer.alloc(bavail * bsize));

    for (let minute = 1; minute < 130; minute++) {
      const round = Object.fromEntries(
        Array.from({ length: 200 }, (_, index) => [`a{pod="${index}"}`, Math.random()]),
      );
      fixture.add(minute, { ...round, a: minute });
      await fixture.store.commit();
    }

    assert.equal(await fixture.store.commit(), false);
    await fixture.store.maintain();
    assert.equal(fixture.store.figures.blocks, 0);
    assert.equal((await fixture.select('a{pod=""}')).a?.length, 130);
    assert.match(fixture.messages[0] ?? '', /^metrics are kept in memory only: ENOSPC/);
    assert.match(fixture.messages.join('\n'), /the block of .* could not be written: ENOSPC/);

    rmSync(filler);
    fixture.add(130, { a: 130 });
    assert.equal(await fixture.store.commit(), true);
    await fixture.store.maintain();
    assert.equal(fixture.messages.at(-1), 'metrics are written to disk again');
    assert.equal(fixture.store.figures.blocks, 1);

    await fixture.reopen();
    assert.equal((await fixture.select('a{pod=""}')).a?.length, 131);
    assert.equal((await fixture.select('a{pod="199"}'))['a{pod="199"}']?.length, 129);
  } finally {
    await fixture.store.close().catch(() => {});
    execFileSync('umount', ['-l', fixture.directory]);
    await fixture.remove().catch(() => {});
  }
});
