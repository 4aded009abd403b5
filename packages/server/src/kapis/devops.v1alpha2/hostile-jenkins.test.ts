import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { TestPlatform } from '@ks-apiserver/server/test/support/test-platform';
import { type Call, eventually } from '@ks-apiserver/server/test/support/test-server';

const BASE = '/kapis/devops.kubesphere.io/v1alpha2';
const RUN = '/devops/proj/pipelines/shop/runs/1';

type Answerer = (req: IncomingMessage, res: ServerResponse) => unknown;

/** Answers that nobody asked for in a test: those of the controllers. */
const none: Answerer = (_req, res) => res.writeHead(404).end();

let answer: Answerer = none;
let platform: TestPlatform;
let inside: http.Server;
const reached: IncomingMessage[] = [];

const jenkins = http.createServer((req, res) => {
  req.resume();
  void answer(req, res);
});

const portOf = (server: http.Server) => (server.address() as AddressInfo).port;

before(async () => {
  inside = http.createServer((req, res) => {
    reached.push(req);
    res.end('{"name":"inside"}');
  });

  for (const server of [jenkins, inside]) {
    await once(server.listen(0, '127.0.0.1'), 'listening');
  }

  const config = join(tmpdir(), `ks-hostile-${process.pid}.yaml`);
  const host = `http://127.0.0.1:${portOf(jenkins)}`;
  const devops = { host, username: 'root', password: 'hush', maxConnections: 4 };
  await writeFile(config, JSON.stringify({ devops }));

  platform = await TestPlatform.start({ args: ['--config', config] });
});

beforeEach(() => {
  reached.length = 0;
});

after(async () => {
  await platform.stop();
  for (const server of [jenkins, inside]) {
    server.closeAllConnections();
    server.close();
  }
});

const call = (path: string, options: Call = {}) => platform.call(BASE + path, options);

/** Whether the server still serves others. */
async function assertServes(): Promise<void> {
  assert.equal((await platform.call('/kapis/version')).status, 200);
}

test('a redirect to another server is not followed', async () => {
  const location = `http://127.0.0.1:${portOf(inside)}/secret`;

  for (const status of [301, 302, 303, 307, 308]) {
    answer = (_req, res) => res.writeHead(status, { location }).end();

    for (const path of ['', '/log', '/nodes', '/nodesdetail', '/artifacts']) {
      const { status: answered, text } = await call(RUN + path);
      assert.equal(answered, 502, path);
      assert.doesNotMatch(text, /inside|secret|127\.0\.0\.1/);
    }

    const started = await call('/devops/proj/pipelines/shop/runs', { method: 'POST' });
    assert.equal(started.status, 502);
    await call('/devops/proj/pipelines/shop/scan', { method: 'POST' });
    await call('/devops/proj/credentials/c/usage');
  }

  assert.deepEqual(reached, []);
});

test('answers of other types are errors', async () => {
  for (const body of ['[]', '5', '"x"', '{"name":5}', '<html>', '', '{"a":', '\u0000']) {
    answer = (_req, res) => res.end(body);

    const { status, headers } = await call('/devops/proj/pipelines/shop');
    assert.equal(status, 500, body);
    assert.match(headers.get('content-type') ?? '', /^text\/plain/);
  }

  for (const body of ['{}', '5', '"x"', '[5]', '<html>']) {
    answer = (_req, res) => res.end(body);
    assert.equal((await call(`${RUN}/nodes`)).status, 500, body);
  }

  await assertServes();
});

test('an answer that is too large is an error', async () => {
  answer = (_req, res) => {
    const piece = Buffer.alloc(1024 * 1024, 0x20);
    const write = () => {
      while (!res.destroyed && res.write(piece)) {
        // As fast as the other side reads.
      }
    };
    res.on('drain', write);
    write();
  };

  assert.equal((await call('/devops/proj/pipelines/shop')).status, 500);
  await assertServes();
});

test('a log that never ends is passed on while it comes, and ends with its reader', async () => {
  let isOpen = false;
  let written = 0;

  answer = (req, res) => {
    if (!req.url?.includes('/log/')) {
      return none(req, res);
    }

    isOpen = true;
    res.once('close', () => {
      isOpen = false;
    });

    const piece = Buffer.alloc(64 * 1024, 0x61);
    const write = () => {
      while (!res.destroyed && res.write(piece)) {
        written += piece.length;
      }
    };
    res.on('drain', write);
    return write();
  };

  const controller = new AbortController();
  const { body } = await fetch(`${platform.server.url}${BASE}${RUN}/log`, {
    headers: { authorization: `Bearer ${platform.admin}` },
    signal: controller.signal,
  });

  const reader = body!.getReader();
  await reader.read();

  // Nobody reads on, so nothing is kept for them.
  await new Promise((resolve) => setTimeout(resolve, 300));
  const before = written;
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal(written, before);
  assert.ok(written < 64 * 1024 * 1024, String(written));

  controller.abort();
  await eventually(async () => assert.equal(isOpen, false));
  await assertServes();
});

test('logs that hang leave room for other calls', async () => {
  answer = (req, res) => {
    if (req.url?.includes('/log/')) {
      res.writeHead(200).write('a');
    } else {
      res.end('{"name":"shop"}');
    }
  };

  const controllers = Array.from({ length: 10 }, () => new AbortController());
  for (const { signal } of controllers) {
    fetch(`${platform.server.url}${BASE}${RUN}/log`, {
      headers: { authorization: `Bearer ${platform.admin}` },
      signal,
    }).catch(() => {});
  }

  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.equal((await call('/devops/proj/pipelines/shop')).status, 200);

  for (const controller of controllers) {
    controller.abort();
  }
});

test('a connection that breaks is an error, also half-way through an answer', async () => {
  answer = (_req, res) => res.destroy();
  assert.equal((await call('/devops/proj/pipelines/shop')).status, 500);

  answer = (_req, res) => {
    res.writeHead(200, { 'content-length': '100' }).write('{"name"');
    setTimeout(() => res.destroy(), 20);
  };
  assert.equal((await call('/devops/proj/pipelines/shop')).status, 500);

  // The reader of a text must see that it is not whole.
  await assert.rejects(call(`${RUN}/log`));
  await assertServes();
});

test('headers of Jenkins do not reach the caller, except those of logs', async () => {
  answer = (_req, res) => {
    res.writeHead(200, {
      'content-type': 'text/html',
      'set-cookie': 'token=evil; Path=/',
      'access-control-allow-origin': '*',
      'x-accel-redirect': '/etc/passwd',
      'x-text-size': '3',
      location: 'http://evil',
    });
    res.end('<b>');
  };

  const { headers, text } = await call(`${RUN}/log`);

  assert.equal(text, '<b>');
  assert.equal(headers.get('x-text-size'), '3');
  assert.match(headers.get('content-type') ?? '', /^text\/plain/);
  assert.equal(headers.get('x-content-type-options'), 'nosniff');

  for (const name of [
    'set-cookie',
    'access-control-allow-origin',
    'x-accel-redirect',
    'location',
  ]) {
    assert.equal(headers.get(name), null, name);
  }

  const page = await call('/jenkins/x');
  for (const name of ['set-cookie', 'access-control-allow-origin', 'x-accel-redirect']) {
    assert.equal(page.headers.get(name), null, name);
  }
});

test('one failing node ends the call for the details of all', async () => {
  answer = (req, res) => {
    if (req.url?.endsWith('/nodes/')) {
      res.end(JSON.stringify(Array.from({ length: 300 }, (_, id) => ({ id: String(id) }))));
    } else if (req.url?.includes('/nodes/7/')) {
      res.writeHead(500).end('no steps');
    } else {
      res.end('[]');
    }
  };

  const failed = await call(`${RUN}/nodesdetail`);
  assert.deepEqual([failed.status, failed.text], [500, 'no steps']);

  answer = (req, res) =>
    req.url?.endsWith('/nodes/') ? res.end('[{"id":"../../x"},{"id":"8"}]') : res.end('[]');
  assert.equal((await call(`${RUN}/nodesdetail`)).status, 500);
});

test('nothing of the administrator is in errors', async () => {
  answer = (_req, res) => res.writeHead(401).end('no');

  const { status, text } = await call('/devops/proj/credentials/c/usage');

  assert.equal(status, 500);
  assert.doesNotMatch(text, /hush|cm9vd/);
  assert.doesNotMatch(platform.server.output, /hush|cm9vd/);
});
