import assert from 'node:assert/strict';
import { test } from 'node:test';
import type {
  KubeRequest,
  KubeResponse,
  KubeTransport,
} from '@ks-apiserver/apimachinery/transport/transport';
import { PrometheusClient } from './prometheus-client.ts';
import { MAX_ANSWER_BYTES } from './prometheus-connection.ts';
import { ServicePrometheus } from './service-prometheus.ts';

const ADDRESS = { namespace: 'monitoring', name: 'prometheus-k8s', port: '9090' };

function clientOf(
  answer: (request: KubeRequest) => Promise<KubeResponse>,
  timeoutMs = 5000,
): PrometheusClient {
  const transport: KubeTransport = {
    request: answer,
    upgrade: () => Promise.reject(new Error('not called')),
    webSocket: () => Promise.reject(new Error('not called')),
    close: async () => {},
  };

  return new PrometheusClient(new ServicePrometheus(transport, ADDRESS), timeoutMs);
}

const success = (data: unknown) => Buffer.from(JSON.stringify({ status: 'success', data }));

test('queries go through the Kubernetes API of the cluster', async () => {
  let sent: KubeRequest | undefined;
  const client = clientOf(async (request) => {
    sent = request;
    return { status: 200, headers: {}, body: success({ resultType: 'vector', result: [] }) };
  });

  const result = await client.query('up{a="&b"}', 5);
  assert.deepEqual(result, { resultType: 'vector', result: [] });
  assert.equal(sent?.method, 'POST');
  assert.equal(
    sent?.url,
    '/api/v1/namespaces/monitoring/services/prometheus-k8s:9090/proxy/api/v1/query',
  );
  assert.equal(String(sent?.body), 'query=up%7Ba%3D%22%26b%22%7D&time=5');
});

test('an endless answer is given up', async () => {
  const piece = Buffer.alloc(1024 * 1024);
  let pieces = 0;
  async function* endless() {
    for (;;) {
      pieces += 1;
      yield piece;
    }
  }

  const client = clientOf(async () => ({ status: 200, headers: {}, body: endless() }));

  await assert.rejects(client.query('up', 5), /more than \d+ bytes/);
  assert.ok(pieces * piece.length <= MAX_ANSWER_BYTES + 2 * piece.length);
});

test('a cluster that does not answer costs the time of one query', async () => {
  const client = clientOf(
    ({ signal }) =>
      new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason))),
    50,
  );

  // The deadline itself does not keep a process running.
  const running = setInterval(() => {}, 1000);

  await assert.rejects(client.query('up', 5), /no answer within 50 ms/);
  clearInterval(running);
});

test('a Service that is not there, and a page that is no JSON, are errors of the query', async () => {
  const missing = clientOf(async () => ({ status: 404, headers: {}, body: Buffer.from('{}') }));
  await assert.rejects(missing.query('up', 5), /client error: 404/);

  const page = clientOf(async () => ({ status: 200, headers: {}, body: Buffer.from('<html>') }));
  await assert.rejects(page.query('up', 5), /not a JSON object/);
});
