import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { Incoming } from '@ks-apiserver/http/server/exchange';
import pino from 'pino';
import { AccessLog } from './access-log.ts';

// biome-ignore lint/suspicious/noExplicitAny: lines have the fields that each test expects.
type Line = any;

function openLog(level = 'info'): { log: AccessLog; lines: Line[] } {
  const lines: Line[] = [];
  const write = (line: string) => void lines.push(JSON.parse(line));

  return { log: new AccessLog(pino({ level, base: null }, { write }), 60_000), lines };
}

function call(path: string, ip = '10.0.0.1'): Incoming {
  return {
    req: { method: 'GET' },
    info: { path },
    user: { name: 'jo' },
    receivedAt: performance.now(),
    sourceIP: ip,
  } as unknown as Incoming;
}

test('calls that succeed are logged at debug level only', () => {
  const quiet = openLog();
  quiet.log.add(call('/api'), 200);
  assert.equal(quiet.lines.length, 0);

  const { log, lines } = openLog('debug');
  log.add(call('/api'), 200);
  log.add(call('/api'), 200);
  assert.deepEqual(
    lines.map(({ msg, path, status, user }) => [msg, path, status, user]),
    [
      ['request', '/api', 200, 'jo'],
      ['request', '/api', 200, 'jo'],
    ],
  );
});

test('a failure is logged at once, and its repetitions are logged together', () => {
  const { log, lines } = openLog();

  for (let i = 0; i < 1000; i++) {
    log.add(call('/api'), 403);
  }

  log.add(call('/api'), 401);
  log.add(call('/api', '10.0.0.2'), 403);
  assert.deepEqual(
    lines.map(({ status, ip, repeated }) => [status, ip, repeated]),
    [
      [403, '10.0.0.1', undefined],
      [401, '10.0.0.1', undefined],
      [403, '10.0.0.2', undefined],
    ],
  );

  log.flush();
  assert.equal(lines.length, 4);
  assert.deepEqual([lines[3].status, lines[3].repeated], [403, 999]);

  log.add(call('/api'), 403);
  assert.equal(lines.length, 5, 'a new window begins with a line');
});

test('failures of too many kinds are counted', () => {
  const { log, lines } = openLog();

  for (let i = 0; i < 5000; i++) {
    log.add(call(`/${i}`), 404);
  }

  log.flush();
  assert.ok(lines.length < 300);
  assert.equal(lines.filter(({ msg }) => msg === 'request').length + lines.at(-1).failed, 5000);
});

test('the cause of a fault is logged once, that of a mistake of the caller is not', () => {
  const { log, lines } = openLog();
  const cause = new Error('connection refused');
  const fault = new StatusError(503, 'ServiceUnavailable', 'no answer', undefined, { cause });

  for (let i = 0; i < 10; i++) {
    log.addFault(fault);
    log.addFault(new StatusError(400, 'BadRequest', 'wrong', undefined, { cause }));
  }

  log.flush();
  assert.deepEqual(
    lines.map(({ msg, err, repeated }) => [msg, err.message, repeated]),
    [
      ['no answer', 'connection refused', undefined],
      ['no answer', 'connection refused', 9],
    ],
  );
});
