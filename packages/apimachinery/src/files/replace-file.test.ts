import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { replaceFile } from './replace-file.ts';

let dir: string;

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'ks-files-'));
});

after(() => rm(dir, { recursive: true }));

test('a file is created with its mode, then replaced, and nothing else is left', async () => {
  const path = join(dir, 'secret');

  await replaceFile(path, 'one\n', 0o600);
  await replaceFile(path, 'two\n', 0o600);

  assert.equal(await readFile(path, 'utf8'), 'two\n');
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  assert.deepEqual(await readdir(dir), ['secret']);
});
