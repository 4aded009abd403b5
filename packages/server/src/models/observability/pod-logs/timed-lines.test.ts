import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type TimedLine, TimedLines } from './timed-lines.ts';

const TIME = '2026-05-10T10:00:00.123456789Z';

function read(chunks: readonly Uint8Array[]): TimedLine[] {
  const lines = new TimedLines();
  return [...chunks.flatMap((chunk) => lines.add(chunk)), ...lines.end()];
}

test('lines are the same wherever the chunks of a log end', () => {
  const text = fc.string({ unit: fc.constantFrom('a', ' ', 'é', '世', '\u{1f600}', '\r') });

  fc.assert(
    fc.property(fc.array(text), fc.array(fc.nat(200)), (texts, cuts) => {
      const log = Buffer.from(texts.map((line) => `${TIME} ${line}\n`).join(''));
      const at = [0, ...cuts.filter((cut) => cut < log.length).sort((a, b) => a - b), log.length];
      const chunks = at.slice(1).map((end, i) => log.subarray(at[i], end));

      assert.deepEqual(
        read(chunks),
        texts.map((line) => ({ time: TIME, text: line })),
      );
    }),
  );
});

test('times have any number of digits and any zone', () => {
  const times = ['2026-05-10T10:00:00Z', '2026-05-10T10:00:00.5+02:00', TIME];
  const log = times.map((time) => `${time} x\n`).join('');

  assert.deepEqual(
    read([Buffer.from(log)]).map(({ time }) => time),
    times,
  );
});

test('a line without a time has that of the line before, and a text before all times is no line', () => {
  assert.deepEqual(read([Buffer.from(`failed to open\n${TIME} a\nb\n${TIME} `)]), [
    { time: TIME, text: 'a' },
    { time: TIME, text: 'b' },
    { time: TIME, text: '' },
  ]);
});

test('a very long line comes in pieces of the same time', () => {
  const piece = Buffer.alloc(300_000, 'x');
  const lines = read([Buffer.from(`${TIME} `), piece, piece, Buffer.from(`end\n${TIME} next\n`)]);

  assert.equal(lines.length, 4);
  assert.ok(lines.every(({ time }) => time === TIME));
  assert.equal(
    lines.slice(0, 3).reduce((sum, { text }) => sum + text.length, 0),
    600_003,
  );
  assert.equal(lines[3]?.text, 'next');
});
