// node bench/search.mjs [LINES] [FOLDER]: how fast lines of logs are stored and searched in the
// files of SQLite, after `npx tsc -b`. The lines are those of one day.
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { SqliteStore } from '../packages/search/dist/store/sqlite-store.js';

const total = Number(process.argv[2] ?? 1_000_000);
const given = process.argv[3];
const folder = given ?? mkdtempSync(join(tmpdir(), 'bench-search-'));
const DAY = Date.parse('2026-05-10T00:00:00Z');
const DAY_MS = 86_400_000;
const PER_BULK = 2000;
const CONTAINERS = 500;
const NAMESPACES = 50;

let seed = 1;
const random = () => {
  seed = (seed * 1_103_515_245 + 12_345) & 0x7fff_ffff;
  return seed / 0x7fff_ffff;
};

const letters = () => String.fromCharCode(97 + Math.floor(random() * 26));
const words = Array.from({ length: 20_000 }, () =>
  Array.from({ length: 3 + Math.floor(random() * 8) }, letters).join(''),
);

/** A word as often as words of a language are. */
const word = () => words[Math.min(words.length - 1, Math.floor(words.length ** random() - 1))];

/** Returns a bulk request with lines as of Fluent Bit, the number of the first one given. */
function bulkOf(first, count) {
  let body = '';

  for (let i = first; i < first + count; i++) {
    const container = Math.floor(random() * CONTAINERS);
    const ms = DAY + Math.floor((i / total) * DAY_MS);
    const time = `${new Date(ms).toISOString().slice(0, 23)}${String(i % 1e6).padStart(6, '0')}Z`;
    const rare = i === Math.floor(total / 2) ? ' needleinthehaystack' : '';
    const log = `${time} INFO [${word()}] ${word()} ${word()} ${word()} ${word()} id=${i.toString(16)} took ${i % 1000}ms status=${200 + (i % 5)} path=/${word()}/${word()}${rare}\n`;

    const document = {
      '@timestamp': time,
      log,
      time,
      kubernetes: {
        pod_name: `app-${container}-7d4b9c5f6d-x2x4z`,
        namespace_name: `ns-${container % NAMESPACES}`,
        docker_id: `c0ffee${container}`.padEnd(64, '0'),
        container_name: 'app',
        container_image: 'registry.example/team/app:1.2.3',
      },
    };

    body += `{"create":{"_index":"ks-logstash-log-2026.05.10"}}\n${JSON.stringify(document)}\n`;
  }

  return new TextEncoder().encode(body);
}

const store = new SqliteStore({
  folder,
  program: fileURLToPath(new URL('../packages/search/dist/worker/main.js', import.meta.url)),
  retentionDays: 100_000,
  maxBytes: 1e12,
  timeoutMs: 120_000,
  prefixes: { logs: 'ks-logstash-log', events: '', auditing: '' },
  onWarning: (message) => console.log(message),
});

const loop = monitorEventLoopDelay({ resolution: 5 });
const megabytes = (bytes) => `${(bytes / 1e6).toFixed(0)} MB`;

async function ingest() {
  let storing = 0;
  let making = 0;
  let raw = 0;
  /** @type {Set<Promise<unknown>>} */
  const open = new Set();
  const started = performance.now();

  for (let first = 0; first < total; first += PER_BULK) {
    const before = performance.now();
    const body = bulkOf(first, Math.min(PER_BULK, total - first));
    raw += body.byteLength;
    making += performance.now() - before;

    const stored = store.bulk('', body).then(() => open.delete(stored));
    open.add(stored);

    if (open.size >= 4) {
      await Promise.race(open);
    }
  }

  await Promise.all(open);
  storing = performance.now() - started;

  console.log(
    `stored ${total} lines (${megabytes(raw)} of JSON) in ${(storing / 1000).toFixed(1)} s: ` +
      `${Math.round((total / storing) * 1000)} lines/s (making them took ${(making / 1000).toFixed(1)} s of the other core)`,
  );
}

if (readdirSync(folder).length === 0) {
  await ingest();
}

const never = new AbortController().signal;
const backend = store.backend('logs');
/** @type {import('../packages/search/dist/query/documents.js').Field} */
const log = { path: 'log', type: 'text' };
/** @type {import('../packages/search/dist/query/documents.js').Field} */
const namespace = { path: 'kubernetes.namespace_name', type: 'keyword' };
/** @type {import('../packages/search/dist/query/search.js').Search} */
const all = { scopes: undefined, conditions: [], range: { start: DAY, end: DAY + DAY_MS - 1 } };
/** @returns {import('../packages/search/dist/query/search.js').AnyOf[]} */
const prefix = (value) => [[{ match: 'phrase-prefix', field: log, value }]];
const tenant = Array.from({ length: 5 }, (_, i) => ({
  field: namespace,
  value: `ns-${i}`,
  since: 0,
}));
/** @type {import('../packages/search/dist/query/search.js').AnyOf} */
const pod = [
  { match: 'pod-of', field: { path: 'kubernetes.pod_name', type: 'keyword' }, workload: 'app-7' },
];

/** @type {import('../packages/search/dist/query/search.js').PageOptions} */
const page = { order: 'desc', from: 0, size: 10 };

const cases = {
  'newest lines, all': () => backend.query(all, page, never),
  'newest lines, tenant': () => backend.query({ ...all, scopes: tenant }, page, never),
  'rare word': () => backend.query({ ...all, conditions: prefix('needleinthe') }, page, never),
  'rare word, tenant': () =>
    backend.query({ ...all, scopes: tenant, conditions: prefix('needleinthe') }, page, never),
  'word in a thousandth': () =>
    backend.query({ ...all, conditions: prefix(words[3000]) }, page, never),
  'frequent word, all': () => backend.query({ ...all, conditions: prefix(words[0]) }, page, never),
  'frequent word, tenant': () =>
    backend.query({ ...all, scopes: tenant, conditions: prefix(words[0]) }, page, never),
  'frequent word, workload': () =>
    backend.query({ ...all, conditions: [pod, ...prefix(words[0])] }, page, never),
  phrase: () => backend.query({ ...all, conditions: prefix('took 99') }, page, never),
  'one letter': () => backend.query({ ...all, conditions: prefix('a') }, page, never),
  'histogram of a day, all': () => backend.histogram(all, '15m', never),
  'histogram of a day, tenant': () => backend.histogram({ ...all, scopes: tenant }, '15m', never),
  'histogram of a day, tenant, frequent word': () =>
    backend.histogram({ ...all, scopes: tenant, conditions: prefix(words[0]) }, '15m', never),
  'statistics, all': () => backend.statistics(all, never),
  'statistics, tenant': () => backend.statistics({ ...all, scopes: tenant }, never),
};

loop.enable();

for (const [name, run] of Object.entries(cases)) {
  const times = [];
  let found;

  for (let i = 0; i < 3; i++) {
    const started = performance.now();
    found = await run().catch((error) => ({ total: error.message }));
    times.push(performance.now() - started);
  }

  const [first = 0, ...others] = times;
  console.log(
    `${name}: ${found.total} found, ${first.toFixed(1)} ms, again ${Math.min(...others).toFixed(1)} ms`,
  );
}

const exported = performance.now();
let lines = 0;
for await (const batch of backend.export({ ...all, scopes: tenant }, never)) {
  lines += batch.length;
  if (lines >= 100_000) {
    break;
  }
}
console.log(
  `export of ${lines} lines of a tenant: ${(performance.now() - exported).toFixed(0)} ms`,
);

loop.disable();
console.log(`event loop held for ${(loop.max / 1e6).toFixed(1)} ms at most while searching`);

const [file = ''] = readdirSync(folder).filter((name) => name.endsWith('.db'));
await store.close();
const size = statSync(join(folder, file)).size;
console.log(`${megabytes(size)} on disk, ${(size / total).toFixed(0)} bytes a line`);

if (given === undefined) {
  rmSync(folder, { recursive: true, force: true });
}
