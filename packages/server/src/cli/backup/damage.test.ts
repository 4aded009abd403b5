import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { LmdbBackend } from '@ks-apiserver/kubernetes/storage/lmdb';
import { put } from '@ks-apiserver/kubernetes/test/storage/backend-suite';
import fc from 'fast-check';
import { ConfigError } from '../../config/config.ts';
import { backUp } from './backup.ts';
import { filesBelow } from './manifest.ts';
import { unpack } from './restore.ts';

// Changes the bytes of a backup: it is refused, or the restored content is unchanged. The latter
// happens for about one of 700 bits of a compressed file, because repeated bytes can be copied from
// more than one place.
let dir: string;
let packed: Buffer;
let whole: Map<string, string>;

async function contentOf(root: string): Promise<Map<string, string>> {
  const content = new Map<string, string>();

  for (const name of await filesBelow(root)) {
    content.set(name, await readFile(join(root, name), 'base64'));
  }

  return content;
}

/** Returns the restored content; undefined if the backup is refused. */
async function restoreContent(bytes: Uint8Array): Promise<Map<string, string> | undefined> {
  const file = join(dir, 'changed.tgz');
  const into = await mkdtemp(join(dir, 'into-'));

  try {
    await writeFile(file, bytes);
    await unpack(file, into);
    return await contentOf(into);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return undefined;
  } finally {
    await rm(into, { recursive: true });
  }
}

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'ks-damage-'));

  const data = join(dir, 'data');
  await mkdir(join(data, 'pki'), { recursive: true });
  await writeFile(join(data, 'pki', 'ca.crt'), 'certificate '.repeat(200));

  const backend = await LmdbBackend.open({ path: join(data, 'objects') });

  for (let i = 0; i < 20; i++) {
    await backend.update(`/configmaps/default/c-${i}`, () => put(i));
  }

  await backend.close();
  await backUp(data, join(dir, 'whole.tgz'), { overwrite: false });
  packed = await readFile(join(dir, 'whole.tgz'));
  whole = (await restoreContent(packed))!;
  assert.ok(whole.size >= 3, 'a whole backup is taken');
});

after(() => rm(dir, { recursive: true, force: true }));

const damage = fc.record({
  /** Positions of flipped bits, as fractions of the whole length. */
  flips: fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { maxLength: 3 }),
  /** Length of a truncated backup. */
  cut: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
});

function damageBytes(
  bytes: Buffer,
  { flips, cut }: { flips: number[]; cut: number | null },
): Buffer {
  const copy = Buffer.from(bytes);

  for (const flip of flips) {
    const bit = Math.floor(flip * copy.byteLength * 8);
    copy[bit >> 3]! ^= 1 << (bit & 7);
  }

  return cut === null ? copy : copy.subarray(0, Math.floor(cut * copy.byteLength));
}

for (const [what, change] of Object.entries({
  'the packed file': (how: Parameters<typeof damageBytes>[1]) => damageBytes(packed, how),
  // With the checksum of its compression corrected.
  'its content': (how: Parameters<typeof damageBytes>[1]) =>
    gzipSync(damageBytes(gunzipSync(packed), how), { level: 1 }),
})) {
  test(`damage to ${what} is refused, or changes nothing`, async () => {
    await fc.assert(
      fc.asyncProperty(damage, async (how) => {
        const content = await restoreContent(change(how));
        assert.ok(
          content === undefined || [...whole].every(([name, text]) => content.get(name) === text),
        );
        assert.ok(content === undefined || content.size === whole.size);
      }),
      { numRuns: 150 },
    );
  });
}
