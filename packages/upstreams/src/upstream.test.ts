import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, afterEach, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import { discard, readText, Upstream, type UpstreamOptions } from './upstream.ts';

type Answerer = (req: IncomingMessage, res: ServerResponse) => unknown;

let answer: Answerer;
let origin: string;
let upstream: Upstream | undefined;

const server = createServer((req, res) => void answer(req, res));

before(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(() => upstream?.close());

after(() => {
  server.closeAllConnections();
  server.close();
});

function upstreamAt(path: string, options: Partial<UpstreamOptions> = {}): Upstream {
  upstream = new Upstream({ url: origin + path, timeoutMs: 1000, maxConnections: 2, ...options });
  return upstream;
}

test('a call goes below the path of the server, with its headers and its body', async () => {
  answer = async (req, res) => {
    let body = '';
    for await (const piece of req) {
      body += piece;
    }

    res.end(`${req.method} ${req.url} ${req.headers['x-a']} ${body}`);
  };

  const called = await upstreamAt('/base/').call({
    method: 'PUT',
    path: '/a%2Fb?c=%20d',
    headers: { 'x-a': '1' },
    body: (async function* () {
      yield Buffer.from('one ');
      yield Buffer.from('two');
    })(),
  });

  assert.equal(await readText(called), 'PUT /base/a%2Fb?c=%20d 1 one two');
});

test('a redirect is an answer', async () => {
  answer = (_req, res) => res.writeHead(302, { location: 'http://127.0.0.1:1/' }).end('moved');

  const { status, headers, ...rest } = await upstreamAt('').call({ method: 'GET', path: '/' });

  assert.equal(status, 302);
  assert.equal(headers.location, 'http://127.0.0.1:1/');
  assert.equal(await readText({ status, headers, ...rest }), 'moved');
});

const failures: readonly [name: string, Answerer, kind: string][] = [
  ['says nothing', () => {}, 'timeout'],
  ['stalls in its answer', (_req, res) => res.write('a'), 'timeout'],
  ['hangs up', (req) => req.socket.destroy(), 'unavailable'],
  [
    'hangs up in its answer',
    (_req, res) => {
      res.writeHead(200, { 'content-length': '10' }).write('a');
      setTimeout(() => res.destroy(), 20);
    },
    'unavailable',
  ],
  ['sends too much', (_req, res) => res.end('x'.repeat(100)), 'too-large'],
  ['speaks another protocol', (req) => req.socket.end('SSH-2.0-x\r\n'), 'unavailable'],
];

for (const [name, answerer, kind] of failures) {
  test(`a server that ${name} gives an error of its kind`, async () => {
    answer = answerer;

    await assert.rejects(
      upstreamAt('')
        .call({ method: 'GET', path: '/secret?token=hush' })
        .then((called) => readText(called, { maxBytes: 50 })),
      (error: Error & { kind?: string }) => {
        assert.equal(error.kind, kind);
        assert.doesNotMatch(error.message, /hush/);
        return true;
      },
    );
  });
}

test('an error of the body of a call is that of the call', async () => {
  answer = (req) => req.resume();

  const slow = new StatusError(408, 'Timeout', 'nothing of the body came');

  await assert.rejects(
    upstreamAt('').call({
      method: 'POST',
      path: '/',
      body: (async function* () {
        yield Buffer.from('half');
        throw slow;
      })(),
    }),
    slow,
  );
});

test('a caller that goes away ends the call and its answer', async () => {
  let gone = false;

  answer = (_req, res) => {
    res.write('a');
    res.once('close', () => {
      gone = true;
    });
  };

  const controller = new AbortController();
  const called = await upstreamAt('').call({
    method: 'GET',
    path: '/',
    signal: controller.signal,
  });

  setTimeout(() => controller.abort(), 20);
  await assert.rejects(readText(called), { kind: 'canceled' });

  for (let waited = 0; !gone && waited < 1000; waited += 10) {
    await sleep(10);
  }

  assert.ok(gone);
});

test('calls beyond the limit wait, and are refused when too many wait', async () => {
  const held: ServerResponse[] = [];
  answer = (_req, res) => held.push(res);

  const limited = upstreamAt('', { maxConnections: 1 });
  const call = () => limited.call({ method: 'GET', path: '/' });
  const calls = Array.from({ length: 5 }, async () => discard(await call()));

  await assert.rejects(call(), { kind: 'busy' });

  for (let answered = 0; answered < 5; ) {
    const res = held.shift();
    assert.ok(held.length === 0);

    if (res) {
      res.end('x');
      answered += 1;
    }

    await sleep(5);
  }

  await Promise.all(calls);
});

test('a URL of another scheme is refused', () => {
  assert.throws(
    () => new Upstream({ url: 'ftp://a', timeoutMs: 1, maxConnections: 1 }),
    /use http or https/,
  );
});
