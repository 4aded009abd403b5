// Fills a data directory of the embedded API from a process of its own: node bench/seed.mjs DIR
// PODS [BYTES [NODES]].
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { KubeClient } from '@ks-apiserver/client/kube/client';
import { KubeApiServer } from '@ks-apiserver/kubernetes/server/server';
import { LmdbBackend } from '@ks-apiserver/kubernetes/storage/lmdb';
import { namespaceOf, podOf } from './pod-source.mjs';

/** Target size of a pod in bytes; the managed fields that the API adds make it about 12 KB. */
const POD_BYTES = 8000;

const [dir, pods, bytes = POD_BYTES, nodes = 200] = [
  process.argv[2],
  ...process.argv.slice(3).map(Number),
];

const core = (resource) => ({ group: '', version: 'v1', resource });
const LANES = 64;

/** Calls `run` for 0 to count-1 on a few lanes. */
async function each(count, act) {
  let next = 0;

  const lane = async () => {
    while (next < count) {
      await act(next++);
    }
  };

  await Promise.all(Array.from({ length: LANES }, lane));
}

await mkdir(join(dir, 'objects'), { recursive: true, mode: 0o700 });

const backend = await LmdbBackend.open({ path: join(dir, 'objects') });
const server = await KubeApiServer.open({ backend });
const client = new KubeClient(server);
const namespaces = new Set(Array.from({ length: Math.min(pods, 1000) }, (_, i) => namespaceOf(i)));
for (const name of namespaces) {
  await client.create(core('namespaces'), {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name },
  });
}

await each(nodes, (i) =>
  client.create(core('nodes'), {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: `node-${i}`, labels: { 'kubernetes.io/os': 'linux', zone: `zone-${i % 3}` } },
    status: { allocatable: { cpu: '16', memory: '64Gi', pods: '250' } },
  }),
);

await each(pods, (i) => client.create(core('pods'), podOf(i, bytes)));
await server.close();
