import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, beforeEach, test } from 'node:test';
import { patchObject } from '@ks-apiserver/apimachinery/patch/merge-patch';
import type { KubeReader } from '@ks-apiserver/client/kube/client';
import { type BinaryKey, BinaryStoreError } from '@ks-apiserver/upstreams/s3/binary-store';
import type { CallerWriters } from '../../authorization/caller-writer.ts';
import { S2iBinaries } from './s2i-binaries.ts';
import type { S2iBinary } from './s2i-binary.ts';

const READY = { spec: { fileName: 'a.jar', md5: 'x', size: '1B' }, status: { phase: 'Ready' } };
const { signal } = new AbortController();

let objects: S2iBinary[];
let deleted: BinaryKey[];
let putError: Error | undefined;
let folder: string;

const find = (key: BinaryKey) =>
  objects.find(
    ({ metadata }) => metadata.namespace === key.namespace && metadata.name === key.name,
  );

const replace = (object: S2iBinary) => {
  objects = objects.map((one) => (one.metadata.uid === object.metadata.uid ? object : one));
  return object;
};

const binaries = () =>
  new S2iBinaries({
    client: {
      find: async (key: BinaryKey) => find(key),
      list: async () => ({ items: objects }),
    } as unknown as KubeReader,
    writers: {
      clientFor: () => ({
        update: async (_resource: unknown, object: S2iBinary) => replace(object),
        patch: async (key: BinaryKey, patch: object) => replace(patchObject(find(key)!, patch)),
      }),
    } as unknown as CallerWriters,
    store: {
      put: async () => {
        if (putError) {
          throw putError;
        }
      },
      link: async ({ namespace, name }) => `https://bucket/${namespace}-${name}`,
      open: async () => undefined,
      delete: async (key) => void deleted.push(key),
      close: async () => {},
    },
    sharesKeys: true,
    folder,
  });

const objectOf = (namespace: string, name: string, creationTimestamp: string): S2iBinary => ({
  metadata: { namespace, name, uid: `${namespace}/${name}`, creationTimestamp },
  ...READY,
});

const OLD: BinaryKey = { namespace: 'a', name: 'b-c' };
const NEW: BinaryKey = { namespace: 'a-b', name: 'c' };

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ks-binaries-'));
});

beforeEach(() => {
  objects = [
    objectOf('a', 'b-c', '2025-01-01T00:00:00Z'),
    objectOf('a-b', 'c', '2025-01-02T00:00:00Z'),
    objectOf('x', 'y', '2025-01-01T00:00:00Z'),
  ];
  deleted = [];
  putError = undefined;
});

after(() => rm(folder, { recursive: true, force: true }));

function upload(key: BinaryKey) {
  const form =
    '--X\r\nContent-Disposition: form-data; name="s2ibinary"; filename="new.jar"\r\n\r\nx\r\n--X--\r\n';

  return binaries().upload({
    caller: { name: 'jane', groups: [] },
    key,
    body: Readable.from([Buffer.from(form)], { objectMode: false }),
    contentType: 'multipart/form-data; boundary=X',
    signal,
  });
}

test('of two objects with one file the older one owns it', async () => {
  assert.deepEqual(await binaries().download(OLD, 'a.jar'), { link: 'https://bucket/a-b-c' });

  await assert.rejects(binaries().download(NEW, 'a.jar'), /another S2iBinary uses the same file/);
  await assert.rejects(upload(NEW), /another S2iBinary uses the same file/);
  assert.equal((await upload(OLD)).status?.phase, 'Ready');
});

test('a file that two objects share stays until the last of them goes', async () => {
  await binaries().deleteFile(NEW, signal);
  assert.deepEqual(deleted, []);

  objects = objects.filter(({ metadata }) => metadata.namespace !== 'a-b');
  await binaries().deleteFile(OLD, signal);
  assert.deepEqual(deleted, [OLD]);
});

test('a missing bucket leaves an object as it was, and other failures say so', async () => {
  const key = { namespace: 'x', name: 'y' };

  putError = new BinaryStoreError('NoSuchBucket', 'NoSuchBucket: made up');
  await assert.rejects(upload(key), { code: 500, message: 'NoSuchBucket: made up' });

  const { spec, status } = find(key)!;
  assert.deepEqual({ spec, status }, READY);

  for (const error of [new BinaryStoreError('AccessDenied', 'no'), new Error('disk full')]) {
    putError = error;
    await assert.rejects(upload(key), { message: error.message });
    assert.equal(find(key)?.status?.phase, 'UploadFailed');
  }
});

test('no more files come at the same time than the disk is meant for', async () => {
  const model = binaries();
  const bodies = Array.from({ length: 9 }, () => new Readable({ read() {} }));

  const uploads = bodies.map((body) =>
    model.upload({
      caller: { name: 'jane', groups: [] },
      key: OLD,
      body,
      contentType: 'multipart/form-data; boundary=X',
      signal,
    }),
  );

  await assert.rejects(Promise.race(uploads), { code: 429 });

  for (const body of bodies) {
    body.destroy();
  }

  await Promise.allSettled(uploads);
});
