import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { CompiledFile } from './code-cache.ts';

const dir = mkdtempSync(join(tmpdir(), 'code-cache-'));
after(() => rmSync(dir, { recursive: true, force: true }));

function writeModule(name: string, answer: number): string {
  const file = join(dir, name);
  writeFileSync(
    file,
    `module.exports = { answer: () => ${answer}, file: __filename, join: require('node:path').join };`,
  );

  return file;
}

function runCompiled(file: string): { answer: number; isCached: boolean } {
  const compiled = new CompiledFile(file);
  const exports = compiled.run() as { answer: () => number; file: string; join: typeof join };

  assert.equal(exports.file, file);
  assert.equal(exports.join, join, 'what it requires is what others import');

  return { answer: exports.answer(), isCached: compiled.isCached };
}

function writeAndRun(name: string): string {
  const file = writeModule(name, 42);
  const compiled = new CompiledFile(file);

  compiled.run();
  assert.equal(compiled.isCached, false);
  compiled.keep();

  return file;
}

test('a compiled file is not compiled again', () => {
  const file = writeAndRun('kept.cjs');
  assert.deepEqual(runCompiled(file), { answer: 42, isCached: true });
});

test('another text of the same length is compiled', () => {
  const file = writeAndRun('changed.cjs');
  writeModule('changed.cjs', 43);
  assert.deepEqual(runCompiled(file), { answer: 43, isCached: false });
});

test('a damaged, truncated or empty cache is ignored', () => {
  const file = writeAndRun('damaged.cjs');
  const bytes = readFileSync(`${file}.cache`);
  for (const at of [0, 5, 8, 40, bytes.byteLength - 1]) {
    const other = Buffer.from(bytes);
    other[at]! ^= 1;
    writeFileSync(`${file}.cache`, other);
    assert.deepEqual(runCompiled(file), { answer: 42, isCached: false }, `byte ${at}`);
  }

  for (const length of [bytes.byteLength - 1, 20, 8, 3, 0]) {
    writeFileSync(`${file}.cache`, bytes);
    truncateSync(`${file}.cache`, length);
    assert.deepEqual(runCompiled(file), { answer: 42, isCached: false }, `${length} bytes`);
  }
});

test('the built server has its cache', () => {
  const file = fileURLToPath(new URL('../../bundle/server.cjs', import.meta.url));
  assert.equal(new CompiledFile(file).isCached, true);

  assert.doesNotMatch(
    readFileSync(file, 'latin1'),
    /await import\(|return import\(|[=(?] import\(/,
  );
});
