import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readBody } from '@ks-apiserver/apimachinery/transport/transport';
import fc from 'fast-check';
import { legacyKindOf } from '../kinds.ts';
import { mappingOf } from '../legacy-kind.ts';
import { listParts } from './list-parts.ts';
import { toLegacyResponse } from './responses.ts';

const kind = legacyKindOf('batch', 'v1beta1', 'cronjobs')!;

/** Splits a body into chunks of the given sizes, repeatedly. */
function pieces(text: string, sizes: readonly number[]): Uint8Array[] {
  const bytes = Buffer.from(text);
  const result: Uint8Array[] = [];

  for (let at = 0, i = 0; at < bytes.length; i += 1) {
    const size = sizes[i % sizes.length]!;
    result.push(bytes.subarray(at, at + size));
    at += size;
  }

  return result;
}

const tricky = fc.oneof(
  fc.string({ unit: fc.constantFrom('"', '\\', '[', ']', '{', '}', ':', ',', 'ü') }),
  fc.string(),
);

const item = fc.dictionary(
  tricky,
  fc.oneof(tricky, fc.array(tricky), fc.dictionary(tricky, tricky)),
);

const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 });

test('a list is read element by element however it is split', async () => {
  const members = fc.constantFrom('items', 'rows');
  await fc.assert(
    fc.asyncProperty(
      fc.array(item),
      members,
      item,
      item,
      sizes,
      fc.boolean(),
      async (items, name, a, b, by, indented) => {
        const { items: _i, rows: _r, ...before } = a as Record<string, unknown>;
        const { items: _j, rows: _s, ...after } = b as Record<string, unknown>;
        const list = JSON.parse(
          JSON.stringify({ ...before, '\\"items': '[', nested: { items: [1] }, [name]: items }),
        );

        const text = JSON.stringify(
          {
            ...list,
            ...Object.fromEntries(Object.entries(after).filter(([key]) => !(key in list))),
          },
          null,
          indented ? 2 : 0,
        );

        const found: unknown[] = [];
        let head = '';

        for await (const part of listParts(pieces(text, by), ['items', 'rows'])) {
          if (part.is === 'item') {
            found.push(JSON.parse(part.bytes.toString()));
          } else if (part.is === 'head') {
            head = part.bytes.toString();
          }
        }

        assert.deepEqual(found, JSON.parse(JSON.stringify(items)));
        assert.ok(text.startsWith(head) && head.endsWith('['));
      },
    ),
  );
});

test('a converted list contains the same objects in the older version', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(item), sizes, fc.boolean(), async (items, by, isLast) => {
      const metadata = { resourceVersion: '1' };

      const text = JSON.stringify(
        isLast
          ? { kind: 'CronJobList', apiVersion: 'batch/v1', metadata, items }
          : { items, metadata, apiVersion: 'batch/v1', kind: 'CronJobList' },
      );

      const response = {
        status: 200,
        headers: { 'content-type': 'application/json' },
        body: pieces(text, by),
      };

      const answer = await toLegacyResponse(response, 'list', kind, mappingOf(kind, ''));
      assert.deepEqual(JSON.parse((await readBody(answer.body)).toString()), {
        kind: 'CronJobList',
        apiVersion: 'batch/v1beta1',
        metadata,
        items: JSON.parse(JSON.stringify(items)),
      });
    }),
  );
});

test('a truncated list and an element that is too long are no lists', async () => {
  const response = { status: 200, headers: { 'content-type': 'application/json' } };

  for (const text of ['{"items":[{"a":', '{"items":[{"a":1},', '{"items":[']) {
    const answer = await toLegacyResponse(
      { ...response, body: pieces(text, [7]) },
      'list',
      kind,
      mappingOf(kind, ''),
    );

    await assert.rejects(async () => readBody(answer.body), /breaks off/);
  }

  const long = Buffer.alloc(1024 * 1024, 0x61);
  const endless = [Buffer.from('{"items":[{"a":"'), ...Array.from({ length: 17 }, () => long)];

  const answer = await toLegacyResponse(
    { ...response, body: endless },
    'list',
    kind,
    mappingOf(kind, ''),
  );

  await assert.rejects(async () => readBody(answer.body), /more than 16777216 bytes/);
});

test('an answer that is no list is converted as a whole', async () => {
  for (const [body, expected] of [
    [{ kind: 'Status', apiVersion: 'v1', status: 'Success' }, 'v1'],
    [{ kind: 'CronJobList', apiVersion: 'batch/v1', items: null }, 'batch/v1'],
  ] as const) {
    const response = {
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: pieces(JSON.stringify(body), [5]),
    };

    const answer = await toLegacyResponse(response, 'list', kind, mappingOf(kind, ''));
    assert.equal(
      JSON.parse((await readBody(answer.body)).toString()).apiVersion,
      expected === 'batch/v1' ? 'batch/v1beta1' : expected,
    );
  }
});
