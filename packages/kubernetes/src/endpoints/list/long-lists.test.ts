import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { readBody } from '@ks-apiserver/apimachinery/transport/transport';
import {
  startTestServer,
  type TestServer,
} from '@ks-apiserver/kubernetes/test/support/test-server';
import { SYSTEM_MASTER } from '../../server/server.ts';
import { parseYaml as parse } from '../codec/yaml-text.ts';

const COUNT = 2600;

// biome-ignore lint/suspicious/noExplicitAny: tests read fields of any answer.
const parseYaml = (text: string) => parse(text) as { value: any };
const path = '/api/v1/namespaces/default/configmaps';
let server: TestServer;

before(async () => {
  server = await startTestServer({});

  const text = 'x'.repeat(4000);

  const lane = async (from: number) => {
    for (let i = from; i < COUNT; i += 16) {
      const labels = { half: String(i % 2), ...(i === COUNT - 1 && { last: 'yes' }) };
      const name = `c-${String(i).padStart(5, '0')}`;
      const body = Buffer.from(JSON.stringify({ metadata: { name, labels }, data: { text } }));

      const { status } = await server.api.handle(
        { method: 'POST', url: path, headers: {}, body },
        SYSTEM_MASTER,
      );

      assert.equal(status, 201);
    }
  };

  await Promise.all(Array.from({ length: 16 }, (_, from) => lane(from)));
});

after(() => server.close());

/** Counts the turns of the event loop while the API answers a call in this process. */
async function turnsDuring(
  method: string,
  url: string,
  headers: Record<string, string> = {},
): Promise<{ turns: number; text: string; status: number }> {
  let turns = 0;
  let done = false;

  const counting = (async () => {
    while (!done) {
      await turn();
      turns += 1;
    }
  })();

  const { status, body } = await server.api.handle({ method, url, headers }, SYSTEM_MASTER);
  const text = (await readBody(body)).toString();

  done = true;
  await counting;

  return { turns, text, status };
}

const names = (text: string): string[] =>
  (JSON.parse(text).items as { metadata: { name: string } }[]).map(({ metadata }) => metadata.name);
const all = Array.from({ length: COUNT }, (_, i) => `c-${String(i).padStart(5, '0')}`);
const half = all.filter((_, i) => i % 2 === 1);

test('a search for one object among many does not block other requests', async () => {
  for (const query of ['labelSelector=last%3Dyes', 'labelSelector=last%3Dyes&limit=500']) {
    const { turns, text } = await turnsDuring('GET', `${path}?${query}`);
    assert.deepEqual(names(text), [all.at(-1)]);
    assert.ok(turns >= COUNT / 256 - 1, `${turns} turns`);
  }
});

test('a long selected list is sent while it is still being searched', async () => {
  const { headers, text } = await server.call('GET', `${path}?labelSelector=half%3D1`);
  assert.deepEqual(names(text), half);
  assert.equal(headers['transfer-encoding'], 'chunked');
  assert.ok(text.length > 5_000_000);
});

test('a whole long list and its pages hold the same items', async () => {
  const whole = await server.call('GET', path);
  assert.deepEqual(
    names(whole.text).filter((name) => name.startsWith('c-')),
    all,
  );

  for (const limit of [400, 1000, 1500]) {
    const found: unknown[] = [];
    let next = '';

    do {
      const page = await server.call('GET', `${path}?limit=${limit}${next && `&continue=${next}`}`);
      found.push(...page.body.items);

      if (page.headers['content-length']) {
        assert.equal(page.headers['content-length'], String(page.text.length));
      } else {
        assert.ok(page.body.items.length > 1000, 'short pages have their length');
      }

      next = page.body.metadata.continue ?? '';
    } while (next !== '');

    assert.deepEqual(found, whole.body.items, `limit ${limit}`);
  }
});

test('a long list as YAML, as a Table and as metadata leaves others their turn, and holds the same items', async () => {
  const whole = JSON.parse((await turnsDuring('GET', path)).text);
  const yaml = await turnsDuring('GET', path, { accept: 'application/yaml' });

  assert.deepEqual(parseYaml(yaml.text).value, whole);
  assert.ok(yaml.turns >= yaml.text.length / 64 / 1024, `${yaml.turns} turns`);

  for (const [as, items] of [
    ['Table', 'rows'],
    ['PartialObjectMetadataList', 'items'],
  ] as const) {
    const accept = `application/json;as=${as};v=v1;g=meta.k8s.io`;
    const { turns, text } = await turnsDuring('GET', path, { accept });
    const found = JSON.parse(text)[items] as { metadata?: object; object?: { metadata: object } }[];
    assert.deepEqual(
      found.map((item) => (item.object ?? item).metadata),
      whole.items.map(({ metadata }: { metadata: object }) => metadata),
    );

    assert.ok(turns >= text.length / 64 / 1024, `${turns} turns`);
  }

  const none = await turnsDuring('GET', `${path}?labelSelector=nosuch`, {
    accept: 'application/yaml',
  });

  assert.deepEqual(parseYaml(none.text).value, {
    ...whole,
    items: [],
    metadata: parseYaml(none.text).value.metadata,
  });
});

test('tables, watches and deletions with selectors', async () => {
  const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
  const table = await server.call('GET', `${path}?labelSelector=half%3D1`, { headers: { accept } });

  assert.equal(table.body.rows.length, half.length);

  const events = await server.watch(`${path}?watch=true&labelSelector=half%3D1`, half.length);
  assert.deepEqual(
    events.map(({ object }) => object.metadata.name),
    half,
  );

  const { turns, status } = await turnsDuring('DELETE', `${path}?labelSelector=last%3Dyes`);
  assert.equal(status, 200);
  assert.ok(turns >= COUNT / 256 - 1, `${turns} turns`);
  assert.equal((await server.call('GET', `${path}/${all.at(-1)}`)).status, 404);
});
