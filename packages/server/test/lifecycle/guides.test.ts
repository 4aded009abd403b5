import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { parseConfig } from '@ks-apiserver/server/config/config';

const GUIDES = new URL('../../../../../docs/guides/', import.meta.url);

test('the server knows every key of the guides’ configurations', async () => {
  let blocks = 0;

  for (const guide of await readdir(GUIDES)) {
    const text = await readFile(new URL(guide, GUIDES), 'utf8');
    for (const [, block = ''] of text.matchAll(/```yaml\n(.*?)```/gs)) {
      // Objects of Kubernetes are not configurations of this server.
      if (/^(- )?apiVersion:/m.test(block)) {
        continue;
      }

      assert.deepEqual(parseConfig(block).unknown, [], `${guide}:\n${block}`);
      blocks += 1;
    }
  }

  assert.ok(blocks >= 7, String(blocks));
});
