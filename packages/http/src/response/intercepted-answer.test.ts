import assert from 'node:assert/strict';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { type Interception, interceptAnswer } from './intercepted-answer.ts';
import { writeKubeResponse } from './respond.ts';

type Answerer = (res: ServerResponse) => unknown;

let answer: Answerer = () => {};
let interception: Interception = {};

const server = createServer((req, res) => {
  req.resume();
  interceptAnswer(res, interception);
  answer(res);
});

let url: string;

before(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

after(() => {
  server.closeAllConnections();
  server.close();
});

async function* pieces() {
  yield Buffer.from('one ');
  await new Promise((resolve) => setTimeout(resolve, 5));
  yield Buffer.from('two');
}

const ANSWERS: readonly [name: string, Answerer, body: string][] = [
  ['a text', (res) => res.end('text'), 'text'],
  [
    'headers and a body',
    (res) => {
      res.writeHead(201, { 'content-type': 'text/plain', 'content-length': 4 });
      res.end('body');
    },
    'body',
  ],
  [
    'an answer in pieces',
    (res) =>
      writeKubeResponse(res, {
        status: 200,
        headers: { 'content-type': 'text/plain' },
        body: pieces(),
      }),
    'one two',
  ],
  ['nothing', (res) => res.writeHead(204).end(), ''],
];

for (const [name, answerer, body] of ANSWERS) {
  test(`${name} is seen, and arrives as it is`, async () => {
    const seen: Uint8Array[] = [];
    answer = answerer;
    interception = { observe: (piece) => seen.push(piece) };

    assert.equal(await (await fetch(url)).text(), body);
    assert.equal(Buffer.concat(seen).toString(), body);
  });

  test(`${name} is held back until it may go`, async () => {
    let release = () => {};
    let isHeld = false;
    answer = answerer;

    interception = {
      hold: () =>
        new Promise((resolve) => {
          isHeld = true;
          release = resolve;
        }),
    };

    let hasArrived = false;
    const response = fetch(url).then((arrived) => {
      hasArrived = true;
      return arrived;
    });

    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.deepEqual([isHeld, hasArrived], [true, false]);

    release();
    assert.equal(await (await response).text(), body);
  });
}

test('the headers that come with the status are seen', async () => {
  let type: unknown;
  answer = (res) => res.writeHead(200, { 'content-type': 'text/x' }).end();
  interception = {
    head: (headers) => {
      type = headers['content-type'];
    },
  };

  await fetch(url);
  assert.equal(type, 'text/x');
});

test('an answer is sent although what it was held for has failed', async () => {
  answer = (res) => res.end('sent');
  interception = { hold: () => Promise.reject(new Error('full')) };

  assert.equal(await (await fetch(url)).text(), 'sent');
});
