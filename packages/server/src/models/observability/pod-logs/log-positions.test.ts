import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { LogPositions } from './log-positions.ts';

let dir: string;

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'ks-positions-'));
});

after(() => rm(dir, { recursive: true }));

const fail = (message: string) => assert.fail(message);

test('positions are there again after a restart, but for containers that are gone', async () => {
  const path = join(dir, 'positions');
  const positions = await LogPositions.open(path, fail);

  positions.set('a/main', { time: '2026-05-10T10:00:00Z' });
  positions.set('a/main', { finished: 'x' });
  positions.set('b/main', { time: '2026-05-10T10:00:01Z' });
  positions.retain((key) => key !== 'b/main');
  await positions.save();

  const again = await LogPositions.open(path, fail);
  assert.deepEqual(again.get('a/main'), { time: '2026-05-10T10:00:00Z', finished: 'x' });
  assert.deepEqual(again.get('b/main'), { time: '', finished: '' });
});

test('a damaged file is told of, and logs are read from their beginning', async () => {
  const path = join(dir, 'damaged');
  await writeFile(path, '{"a/main": {"time": 3}, "b');

  const warnings: string[] = [];
  const positions = await LogPositions.open(path, (message) => warnings.push(message));

  assert.equal(warnings.length, 1);
  assert.deepEqual(positions.get('a/main'), { time: '', finished: '' });
});
