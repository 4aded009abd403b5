import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { HttpPrometheus, type PrometheusOptions } from './http-prometheus.ts';
import { PrometheusClient } from './prometheus-client.ts';

type Answerer = (req: IncomingMessage, res: ServerResponse, body: string) => void;

let answer: Answerer = () => {};
let asked: { method: string; url: string; headers: IncomingMessage['headers']; body: string }[] =
  [];

const upstream = createServer(async (req, res) => {
  let body = '';

  for await (const piece of req) {
    body += piece;
  }

  asked.push({ method: req.method ?? '', url: req.url ?? '', headers: req.headers, body });
  answer(req, res, body);
});

let endpoint: string;

before(async () => {
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  endpoint = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
});

after(() => {
  upstream.closeAllConnections();
  upstream.close();
});

async function withClient<T>(
  options: Partial<PrometheusOptions>,
  call: (client: PrometheusClient) => Promise<T>,
): Promise<T> {
  asked = [];

  const all = {
    endpoint,
    username: '',
    password: '',
    bearerToken: '',
    caFile: '',
    headers: {},
    timeout: 1000,
    maxConcurrency: 2,
    ...options,
  };

  const client = new PrometheusClient(new HttpPrometheus(all), all.timeout);

  try {
    return await call(client);
  } finally {
    await client.close();
  }
}

const vector = JSON.stringify({ status: 'success', data: { resultType: 'vector', result: [] } });
const sends =
  (status: number, text: string): Answerer =>
  (_req, res) =>
    void res.writeHead(status, { 'content-type': 'application/json' }).end(text);

test('queries are forms below the path of the endpoint, with the credentials of the options', async () => {
  answer = sends(200, vector);

  await withClient(
    { endpoint: `${endpoint}/prom/`, username: 'u', password: 'p', headers: { 'x-scope': 't' } },
    async (client) => {
      await client.query('up{a="b"}', 12.5);
      await client.queryRange('up', { start: 1, end: 2, step: 0.5 });
    },
  );

  assert.deepEqual(
    asked.map(({ method, url }) => `${method} ${url}`),
    ['POST /prom/api/v1/query', 'POST /prom/api/v1/query_range'],
  );
  assert.equal(asked[0]?.headers.authorization, `Basic ${btoa('u:p')}`);
  assert.equal(asked[0]?.headers['x-scope'], 't');
  assert.deepEqual(Object.fromEntries(new URLSearchParams(asked[0]?.body)), {
    query: 'up{a="b"}',
    time: '12.5',
  });
  assert.equal(new URLSearchParams(asked[1]?.body).get('step'), '0.500');
});

test('an API that takes no forms is asked with GET', async () => {
  answer = ({ method }, res) => void res.writeHead(method === 'POST' ? 405 : 200).end(vector);

  await withClient({}, (client) => client.query('up', 1));
  assert.equal(asked[1]?.url, '/api/v1/query?query=up&time=1');
});

const failures: readonly [name: string, Answerer, type: string, message: RegExp][] = [
  [
    'explained',
    sends(422, '{"status":"error","errorType":"execution","error":"too much"}'),
    'execution',
    /^too much$/,
  ],
  ['not found', sends(404, ''), 'client_error', /404/],
  ['broken', sends(503, 'x'), 'server_error', /503/],
  [
    'redirecting',
    (_req, res) => void res.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
    'bad_response',
    /redirects are not followed/,
  ],
  ['garbage', sends(200, '<html>'), 'bad_response', /not a JSON object/],
  ['null', sends(200, 'null'), 'bad_response', /not a JSON object/],
  ['cut off', (req) => void req.socket.destroy(), 'unavailable', /POST "http.*\/api\/v1\/query"/],
  ['silent', () => {}, 'timeout', /1000 ms/],
  ['stalling', (_req, res) => void res.writeHead(200).write('{'), 'timeout', /1000 ms/],
  [
    'huge',
    async (_req, res) => {
      const piece = Buffer.alloc(1024 * 1024, ' ');
      res.on('error', () => {});

      for (let i = 0; i < 80 && !res.destroyed; i++) {
        res.write(piece);
        await new Promise((resolve) => setImmediate(resolve));
      }

      res.end();
    },
    'bad_response',
    /more than/,
  ],
];

for (const [name, answerer, type, message] of failures) {
  test(`an API that is ${name} gives an error of its kind`, async () => {
    answer = answerer;
    await assert.rejects(
      withClient({ timeout: name === 'huge' ? 10_000 : 1000 }, (client) => client.query('up', 1)),
      { type, message },
    );
  });
}

test('an API that is gone gives an error that names it without its credentials', async () => {
  await assert.rejects(
    withClient({ endpoint: 'http://user:hush@127.0.0.1:1' }, (client) => client.query('up', 1)),
    ({ message }: Error) => {
      assert.match(message, /127\.0\.0\.1:1/);
      assert.doesNotMatch(message, /hush/);
      return true;
    },
  );
});

test('a query ends with its caller, also while it waits for its turn', async () => {
  answer = () => {};

  await withClient({ maxConcurrency: 1, timeout: 5000 }, async (client) => {
    const gone = new AbortController();
    const calls = [1, 2, 3].map((time) => client.query('up', time, gone.signal));

    setTimeout(() => gone.abort(), 50);

    for (const call of calls) {
      await assert.rejects(call, { type: 'canceled' });
    }
  });
});
