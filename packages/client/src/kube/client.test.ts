import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { KubeClient } from './client.ts';
import { RemoteTransport } from './remote.ts';

/**
 * Starts a Kubernetes API that answers with these statuses, one after the other, and repeats the
 * last.
 */
async function api(answers: readonly [status: number, headers: Record<string, string>][]) {
  let calls = 0;

  const server = createServer((_req, res) => {
    const [status, headers] = answers[Math.min(calls, answers.length - 1)]!;
    calls += 1;
    res.writeHead(status, headers).end(`{"call":${calls}}`);
  });

  await once(server.listen(0, '127.0.0.1'), 'listening');

  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const transport = new RemoteTransport({ server: url });

  const stop = async () => {
    await transport.close();
    server.close();
  };

  return { client: new KubeClient(transport), calls: () => calls, stop };
}

test('a call is repeated when the API asks for it, and after no other failure', async () => {
  const busy = await api([
    [429, { 'retry-after': '0' }],
    [429, { 'retry-after': '1' }],
    [200, {}],
  ]);

  const start = performance.now();

  assert.equal((await busy.client.raw('GET', '/x')).toString(), '{"call":3}');
  assert.ok(performance.now() - start >= 1000);
  await busy.stop();

  for (const answer of [
    [429, {}],
    [429, { 'retry-after': '3600' }],
    [429, { 'retry-after': 'soon' }],
    [503, { 'retry-after': '0' }],
  ] as [number, Record<string, string>][]) {
    const failing = await api([answer]);
    await assert.rejects(failing.client.raw('GET', '/x'), { code: answer[0] });
    assert.equal(failing.calls(), 1);
    await failing.stop();
  }
});

test('waiting ends with the caller', async () => {
  const busy = await api([[429, { 'retry-after': '5' }]]);
  await assert.rejects(busy.client.raw('GET', '/x', undefined, AbortSignal.timeout(50)), /abort/i);
  await busy.stop();
});
