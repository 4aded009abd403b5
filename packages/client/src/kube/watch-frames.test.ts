import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { frames, parseFrame } from './watch-frames.ts';

test('frames survive any split of the stream', async () => {
  const events = fc.array(
    fc.record({ type: fc.constantFrom('ADDED', 'MODIFIED', 'DELETED'), object: fc.object() }),
    {
      maxLength: 8,
    },
  );

  await fc.assert(
    fc.asyncProperty(
      events,
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
      async (list, cuts) => {
        const wire = Buffer.from(list.map((event) => `${JSON.stringify(event)}\n`).join(''));
        const pieces: Buffer[] = [];

        for (let at = 0, i = 0; at < wire.length; i++) {
          const size = cuts[i % cuts.length]!;
          pieces.push(wire.subarray(at, at + size));
          at += size;
        }

        const got = [];

        for await (const frame of frames(pieces)) {
          got.push({ type: frame.type, object: JSON.parse(frame.object.toString()) });
        }

        assert.deepEqual(got, JSON.parse(JSON.stringify(list)));
      },
    ),
  );
});

test('a truncated frame at the end is dropped and a broken one is an error', async () => {
  const got = [];

  for await (const frame of frames(
    Buffer.from('{"type":"ADDED","object":{"a":1}}\n{"type":"ADD'),
  )) {
    got.push(frame);
  }

  assert.equal(got.length, 1);

  assert.equal(
    parseFrame(Buffer.from('{ "object": {"b":2}, "type": "DELETED" }')).object.toString(),
    '{"b":2}',
  );

  assert.throws(() => parseFrame(Buffer.from('no json')));
  assert.throws(() => parseFrame(Buffer.from('{"type":1}')));
});
