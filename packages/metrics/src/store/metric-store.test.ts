import assert from 'node:assert/strict';
import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import {
  HOUR,
  MINUTE,
  START,
  StoreFixture,
} from '@ks-apiserver/metrics/test/support/store-fixture';
import type { StoreOptions } from './store-options.ts';

let opened: StoreFixture[] = [];

async function open(options: Partial<StoreOptions> = {}): Promise<StoreFixture> {
  const fixture = await new StoreFixture(options).open();
  opened.push(fixture);
  return fixture;
}

afterEach(async () => {
  await Promise.all(opened.map((fixture) => fixture.remove()));
  opened = [];
});

/** Names of the files with an ending. */
function files(fixture: StoreFixture, ending: string): string[] {
  return readdirSync(fixture.directory)
    .filter((name) => name.endsWith(ending))
    .sort();
}

/** Adds a sample of each series every ten minutes. */
function fill(fixture: StoreFixture, from: number, to: number, series = ['a{x="1"}', 'b']): void {
  for (let minute = from; minute <= to; minute += 10) {
    fixture.add(minute, Object.fromEntries(series.map((text, index) => [text, minute + index])));
  }
}

test('series are selected with every kind of matcher', async () => {
  const fixture = await open();
  const series = ['up{job="a",pod="x"}', 'up{job="b",pod="y"}', 'up{job="c"}', 'down{job="a"}'];

  fixture.add(0, Object.fromEntries(series.map((text) => [text, 1])));

  const cases: [selector: string, expected: number[]][] = [
    ['up', [0, 1, 2]],
    ['up{job="a"}', [0]],
    ['{job="a"}', [0, 3]],
    ['up{job!="a"}', [1, 2]],
    ['up{pod=""}', [2]],
    ['up{pod!=""}', [0, 1]],
    ['up{job=~"a|c"}', [0, 2]],
    ['up{job!~"a|c"}', [1]],
    ['up{pod=~".*",job=~"[ab]"}', [0, 1]],
    ['{__name__=~"up|down",pod!~"x"}', [1, 2, 3]],
    ['up{missing="x"}', []],
    ['missing', []],
  ];

  for (const isBlock of [false, true]) {
    for (const [selector, expected] of cases) {
      const texts = Object.keys(await fixture.select(selector)).sort();
      assert.deepEqual(texts, expected.map((index) => series[index]).sort(), selector);
    }

    if (!isBlock) {
      fixture.add(130, { other: 1 });
      await fixture.store.maintain();
      assert.equal(fixture.store.figures.blocks, 1);
    }
  }
});

test('samples of blocks and of memory are read as one series', async () => {
  const fixture = await open();

  fill(fixture, 0, 400);
  await fixture.store.commit();
  await fixture.store.maintain();

  const expected = Array.from({ length: 41 }, (_, index) => [index * 10, index * 10]);
  assert.equal(fixture.store.figures.blocks, 3);
  assert.deepEqual(await fixture.select('a'), { 'a{x="1"}': expected });
  assert.deepEqual(
    await fixture.select('a', { start: START + 115 * MINUTE, end: START + 245 * MINUTE }),
    { 'a{x="1"}': expected.slice(12, 25) },
  );
});

test('names and values of labels, and series, are those of the range', async () => {
  const fixture = await open();

  fixture.add(0, { 'old{x="1"}': 1 });
  fixture.add(130, { 'new{y="2"}': 1 });
  await fixture.store.maintain();

  const { reader } = fixture.store;
  const all = { start: START, end: START + 3 * HOUR };
  const late = { start: START + 2 * HOUR, end: START + 3 * HOUR };

  assert.deepEqual([...(await reader.names(all))].sort(), ['__name__', 'x', 'y']);
  assert.deepEqual([...(await reader.names(late))].sort(), ['__name__', 'y']);
  assert.deepEqual([...(await reader.values('__name__', all))].sort(), ['new', 'old']);
  assert.deepEqual(await reader.series([{ matchers: [], range: late }], { limit: 9 }), [
    { __name__: 'new', y: '2' },
  ]);
});

test('what was committed is there after a start without a proper end', async () => {
  const fixture = await open();

  fill(fixture, 0, 50);
  await fixture.store.commit();
  fixture.add(60, { 'a{x="1"}': 60, c: 1 });
  await fixture.store.commit();

  const [log = ''] = files(fixture, '.wal');
  const bytes = readFileSync(join(fixture.directory, log));
  await fixture.reopen();
  writeFileSync(join(fixture.directory, log), bytes);
  await fixture.reopen();
  fixture.add(70, { c: 2 });

  assert.deepEqual(await fixture.select('a'), {
    'a{x="1"}': [0, 10, 20, 30, 40, 50, 60].map((minute) => [minute, minute]),
  });
  assert.deepEqual(await fixture.select('c'), {
    c: [
      [60, 1],
      [70, 2],
    ],
  });
  assert.deepEqual(fixture.messages, []);
});

test('a window that was over at the end of the process becomes a block at the next start', async () => {
  const fixture = await open();

  fill(fixture, 0, 130);
  await fixture.store.commit();
  await fixture.reopen();

  assert.equal(fixture.store.figures.blocks, 1);
  assert.equal(files(fixture, '.wal').length, 1);
  assert.equal((await fixture.select('b')).b?.length, 14);
});

test('a log is cut where its last record is torn, and goes on', async () => {
  const fixture = await open();

  fixture.add(0, { a: 1 });
  await fixture.store.commit();
  const [log = ''] = files(fixture, '.wal');
  const path = join(fixture.directory, log);
  const whole = readFileSync(path).length;
  fixture.add(1, { a: 2 });
  await fixture.store.commit();
  await fixture.store.close();

  truncateSync(path, readFileSync(path).length - 3);
  await fixture.open();

  assert.deepEqual(await fixture.select('a'), { a: [[0, 1]] });
  assert.match(fixture.messages.join(), /log .* was damaged: \d+ bytes at its end were cut off/);
  assert.equal(readFileSync(path).length, whole);

  fixture.add(2, { a: 3 });
  await fixture.reopen();

  assert.deepEqual(await fixture.select('a'), {
    a: [
      [0, 1],
      [2, 3],
    ],
  });
  assert.equal(fixture.messages.length, 1);
});

test('a damaged record in the middle of a log costs only itself', async () => {
  const fixture = await open();
  const sizes: number[] = [];
  fixture.add(0, { a: 1, b: 1 });
  await fixture.store.commit();
  const [log = ''] = files(fixture, '.wal');
  const path = join(fixture.directory, log);

  for (const minute of [1, 2]) {
    sizes.push(readFileSync(path).length);
    fixture.add(minute, { a: minute + 1 });
    await fixture.store.commit();
  }

  await fixture.store.close();
  const bytes = readFileSync(path);
  const at = (sizes[0] ?? 0) + 10;
  bytes[at] = (bytes[at] ?? 0) ^ 0xff;
  writeFileSync(path, bytes);
  await fixture.open();

  assert.deepEqual(await fixture.select('a'), {
    a: [
      [0, 1],
      [2, 3],
    ],
  });
  assert.match(fixture.messages.join(), /1 damaged records were left out/);
});

test('a damaged block is set aside, and nothing else is lost', async () => {
  const damages: [name: string, damage: (bytes: Buffer) => Buffer][] = [
    ['cut', (bytes) => bytes.subarray(0, bytes.length - 20)],
    ['empty', () => Buffer.alloc(0)],
    ['index', (bytes) => flip(bytes, bytes.length - 120)],
    ['footer', (bytes) => flip(bytes, bytes.length - 40)],
    ['overwritten', (bytes) => Buffer.alloc(bytes.length, 'x')],
  ];

  for (const [name, damage] of damages) {
    const fixture = await open();
    fill(fixture, 0, 260);
    await fixture.store.maintain();
    await fixture.store.close();

    const [block = ''] = files(fixture, '.block');
    const path = join(fixture.directory, block);
    writeFileSync(path, damage(readFileSync(path)));
    await fixture.open();
    await fixture.reopen();

    const { a = [] } = { a: (await fixture.select('a'))['a{x="1"}'] };
    assert.deepEqual(a[0], [120, 120], name);
    assert.deepEqual(a.at(-1), [260, 260], name);
    await fixture.select('a');
    assert.deepEqual(files(fixture, '.damaged'), [`${block}.damaged`], name);
    assert.equal(fixture.messages.filter((message) => /left out/.test(message)).length, 1, name);
  }
});

test('damaged samples of a block cost only their series', async () => {
  const fixture = await open();
  fill(fixture, 0, 130);
  await fixture.store.maintain();
  await fixture.store.close();

  const [block = ''] = files(fixture, '.block');
  const path = join(fixture.directory, block);
  writeFileSync(path, flip(readFileSync(path), 12));
  await fixture.open();

  assert.deepEqual((await fixture.select('a'))['a{x="1"}']?.[0], [120, 120]);
  assert.deepEqual((await fixture.select('b')).b?.[0], [0, 1]);
  assert.match(fixture.messages.join(), /samples of 1 series of the block/);
});

function flip(bytes: Buffer, at: number): Buffer {
  bytes[at] = (bytes[at] ?? 0) ^ 0xff;
  return bytes;
}

test('series beyond the limit are refused and counted, those that exist go on', async () => {
  const fixture = await open({ maxSeries: 2 });

  fixture.add(0, { a: 1, b: 1, c: 1 });
  fixture.add(1, { a: 2, b: 2, d: 2 });

  assert.deepEqual(Object.keys(await fixture.select('{__name__!=""}')), ['a', 'b']);
  assert.equal((await fixture.select('b')).b?.length, 2);
  assert.equal(fixture.store.figures.refusedSeries, 2);
  assert.deepEqual(fixture.messages, [
    'new metric series are refused until the next two hours: there are 2 already',
  ]);

  fixture.add(125, { c: 3, d: 3 });
  assert.equal((await fixture.select('c')).c?.length, 1);
});

test('samples that are not newer than the last are dropped and counted', async () => {
  const fixture = await open();

  assert.equal(fixture.add(10, { a: 1 }), 1);
  assert.equal(fixture.add(10, { a: 2 }), 0);
  assert.equal(fixture.add(9, { a: 3, b: 1 }), 1);
  assert.equal(fixture.store.figures.dropped, 2);
  assert.deepEqual(await fixture.select('a'), { a: [[10, 1]] });
});

test('a sample that belongs to a window that is over is dropped', async () => {
  const fixture = await open();
  fixture.add(121, { a: 1 });

  assert.equal(fixture.add(119, { a: 2 }), 0);
  assert.equal(fixture.store.figures.dropped, 1);
});

test('after the clock was set back samples are kept, and read in the order of time', async () => {
  const fixture = await open();

  fill(fixture, 0, 300);
  fixture.add(200, { b: 7 });
  fixture.add(205, { b: 8 });
  await fixture.store.commit();
  await fixture.store.maintain();

  const samples = (await fixture.select('b')).b ?? [];
  assert.deepEqual(samples.slice(19, 23), [
    [190, 191],
    [200, 201],
    [205, 8],
    [210, 211],
  ]);

  await fixture.reopen();
  assert.deepEqual((await fixture.select('b')).b, samples);
});

test('a clock that jumps years forward and back loses nothing', async () => {
  const fixture = await open();
  const year = 365 * 24 * 60;

  fixture.add(0, { a: 1 });
  fixture.add(5 * year, { a: 2 });
  await fixture.store.maintain();
  fixture.add(2, { a: 3 });
  await fixture.store.commit();
  await fixture.store.maintain();
  await fixture.reopen();
  fixture.add(3, { a: 4 });

  assert.deepEqual(await fixture.select('a', { start: START, end: START + HOUR }), {
    a: [
      [0, 1],
      [2, 3],
      [3, 4],
    ],
  });
});

test('a time that is far ahead of the clock is refused', async () => {
  const { store } = await open({ now: () => START });

  assert.equal(store.windowAt(START + 2 * HOUR), undefined);
  assert.notEqual(store.windowAt(START + MINUTE), undefined);
});

test('the oldest blocks are deleted when all are larger than allowed', async () => {
  const fixture = await open({ retentionBytes: 1500 });

  for (let minute = 0; minute < 24 * 60; minute += 10) {
    fixture.add(minute, { a: Math.random(), b: Math.random() });
  }

  await fixture.store.maintain();
  const { blocks, blockBytes } = fixture.store.figures;
  assert.ok(blocks > 0 && blocks < 11 && blockBytes <= 1500, `${blocks} ${blockBytes}`);

  const minutes = (await fixture.select('a')).a?.map(([minute]) => minute) ?? [];
  assert.equal(minutes.at(-1), 1430);
  assert.equal((minutes[0] ?? 0) % 120, 0);
  assert.equal(files(fixture, '.block').length, blocks);
});

test('ends of series are kept in memory, in blocks and over restarts', async () => {
  const fixture = await open();
  const expected = {
    a: [
      [0, 1],
      [1, 'end'],
      [2, 3],
      [3, 'end'],
    ],
  };

  fixture.add(0, { a: 1 });
  fixture.add(1, { a: 'end' });
  fixture.add(2, { a: 3 });
  fixture.add(3, { a: 'end' });
  assert.deepEqual(await fixture.select('a'), expected);

  await fixture.reopen();
  assert.deepEqual(await fixture.select('a'), expected);

  fixture.add(125, { b: 1 });
  await fixture.store.maintain();
  assert.deepEqual(await fixture.select('a'), expected);
});

test('a query that is given up ends', async () => {
  const fixture = await open();
  const controller = new AbortController();
  fill(fixture, 0, 100);
  controller.abort(new Error('given up'));

  const selection = { matchers: [], range: { start: START, end: START + HOUR } };

  await assert.rejects(async () => {
    for await (const { labels } of fixture.store.reader.select(selection, controller.signal)) {
      assert.fail(JSON.stringify(labels));
    }
  }, /given up/);
});
