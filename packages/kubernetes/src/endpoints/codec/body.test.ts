import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tooManyRequests } from '@ks-apiserver/apimachinery/meta/errors';
import { requestBody } from './body.ts';

async function* failing(error: Error): AsyncGenerator<Uint8Array> {
  yield Buffer.from('{');
  throw error;
}

function read(body: Uint8Array | AsyncIterable<Uint8Array>) {
  return requestBody({ method: 'POST', url: '/', headers: {}, body: body as Buffer }, 8);
}

test('an unreadable body is refused with the reason', async () => {
  assert.deepEqual(await read(Buffer.from('{"a": 1}')), Buffer.from('{"a": 1}'));
  await assert.rejects(read(Buffer.from('{"a": 10}')), { code: 413 });
  await assert.rejects(read(failing(new Error('aborted'))), { code: 400 });

  // The caller's budget is used up, or the body came too slowly.
  await assert.rejects(read(failing(tooManyRequests('too much', 1))), { code: 429 });
});
