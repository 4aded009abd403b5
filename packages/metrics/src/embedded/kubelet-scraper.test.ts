import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeRequest, KubeResponse } from '@ks-apiserver/apimachinery/transport/transport';
import { KubeletScraper, type ScrapedPage, type ScraperOptions } from './kubelet-scraper.ts';

type Answer = (request: KubeRequest) => Promise<KubeResponse> | KubeResponse;

const ok = (text: string): KubeResponse => ({ status: 200, headers: {}, body: Buffer.from(text) });

/** Scrapes nodes; returns `node page size` of what came, and the calls in order. */
async function scrape(
  nodes: string[],
  answer: Answer,
  {
    signal = new AbortController().signal,
    ...options
  }: Partial<ScraperOptions> & {
    signal?: AbortSignal;
  } = {},
) {
  const calls: string[] = [];
  const pages: string[] = [];
  let [running, most] = [0, 0];

  const transport = {
    async request(request: KubeRequest): Promise<KubeResponse> {
      calls.push(request.url);
      running += 1;
      most = Math.max(most, running);

      try {
        return await answer(request);
      } finally {
        running -= 1;
      }
    },
  };

  const scraper = new KubeletScraper({ transport, ...options });
  const each = async ({ node, page, bytes }: ScrapedPage) => {
    pages.push(`${node} ${page} ${bytes?.length ?? 'missing'}`);
  };
  const again = () => scraper.scrape(nodes, each, signal);

  await again();

  return { calls, pages, most, again };
}

test('containers and the summary of each node are fetched through the node proxy', async () => {
  const { calls, pages } = await scrape(['a/b', 'c'], () => ok('text'), { concurrency: 1 });

  assert.deepEqual(calls, [
    '/api/v1/nodes/a%2Fb/proxy/metrics/cadvisor',
    '/api/v1/nodes/a%2Fb/proxy/stats/summary',
    '/api/v1/nodes/c/proxy/metrics/cadvisor',
    '/api/v1/nodes/c/proxy/stats/summary',
  ]);
  assert.deepEqual(pages, ['a/b cadvisor 4', 'a/b summary 4', 'c cadvisor 4', 'c summary 4']);
});

test('a kubelet that shows neither is asked for its short page', async () => {
  const { pages } = await scrape(['a'], ({ url }) =>
    url.endsWith('resource') ? ok('x') : { status: 404, headers: {}, body: Buffer.from('no') },
  );

  assert.deepEqual(pages, ['a cadvisor missing', 'a summary missing', 'a resource 1']);
});

test('nodes that hang, fail or send too much cost only themselves', async () => {
  const answer: Answer = async ({ url, signal }) => {
    if (url.includes('hangs')) {
      await sleep(10_000, undefined, signal && { signal });
    }
    if (url.includes('fails')) {
      throw new Error('connection refused');
    }

    return ok(url.includes('large') ? 'x'.repeat(100) : 'x');
  };
  // A body in pieces is limited, one in one piece is in memory already.
  const inPieces: Answer = async (request) => {
    const { body, ...rest } = await answer(request);
    return { ...rest, body: [Buffer.from(body as Buffer)] };
  };

  const { pages } = await scrape(['hangs', 'fails', 'large', 'good'], inPieces, {
    timeoutMs: 30,
    maxBytes: 50,
    concurrency: 4,
  });

  assert.deepEqual(pages.filter((page) => !page.endsWith('missing')).sort(), [
    'good cadvisor 1',
    'good summary 1',
  ]);
  assert.equal(pages.length, 8);
});

test('only so many nodes are asked at once, those that were silent last', async () => {
  const nodes = Array.from({ length: 9 }, (_, index) => `node-${index}`);
  const { calls, most, again } = await scrape(
    nodes,
    async ({ url }) => {
      await sleep(1);
      return url.includes('node-0/')
        ? { status: 503, headers: {}, body: Buffer.from('') }
        : ok('x');
    },
    { concurrency: 3 },
  );

  assert.equal(most, 3);
  calls.length = 0;
  await again();
  assert.ok(calls.at(-1)?.includes('node-0/'));
  assert.ok(calls[0]?.includes('node-1/'));
});

test('when the time of a round is over, the rest is missing', async () => {
  const controller = new AbortController();
  const running = scrape(
    ['a', 'b'],
    async ({ signal }) => {
      await sleep(10_000, undefined, signal && { signal });
      return ok('x');
    },
    { signal: controller.signal, concurrency: 1 },
  );

  await sleep(20);
  controller.abort();
  assert.deepEqual(
    (await running).pages,
    ['a', 'b'].flatMap((node) => [`${node} cadvisor missing`, `${node} summary missing`]),
  );
});
