import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { makeEntry } from '@ks-apiserver/client/informer/entry';
import { InformerStore } from '@ks-apiserver/client/informer/informer-store';
import type { Catalog } from '../catalog/catalog.ts';
import { Columns } from '../computed/columns.ts';
import { parseListQuery } from '../query/query.ts';
import type { ResourceDefinition } from '../query/resource-definition.ts';
import { listPage } from './list.ts';

test('queries that differ in anything have separate views', async () => {
  const definition: ResourceDefinition = {
    group: '',
    version: 'v1',
    resource: 'things',
    kind: 'Thing',
    namespaced: true,
  };

  const catalog = { columns: new Columns() } as unknown as Catalog;
  const store = new InformerStore();

  for (let i = 0; i < 300; i++) {
    const metadata = {
      name: `n${i}`,
      namespace: `x${i % 2}`,
      uid: `u${i}`,
      labels: { odd: String(i % 2) },
    };

    const object: KubeObject = { metadata };
    store.set(makeEntry(object, Buffer.from(JSON.stringify(object))));
  }

  const total = async (query: string) =>
    (await listPage({ store, definition, catalog }, parseListQuery(new URLSearchParams(query))))
      .total;

  const totals: [string, number][] = [
    ['fieldSelector=metadata.name=n1', 1],
    ['fieldSelector=metadata.name=nosuch', 0],
    ['fieldSelector=metadata.namespace=x1', 150],
    ["fieldSelector=metadata.labels['odd']!=1,metadata.name!=n2", 149],
    ['labelSelector=odd=1', 150],
    ['labelSelector=odd=1||odd=0', 300],
    ['name=n1', 111],
    ['name!=n1', 189],
    ['name|=n1', 111],
    ['name|=n1&name|=n2', 222],
  ];

  for (let round = 0; round < 2; round++) {
    for (const [query, wanted] of totals) {
      assert.equal(await total(query), wanted, query);
    }
  }
});
