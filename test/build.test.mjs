import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { isCurrent, writeStamp } from '../scripts/build-stamp.mjs';
import { isUnitTest } from '../scripts/test-kinds.mjs';

let dir;
let stamp;
let files;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'build-'));
  stamp = join(dir, 'stamp');
  files = ['lock.json', 'source.js', 'output.cjs'].map((name) => join(dir, name));
  for (const file of files) {
    writeFileSync(file, 'as it was');
  }
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test('a build is current while none of its files changes', () => {
  const [lock, ...built] = files;
  assert.equal(isCurrent(stamp, [lock]), false, 'no stamp');
  writeStamp(stamp, [lock], built);
  assert.equal(isCurrent(stamp, [lock]), true);

  for (const file of files) {
    writeFileSync(file, 'as it is.');
    assert.equal(isCurrent(stamp, [lock]), false, `${file} changed`);
    rmSync(file);
    assert.equal(isCurrent(stamp, [lock]), false, `${file} is gone`);
    writeFileSync(file, 'as it was');
    assert.equal(isCurrent(stamp, [lock]), true, `${file} is back`);
  }

  assert.equal(isCurrent(stamp, []), false, 'another recipe');
  writeFileSync(stamp, '{"hash":');
  assert.equal(isCurrent(stamp, [lock]), false, 'a stamp that was cut off');
});

test('another version of Node builds again', (t) => {
  writeStamp(stamp, [], files);
  const version = Object.getOwnPropertyDescriptor(process, 'version');
  t.after(() => Object.defineProperty(process, 'version', version));
  Object.defineProperty(process, 'version', { ...version, value: 'v999.0.0' });
  assert.equal(isCurrent(stamp, []), false);
});

test('a unit test is a test whose imports reach no server', () => {
  const isUnit = (file) =>
    isUnitTest(fileURLToPath(new URL(`../packages/${file}`, import.meta.url)));
  assert.equal(isUnit('apimachinery/dist/quantity/quantity.test.js'), true);
  assert.equal(
    isUnit('kubernetes/dist/test/api/crud.test.js'),
    false,
    'a server in the same process',
  );
  assert.equal(
    isUnit('server/dist/test/access/access-matrix.test.js'),
    false,
    'by way of the test platform',
  );
  assert.equal(
    isUnit('server/dist/cli/launch/code-cache.test.js'),
    false,
    'it looks at the bundle',
  );
  assert.equal(isUnitTest(fileURLToPath(import.meta.url)), false, 'a test of the whole');
});
