import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { JaegerClient } from './jaeger-client.ts';

type Answerer = (url: URL, res: ServerResponse, req: IncomingMessage) => unknown;

let answer: Answerer;
let asked: URL[] = [];
let url: string;

const server = createServer((req, res) => {
  const called = new URL(req.url ?? '', 'http://jaeger');
  asked.push(called);
  answer(called, res, req);
});

before(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jaeger`;
});

after(() => {
  server.closeAllConnections();
  server.close();
});

async function tracesOf(query: string, signal = new AbortController().signal): Promise<string> {
  asked = [];
  const client = new JaegerClient({ url, timeoutMs: 500, maxConnections: 2 });

  try {
    const body = await client.traces('web.demo', new URLSearchParams(query), signal);
    const pieces: Uint8Array[] = [];

    for await (const piece of body instanceof Uint8Array ? [body] : body) {
      pieces.push(piece);
    }

    return Buffer.concat(pieces).toString();
  } finally {
    await client.close();
  }
}

test('a caller chooses times and limits, but neither the service nor traces by their ids', async () => {
  answer = (_url, res) => res.end('{"data":[]}');

  const query =
    'limit=5&lookback=1h&tags=%7B%22a%22%3A%22%26service%3Dx%22%7D&service=secret.other&traceID=1&raw=true';
  assert.equal(await tracesOf(query), '{"data":[]}');

  assert.equal(asked[0]?.pathname, '/jaeger/api/traces');
  assert.deepEqual([...(asked[0]?.searchParams ?? [])].sort(), [
    ['limit', '5'],
    ['lookback', '1h'],
    ['service', 'web.demo'],
    ['tags', '{"a":"&service=x"}'],
  ]);
});

test('an answer is passed on, whatever its status', async () => {
  answer = (_url, res) => res.writeHead(500).end('{"errors":[{"code":500}]}');
  assert.equal(await tracesOf(''), '{"errors":[{"code":500}]}');
});

const failures: readonly [name: string, Answerer, kind: string][] = [
  [
    'redirects',
    (_url, res) => res.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
    'unavailable',
  ],
  ['is silent', () => {}, 'timeout'],
  ['hangs up', (_url, _res, req) => req.socket.destroy(), 'unavailable'],
  ['stalls', (_url, res) => res.write('{'), 'timeout'],
  [
    'sends too much',
    async (_url, res) => {
      const piece = Buffer.alloc(1024 * 1024, ' ');
      res.on('error', () => {});

      for (let i = 0; i < 80 && !res.destroyed; i++) {
        res.write(piece);
        await new Promise((resolve) => setImmediate(resolve));
      }

      res.end();
    },
    'too-large',
  ],
];

for (const [name, answerer, kind] of failures) {
  test(`a Jaeger that ${name} gives an error of its kind`, async () => {
    answer = answerer;
    await assert.rejects(tracesOf(''), { kind });
    assert.equal(asked.length, 1);
  });
}

test('a search ends with its caller', async () => {
  answer = () => {};
  const gone = new AbortController();
  setTimeout(() => gone.abort(), 20);

  await assert.rejects(tracesOf('', gone.signal), { kind: 'canceled' });
});

const SPAN = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  parentSpanId: '00f067aa0ba902b7',
  name: 'GET /',
  kind: 2,
  startTimeUnixNano: '1700000000000001000',
  endTimeUnixNano: '1700000000000003500',
  attributes: [
    { key: 'http.method', value: { stringValue: 'GET' } },
    { key: 'http.status_code', value: { intValue: '500' } },
    { key: 'sampled', value: { boolValue: true } },
    { key: 'ratio', value: { doubleValue: 0.5 } },
    { key: 'list', value: { arrayValue: { values: [] } } },
  ],
  events: [{ timeUnixNano: '1700000000000002000', name: 'retry' }],
  status: { code: 2 },
};

const onlyV3 =
  (status: number, body: unknown): Answerer =>
  ({ pathname }, res) =>
    pathname.includes('/api/v3/')
      ? res.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body))
      : res.writeHead(404).end('404 page not found');

test('where the older path is gone, the API v3 is asked and its answer converted', async () => {
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'web.demo' } }] };
  answer = onlyV3(200, {
    result: {
      resourceSpans: [
        { resource, scopeSpans: [{ spans: [SPAN, { ...SPAN, parentSpanId: '' }] }] },
        { resource: {}, scopeSpans: [{ spans: [{ ...SPAN, traceId: 'other' }] }] },
      ],
    },
  });

  const { data } = JSON.parse(
    await tracesOf('start=1700000000000000&end=1700000060000000&limit=3'),
  );

  assert.deepEqual(Object.fromEntries(asked[1]?.searchParams ?? []), {
    'query.service_name': 'web.demo',
    'query.start_time_min': '2023-11-14T22:13:20.000Z',
    'query.start_time_max': '2023-11-14T22:14:20.000Z',
    'query.search_depth': '3',
    'query.num_traces': '3',
  });

  assert.deepEqual(
    data.map(({ traceID, spans }: { traceID: string; spans: unknown[] }) => [
      traceID,
      spans.length,
    ]),
    [
      [SPAN.traceId, 2],
      ['other', 1],
    ],
  );
  assert.deepEqual(data[0].processes, { p1: { serviceName: 'web.demo', tags: [] } });
  assert.deepEqual(data[0].spans[0], {
    traceID: SPAN.traceId,
    spanID: SPAN.spanId,
    operationName: 'GET /',
    references: [{ refType: 'CHILD_OF', traceID: SPAN.traceId, spanID: SPAN.parentSpanId }],
    startTime: 1_700_000_000_000_001,
    duration: 2,
    tags: [
      { key: 'http.method', type: 'string', value: 'GET' },
      { key: 'http.status_code', type: 'int64', value: 500 },
      { key: 'sampled', type: 'bool', value: true },
      { key: 'ratio', type: 'float64', value: 0.5 },
      { key: 'list', type: 'string', value: '{"arrayValue":{"values":[]}}' },
      { key: 'span.kind', type: 'string', value: 'server' },
      { key: 'error', type: 'bool', value: true },
    ],
    logs: [
      {
        timestamp: 1_700_000_000_000_002,
        fields: [{ key: 'event', type: 'string', value: 'retry' }],
      },
    ],
    processID: 'p1',
    warnings: null,
  });
});

test('the API v3 answers 404 when there are no traces', async () => {
  answer = onlyV3(404, { error: { httpCode: 404, message: 'No traces found' } });
  assert.deepEqual(JSON.parse(await tracesOf('lookback=2d')).data, []);
});

test('what the API v3 sends that has another form is left out or refused', async () => {
  for (const body of [
    'null',
    '[]',
    '{"result":{"resourceSpans":[null,{"scopeSpans":[{"spans":5}]}]}}',
  ]) {
    answer = onlyV3(200, body);
    assert.deepEqual(JSON.parse(await tracesOf('')).data, []);
  }

  answer = onlyV3(200, '<html>');
  await assert.rejects(tracesOf(''), { kind: 'unavailable' });

  answer = onlyV3(500, '{"error":{}}');
  assert.equal(await tracesOf(''), '{"error":{}}');
});
