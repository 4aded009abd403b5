// Searches of logs, events and audit records in real Elasticsearch and OpenSearch servers.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ElasticsearchBackend } from '../../packages/search/dist/elasticsearch/elasticsearch-backend.js';
import { SqliteStore } from '../../packages/search/dist/store/sqlite-store.js';
import { compareBackends } from '../../packages/search/dist/test/compare-backends.js';
import { checkMeaning } from '../../packages/search/dist/test/meaning-suite.js';
import { Random, randomDocuments } from '../../packages/search/dist/test/random-searches.js';
import { dayOf, SUITE_DOCUMENTS } from '../../packages/search/dist/test/suite-documents.js';
import { startServer } from '../server.mjs';
import { hasMaven, SEARCH_SERVERS, startSearchServer } from './search-servers.mjs';

const password = 'P@88w0rd';
const never = new AbortController().signal;
const all = { scopes: undefined, conditions: [], range: {} };
/** @type {('logs' | 'events' | 'auditing')[]} */
const KINDS = ['logs', 'events', 'auditing'];
const SECTIONS = { logs: 'logging', events: 'events', auditing: 'auditing' };

/** Writes documents into daily indices; resolves when they can be found. */
async function index(url, documents) {
  const lines = documents.flatMap(([name, document]) => [
    JSON.stringify({ index: { _index: name } }),
    JSON.stringify(document),
  ]);

  const response = await fetch(`${url}/_bulk?refresh=true`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson' },
    body: `${lines.join('\n')}\n`,
  });
  const { errors, items } = await response.json();

  assert.equal(errors, false, JSON.stringify(items).slice(0, 1000));
}

async function openContexts(url) {
  const { nodes } = await (await fetch(`${url}/_nodes/stats/indices/search`)).json();
  return Object.values(nodes)[0].indices.search.scroll_current;
}

for (const name of Object.keys(SEARCH_SERVERS)) {
  const skip = hasMaven() ? false : 'Maven and a Java compiler are needed';

  describe(name, { skip, timeout: 600_000 }, () => {
    const backends = {};
    let real;

    before(async () => {
      real = await startSearchServer(name);

      for (const kind of KINDS) {
        const documents = SUITE_DOCUMENTS[kind];
        await index(
          real.url,
          documents.map((document) => [`suite-${kind}-${dayOf(document)}`, document]),
        );
        backends[kind] = new ElasticsearchBackend({
          kind,
          indexPrefix: `suite-${kind}`,
          hosts: real.url,
          version: '',
          timeoutMs: 30_000,
        });
      }
    });

    after(async () => {
      await Promise.all(Object.values(backends).map((backend) => backend.close()));
      await real?.stop();
    });

    checkMeaning((kind) => backends[kind]);

    test('more than 10,000 documents are counted and exported, no context stays open', async () => {
      const documents = Array.from({ length: 12_000 }, (_, i) => [
        'many-2026.05.10',
        {
          time: new Date(1_778_400_000_000 + i * 1000).toISOString(),
          log: `line ${i}\n`,
          kubernetes: { docker_id: `c${i % 7}` },
          lastTimestamp: new Date(1_778_400_000_000 + i * 1000).toISOString(),
          involvedObject: { uid: `u${i % 5}` },
        },
      ]);

      await index(real.url, documents);
      const options = { indexPrefix: 'many', hosts: real.url, version: '', timeoutMs: 30_000 };
      const logs = new ElasticsearchBackend({ ...options, kind: 'logs' });
      const events = new ElasticsearchBackend({ ...options, kind: 'events' });

      try {
        /** @type {{order: 'asc', from: number, size: number}} */
        const page = { order: 'asc', from: 0, size: 1 };
        assert.equal((await logs.query(all, page, never)).total, 12_000);
        assert.deepEqual(await logs.statistics(all, never), { total: 12_000, distinct: 7 });
        assert.deepEqual(await events.statistics(all, never), { total: 12_000, distinct: 5 });
        assert.equal((await events.histogram(all, '1h', never)).total, 12_000);

        const contexts = await openContexts(real.url);
        let lines = 0;
        for await (const batch of logs.export(all, never)) {
          lines += batch.length;
        }

        assert.equal(lines, 12_000);
        assert.ok((await openContexts(real.url)) <= contexts);
      } finally {
        await Promise.all([logs.close(), events.close()]);
      }
    });

    test('thousands of namespaces are one search', async () => {
      const field = { path: 'kubernetes.namespace_name', type: 'keyword' };
      const scopes = Array.from({ length: 3000 }, (_, i) => ({
        field,
        value: i === 0 ? 'shop' : `other-${i}`,
        since: i,
      }));

      const range = { start: Date.parse('2026-05-10T00:00:00Z') };
      const { total } = await backends.logs.statistics({ ...all, scopes, range }, never);
      assert.equal(total, 4);
    });

    test('random searches are answered as by the files of SQLite', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'real-search-store-'));
      const store = new SqliteStore({
        folder,
        program: fileURLToPath(
          new URL('../../packages/search/dist/worker/main.js', import.meta.url),
        ),
        retentionDays: 100_000,
        maxBytes: 1e9,
        timeoutMs: 30_000,
        prefixes: { logs: 'random-logs', events: 'random-events', auditing: 'random-auditing' },
        onWarning: () => {},
      });

      try {
        for (const kind of KINDS) {
          /** @type {any[]} */
          const documents = randomDocuments(new Random(7), kind, 400);
          await index(
            real.url,
            documents.map((document) => [`random-${kind}-${dayOf(document)}`, document]),
          );
          await store.append(
            kind,
            documents.map((document) => ({ json: JSON.stringify(document) })),
          );

          const elastic = new ElasticsearchBackend({
            kind,
            indexPrefix: `random-${kind}`,
            hosts: real.url,
            version: '',
            timeoutMs: 30_000,
          });

          const found = await compareBackends(kind, [elastic, store.backend(kind)], {
            seed: 11,
            count: 300,
          });
          assert.ok(found > 60, `${found} searches of ${kind} found something`);
          await elastic.close();
        }
      } finally {
        await store.close();
        rmSync(folder, { recursive: true, force: true });
      }
    });

    test('the server answers from it over HTTP', async () => {
      const dir = mkdtempSync(join(tmpdir(), 'real-search-'));
      const config = join(dir, 'kubesphere.yaml');
      const sections = Object.entries(SECTIONS).map(([kind, section]) => [
        section,
        { host: real.url, indexPrefix: `suite-${kind}` },
      ]);
      writeFileSync(config, JSON.stringify(Object.fromEntries(sections)));

      const args = ['--config', config];
      const server = await startServer({ dir: join(dir, 'data'), adminPassword: password, args });

      try {
        const form = { grant_type: 'password', username: 'admin', password };
        const body = new URLSearchParams(form);
        const login = await fetch(`${server.url}/oauth/token`, { method: 'POST', body });
        const { access_token: token } = await login.json();
        const get = (path) =>
          fetch(`${server.url}/kapis/tenant.kubesphere.io/v1alpha2/${path}`, {
            headers: { authorization: `Bearer ${token}` },
          });

        const found = await (await get('logs?log_query=timed%20out&sort=asc')).json();
        assert.equal(found.query.total, 2);
        assert.equal(found.query.records[0].pod, 'web-7d4b9c5f6d-x2x4z');

        const audited = await (await get('auditing/events?operation=statistics')).json();
        assert.deepEqual(audited, { statistics: { resources: 1, events: 1 } });

        const file = await get('logs?operation=export');
        assert.equal((await file.text()).split('\n').length, SUITE_DOCUMENTS.logs.length + 1);
      } finally {
        await server.stop();
        rmSync(dir, { recursive: true, force: true });
      }
    });
  });
}
