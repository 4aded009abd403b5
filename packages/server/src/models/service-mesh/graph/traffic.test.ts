import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { edgesOf, request, sampleOf } from './test-samples.test.ts';
import { TCP, TrafficBuilder } from './traffic.ts';

const workloads = { graphType: 'workload', injectServiceNodes: false } as const;
const withServices = { graphType: 'workload', injectServiceNodes: true } as const;

test('requests of a pair of workloads are one edge', () => {
  const { graph } = new TrafficBuilder(workloads).add([
    request('web', 'shop', 2, '200'),
    request('web', 'shop', 1, '503'),
    request('web', 'shop', 0, '404'),
  ]);

  assert.deepEqual(edgesOf(graph), ['wl_demo_web > wl_demo_shop http http=3 http5xx=1']);
  assert.deepEqual(Object.fromEntries(graph.get('wl_demo_shop')?.rates ?? []), {
    httpIn: 3,
    httpIn5xx: 1,
  });
  assert.deepEqual(Object.fromEntries(graph.get('wl_demo_web')?.rates ?? []), { httpOut: 3 });
});

test('services are injected between callers and those who answer', () => {
  const { graph } = new TrafficBuilder(withServices).add([request('web', 'shop', 2, '200')]);

  assert.deepEqual(edgesOf(graph), [
    'wl_demo_web > svc_demo_shop http http=2',
    'svc_demo_shop > wl_demo_shop http http=2',
  ]);
});

test('gRPC fails by its own codes, and bytes have edges of their own', () => {
  const grpc = (code: string) => request('web', 'shop', 1, code, { request_protocol: 'grpc' });
  const bytes = sampleOf('web', 'shop', 10);

  const { graph } = new TrafficBuilder(workloads)
    .add([grpc('0'), grpc('14'), grpc('200'), grpc('503')])
    .add([bytes, bytes], TCP);

  assert.deepEqual(edgesOf(graph), [
    'wl_demo_web > wl_demo_shop grpc grpc=4 grpcErr=2',
    'wl_demo_web > wl_demo_shop tcp tcp=10',
    'wl_demo_web > wl_demo_shop tcp tcp=10',
  ]);
});

test('samples without a label that names an end are left out', () => {
  const sample = request('web', 'shop', 1, '200');

  for (const label of Object.keys(sample.labels)) {
    const { [label]: _, ...labels } = sample.labels;
    const { graph } = new TrafficBuilder(workloads).add([{ ...sample, labels }]);
    assert.equal(graph.size, 0, label);
  }
});

test('a workload whose samples have different labels is marked', () => {
  const { graph } = new TrafficBuilder(workloads).add([
    request('web', 'shop', 1, '200'),
    request('web', 'shop', 1, '200', { destination_app: 'other', destination_version: 'v9' }),
    request('web', 'shop', 0, '200', { destination_app: 'idle', destination_version: 'v9' }),
  ]);

  const shop = graph.get('wl_demo_shop');
  assert.equal(shop?.misconfigured, 'labels=[app]');
  assert.equal(shop?.place.app, 'other');
});

test('a place that cannot be shown is an internal error that names it', () => {
  const lost = request('unknown', 'shop', 1, '200', { source_app: 'lost' });

  assert.throws(() => new TrafficBuilder(workloads).add([lost]), {
    code: 500,
    message: /^Failed ID gen: namespace=\[demo\] workload=\[unknown\] app=\[lost\]/,
  });
  assert.equal(
    new TrafficBuilder({ graphType: 'app', injectServiceNodes: false }).add([lost]).graph.size,
    2,
  );
});

test('whatever labels say, a graph is built or refused', () => {
  const names = Object.keys(request('a', 'b', 1, '200').labels);
  const value = fc.constantFrom('', 'unknown', 'demo', '__proto__', 'constructor', 'a\nb', '200');
  const labels = fc.record(
    Object.fromEntries(names.map((name) => [name, value])) as Record<string, typeof value>,
    { requiredKeys: [] },
  );
  const samples = fc.array(fc.record({ labels, value: fc.double({ min: 0, noNaN: true }) }));
  const types = fc.constantFrom('app', 'service', 'versionedApp', 'workload' as const);

  fc.assert(
    fc.property(samples, types, fc.boolean(), (given, graphType, injectServiceNodes) => {
      try {
        const shape = { graphType: graphType as 'app', injectServiceNodes };
        const { graph } = new TrafficBuilder(shape).add(given as never);

        for (const node of graph.values()) {
          assert.ok(node.edges.every(({ destination }) => graph.get(destination.id)));
        }
      } catch (error) {
        assert.equal((error as { code?: number }).code, 500, String(error));
      }
    }),
  );
});
