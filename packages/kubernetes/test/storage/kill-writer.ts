// Run by lmdb.test.ts: writes without end and reports acknowledged writes until it is killed.

import { LmdbBackend } from '@ks-apiserver/kubernetes/storage/lmdb';
import { put } from './backend-suite.ts';

const [path, round] = process.argv.slice(2);
const backend = await LmdbBackend.open({ path: path! });

async function write(writer: number): Promise<void> {
  for (let i = 0; ; i++) {
    const key = `/storm/${(writer * 7 + i) % 50}`;
    const { revision } = await backend.update(key, () =>
      put(`${round}-${writer}-${i}${'x'.repeat(i % 3000)}`),
    );

    process.send!([[revision, key]]);
  }
}

await Promise.all(Array.from({ length: 20 }, (_, writer) => write(writer)));
