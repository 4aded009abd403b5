import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { linesOf, type RunningContainer } from './log-lines.ts';

const START = Date.parse('2026-11-01T00:00:00Z');
const HOUR = 3_600_000;

const container: RunningContainer = {
  namespace: 'shop',
  pod: 'web-1',
  container: 'c',
  image: 'nginx',
  containerId: 'x',
  started: START,
};

test('a container says that it has started, and then writes about its requests', () => {
  const lines = linesOf(container, START - 1, START + HOUR);

  assert.match(lines[0]?.text ?? '', /info c has started\n$/);
  assert.ok(lines.length > 200 && lines.length < 280, String(lines.length));

  for (const { time, text } of lines) {
    assert.ok(text.startsWith(new Date(time).toISOString()));
    assert.ok(text.endsWith('\n'));
  }
});

test('some requests fail, and the lines of a day show it', () => {
  const texts = linesOf(container, START, START + 24 * HOUR).map(({ text }) => text);

  assert.ok(texts.some((text) => text.includes(' error ')));
  assert.ok(texts.filter((text) => text.includes(' error ')).length < texts.length / 20);
});

test('every line comes once, however the time is divided', () => {
  const whole = linesOf(container, START - 1, START + HOUR);

  fc.assert(
    fc.property(fc.array(fc.nat(HOUR), { maxLength: 10 }), (cuts) => {
      const times = [START - 1, ...cuts.map((cut) => START + cut), START + HOUR].sort(
        (a, b) => a - b,
      );
      const parts = times
        .slice(1)
        .flatMap((until, i) => linesOf(container, times[i] ?? until, until));

      assert.deepEqual(parts.map(({ text }) => text).sort(), whole.map(({ text }) => text).sort());
    }),
  );
});
