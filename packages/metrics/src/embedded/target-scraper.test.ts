import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ScrapedTarget, type ScrapeSource, TargetScraper } from './target-scraper.ts';

const page = { bytes: new Uint8Array([49]), format: 'text' } as const;
const endless = (signal: AbortSignal) => sleep(10_000, page, { signal });

/** Returns a scraper of sources, what it reported, and which pages came of one round. */
function scraperOf(fetch: Record<string, ScrapeSource['fetch']>, timeoutMs = 30) {
  const messages: string[] = [];
  const sources = Object.entries(fetch).map(([name, fetch]) => ({ name, fetch }));
  const log = { warn: (message: string) => messages.push(message), info: () => {} };
  const scraper = new TargetScraper(sources, { log, timeoutMs });

  const round = async (signal = new AbortController().signal) => {
    const came: ScrapedTarget[] = [];
    await scraper.scrape(async (scraped) => void came.push(scraped), signal);

    return came
      .sort((a, b) => a.index - b.index)
      .map(({ index, page }) => `${sources[index]?.name} ${page ? 'came' : 'missing'}`);
  };

  return { messages, round };
}

test('a target that hangs or fails costs only itself, and is reported once', async () => {
  let isBroken = true;
  const { messages, round } = scraperOf({
    good: async () => page,
    hangs: endless,
    fails: async () => {
      if (isBroken) {
        throw new Error('connection refused');
      }
      return page;
    },
  });

  assert.deepEqual(await round(), ['good came', 'hangs missing', 'fails missing']);
  await round();
  assert.deepEqual(messages.sort(), [
    'fails has no metrics: connection refused',
    'hangs has no metrics: The operation was aborted',
  ]);

  isBroken = false;
  assert.deepEqual(await round(), ['good came', 'hangs missing', 'fails came']);
  isBroken = true;
  await round();
  assert.equal(messages.length, 3);
});

test('those that did not answer wait for all others', async () => {
  const order: string[] = [];
  const names = Array.from({ length: 40 }, (_, index) => `target-${index}`);
  const { round } = scraperOf(
    Object.fromEntries(
      names.map((name, index) => [
        name,
        async () => {
          order.push(name);
          await sleep(1);
          if (index < 2) {
            throw new Error('refused');
          }
          return page;
        },
      ]),
    ),
    1000,
  );

  await round();
  order.length = 0;
  assert.equal((await round()).length, names.length);
  assert.deepEqual(order.slice(-2).sort(), ['target-0', 'target-1']);
});

test('when the time of a round is over, the rest is missing', async () => {
  const controller = new AbortController();
  const { round } = scraperOf({ one: endless, other: endless }, 60_000);
  const running = round(controller.signal);

  await sleep(10);
  controller.abort();
  assert.deepEqual(await running, ['one missing', 'other missing']);
});
