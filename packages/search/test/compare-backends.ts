import assert from 'node:assert/strict';
import type { DocumentKind } from '@ks-apiserver/search/query/documents';
import type { PageOptions, Search } from '@ks-apiserver/search/query/search';
import type { SearchBackend } from '@ks-apiserver/search/query/search-backend';
import { Random, randomSearch } from './random-searches.ts';

const never = new AbortController().signal;

async function answersOf(
  backend: SearchBackend,
  search: Search,
  page: PageOptions,
  interval: string,
) {
  const { total, documents } = await backend.query(search, page, never);

  return {
    total,
    ids: documents.map((bytes) => JSON.parse(Buffer.from(bytes).toString()).id),
    statistics: await backend.statistics(search, never),
    histogram: await backend.histogram(search, interval, never),
  };
}

/**
 * Makes the same random searches of two backends that hold the same documents, and asserts that both
 * answer the same; returns how many searches have found something.
 */
export async function compareBackends(
  kind: DocumentKind,
  backends: readonly [SearchBackend, SearchBackend],
  { seed, count }: { readonly seed: number; readonly count: number },
): Promise<number> {
  const random = new Random(seed);
  let found = 0;

  for (let i = 0; i < count; i++) {
    const search = randomSearch(random, kind);
    const interval = random.of(['15m', '1h', '6h', '1d', '90s', '1w'] as const);
    const page: PageOptions = {
      order: random.of(['asc', 'desc'] as const),
      from: random.below(5),
      size: 1 + random.below(20),
    };

    const [expected, actual] = await Promise.all(
      backends.map((backend) => answersOf(backend, search, page, interval)),
    );

    assert.deepEqual(actual, expected, JSON.stringify({ search, page, interval }));
    found += (expected?.total ?? 0) > 0 ? 1 : 0;
  }

  return found;
}
