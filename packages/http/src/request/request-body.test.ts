import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { deflateSync, gzipSync } from 'node:zlib';
import { sendError, sendText } from '../response/error-responder.ts';
import { Listener } from '../server/listener.ts';
import { BodyBudgets, countedBody, passedBody } from './body-budgets.ts';
import { readRequestBody } from './request-body.ts';

const LIMIT = 100_000;

const budgets = new BodyBudgets(
  { anonymous: 150_000, perUser: 250_000 },
  { anonymous: { stalledMs: 300, wholeMs: 800 }, perUser: { stalledMs: 2000, wholeMs: 4000 } },
);

/** Most bytes that were counted at a time while bodies were streamed. */
let mostHeld = 0;

let listener: Listener;
let url: string;

before(async () => {
  listener = await Listener.listen({
    host: '127.0.0.1',
    port: 0,
    onUpgrade: (_req, socket) => socket.destroy(),
    onRequest: async (req, res) => {
      const name = String(req.headers.user ?? '');
      const user =
        name === '' ? { name, groups: ['system:unauthenticated'] } : { name, groups: ['people'] };

      budgets.open(req, res, user);

      try {
        let size = 0;

        if (req.url === '/streamed' || req.url === '/passed') {
          const body = req.url === '/streamed' ? countedBody(req) : passedBody(req);

          for await (const chunk of body) {
            size += chunk.byteLength;
            mostHeld = Math.max(mostHeld, budgets.held(name));
          }
        } else {
          size = (await readRequestBody(req, LIMIT)).byteLength;
        }

        sendText(res, 200, String(size));
      } catch (error) {
        sendError(res, error);
      }
    },
  });

  url = `http://127.0.0.1:${listener.port}`;
});

after(() => listener.close(1000));

const post = (body: Buffer, headers: Record<string, string> = {}, path = '/') =>
  fetch(url + path, { method: 'POST', body: new Uint8Array(body), headers });

/**
 * Begins a request whose body does not end; returns everything received until the server has ended
 * it.
 */
function begin(text: string): { socket: Socket; answer: Promise<string> } {
  const socket = connect(listener.port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write(text);

  let answer = '';
  socket.on('data', (chunk) => (answer += chunk));

  return { socket, answer: once(socket, 'close').then(() => answer) };
}

const head = (more: string) => `POST / HTTP/1.1\r\nHost: a\r\n${more}\r\n\r\n`;

async function until(check: () => boolean): Promise<void> {
  for (const end = Date.now() + 5000; !check(); ) {
    assert.ok(Date.now() < end, 'it does not happen');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test('bodies are read up to the limit, compressed ones by their decompressed size', async () => {
  const [most, more] = [Buffer.alloc(LIMIT, 'a'), Buffer.alloc(LIMIT + 1, 'a')];
  for (const [body, headers] of [
    [most, {}],
    [gzipSync(most), { 'content-encoding': 'gzip' }],
    [
      Buffer.concat([gzipSync(Buffer.alloc(LIMIT / 2)), gzipSync(Buffer.alloc(LIMIT / 2))]),
      { 'content-encoding': 'gzip' },
    ],
    [deflateSync(most), { 'content-encoding': 'deflate' }],
  ] as const) {
    const response = await post(body, headers);
    assert.deepEqual([response.status, await response.text()], [200, String(LIMIT)]);
  }

  for (const [body, headers, status] of [
    [more, {}, 413],
    [gzipSync(more), { 'content-encoding': 'gzip' }, 413],
    [gzipSync(Buffer.alloc(64 * 1024 * 1024)), { 'content-encoding': 'gzip' }, 413],
    [
      Buffer.concat(Array.from({ length: 8000 }, () => gzipSync(''))),
      { 'content-encoding': 'gzip' },
      413,
    ],
    [Buffer.from('no gzip'), { 'content-encoding': 'gzip' }, 400],
    [gzipSync(most).subarray(0, -9), { 'content-encoding': 'gzip' }, 400],
    [most, { 'content-encoding': 'br' }, 415],
  ] as const) {
    assert.equal((await post(body, headers)).status, status, JSON.stringify(headers));
  }

  await until(() => budgets.held('') === 0);
});

test('a length over the limit is refused before anything is read, and the connection ends', async () => {
  const { answer } = begin(head(`Content-Length: ${LIMIT + 1}`));
  assert.match(await answer, /^HTTP\/1\.1 413 [\s\S]*\r\nConnection: close\r\n/);

  const behind = begin(
    `${head('Content-Length: 1000000')}${'GET /behind HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(10)}`,
  );
  assert.equal((await behind.answer).match(/HTTP\/1\.1/g)?.length, 1);
});

test('slow bodies are cut, sooner without a log-in', async () => {
  for (const path of ['/', '/streamed']) {
    const start = performance.now();
    const slow = (user: string) =>
      begin(`POST ${path} HTTP/1.1\r\nHost: a\r\n${user}Content-Length: 100\r\n\r\nabc`);
    const silent = slow('');
    const trickle = slow('');
    const drip = setInterval(() => trickle.socket.write('x'), 100);
    const after = (connection: typeof silent) =>
      connection.answer.then((answer) => [answer.slice(0, 12), performance.now() - start] as const);
    const known = after(slow('User: jane\r\n'));
    const [status, ms] = await after(silent);
    const [otherStatus, otherMs] = await after(trickle);

    clearInterval(drip);
    assert.deepEqual([status, otherStatus], ['HTTP/1.1 408', 'HTTP/1.1 408']);

    assert.ok(
      ms >= 300 && ms < otherMs && otherMs >= 800 && otherMs < 2000,
      `${ms} ms, ${otherMs} ms`,
    );

    const [knownStatus, knownMs] = await known;
    assert.equal(knownStatus, 'HTTP/1.1 408');
    assert.ok(knownMs >= 2000, `${knownMs} ms`);
  }
});

test('all bodies without a log-in share one budget, each user has another, and finished bodies are released', async () => {
  const part = 'x'.repeat(90_000);
  const beginHeldBody = (user: string) =>
    begin(`POST / HTTP/1.1\r\nHost: a\r\n${user}Content-Length: 95000\r\n\r\n${part}`);

  for (const [user, headers, most] of [
    ['', {}, 1],
    ['User: jane\r\n', { user: 'jane' }, 2],
  ] as const) {
    const name = user === '' ? '' : 'jane';
    const under = Array.from({ length: most }, () => beginHeldBody(user));

    await until(() => budgets.held(name) === most * part.length);

    const refused = await post(Buffer.from(part), headers);
    assert.equal(refused.status, 429);
    assert.equal(refused.headers.get('retry-after'), '1');
    assert.match(((await refused.json()) as { message: string }).message, /at the same time/);
    assert.equal((await post(Buffer.from(part), { user: 'joe' })).status, 200);

    // The decompressed size counts.
    assert.equal(
      (await post(gzipSync(part), { ...headers, 'content-encoding': 'gzip' })).status,
      429,
    );

    assert.equal((await post(Buffer.from(part), headers, '/streamed')).status, 429);

    for (const { socket } of under) {
      socket.destroy();
    }

    await until(() => budgets.held(name) === 0);
    assert.equal((await post(Buffer.from(part), headers)).status, 200);
  }
});

test('a body that is passed on may be long and counts for nothing, but must not stall', async () => {
  mostHeld = 0;
  const answer = await post(Buffer.alloc(1_000_000), {}, '/passed');
  assert.deepEqual([answer.status, await answer.text()], [200, '1000000']);
  assert.equal(mostHeld, 0);

  const stalled = begin('POST /passed HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf');
  assert.match(await stalled.answer, /^HTTP\/1\.1 408 /);
});
