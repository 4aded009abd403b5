import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { makeEntry } from '@ks-apiserver/client/informer/entry';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import { InformerStore } from '@ks-apiserver/client/informer/informer-store';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import { s2iRunReconciler } from './s2i-run.ts';

const NOW = Date.parse('2026-03-02T12:00:00Z');
const OLD = '2026-03-01T11:59:59Z';
const FRESH = '2026-03-01T12:00:01Z';
const LABEL = 's2ibinary-name.kubesphere.io';

/** An informer that holds some objects. */
function informerOf(objects: readonly KubeObject[]): Informer {
  const store = new InformerStore();

  for (const object of objects) {
    store.set(makeEntry(object, Buffer.alloc(0), { keepObject: true }));
  }

  return { store } as Informer;
}

const binary = (name: string, creationTimestamp: string, phase?: string): KubeObject => ({
  metadata: { name, namespace: 'demo', creationTimestamp },
  status: { phase },
});

const run = (name: string, of: string, metadata: object = {}): KubeObject => ({
  metadata: { name, namespace: 'demo', labels: { [LABEL]: of }, ...metadata },
});

test('with a run its binary goes, and those of a day ago that were never used', async () => {
  const deleted: string[] = [];
  const client = {
    delete: async ({ name }: { name: string }) => void deleted.push(name),
    update: async (_resource: unknown, object: KubeObject) => object,
  };

  const reconciler = s2iRunReconciler({
    client: client as unknown as KubeClient,
    runs: informerOf([
      run('ended', 'own', {
        deletionTimestamp: FRESH,
        finalizers: ['s2ibinary.finalizers.kubesphere.io'],
      }),
      run('running', 'needed'),
    ]),
    binaries: informerOf([
      binary('own', FRESH, 'Ready'),
      binary('needed', OLD),
      binary('ready', OLD, 'Ready'),
      binary('forgotten', OLD, 'UploadFailed'),
      binary('coming', FRESH, 'Uploading'),
    ]),
    now: () => NOW,
  });

  await reconciler.reconcile('demo/ended', new AbortController().signal);

  assert.deepEqual(deleted, ['own', 'forgotten']);
});
