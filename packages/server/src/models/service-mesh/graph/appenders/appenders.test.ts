import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Workload } from '../../workloads/workloads.ts';
import type { TrafficGraph } from '../graph.ts';
import { edgesOf, request } from '../test-samples.test.ts';
import { TrafficBuilder } from '../traffic.ts';
import { removeDeadNodes } from './dead-nodes.ts';
import { markIstioRules } from './istio-rules.ts';
import { markMissingSidecars } from './missing-sidecars.ts';
import { securedTraffic, setMutualTls } from './mutual-tls.ts';
import { responseTimes, setResponseTimes } from './response-times.ts';
import { locationsOf, markServiceEntries } from './service-entries.ts';
import { addUnusedNodes } from './unused-nodes.ts';

const plain = { graphType: 'workload', injectServiceNodes: false } as const;
const withServices = { graphType: 'workload', injectServiceNodes: true } as const;

const workload = (name: string, more: Partial<Workload> = {}): [string, Workload] => [
  name,
  {
    name,
    kind: 'Deployment',
    labels: { app: name, version: 'v1' },
    podCount: 1,
    replicas: 1,
    available: 1,
    hasSidecar: true,
    ...more,
  },
];

const outside = (service: string, code = '200') =>
  request('web', service, 1, code, {
    destination_workload: 'unknown',
    destination_app: 'unknown',
    destination_version: 'unknown',
  });

const idsOf = (graph: TrafficGraph) => [...graph.keys()].sort();

test('nodes without traffic go unless their workload exists', () => {
  const { graph } = new TrafficBuilder(plain).add([
    request('web', 'shop', 1, '200'),
    request('web', 'gone', 0, '200'),
    request('web', 'idle', 0, '200'),
    request('web', 'empty', 0, '200'),
    outside('fine'),
    outside('broken', '503'),
  ]);

  removeDeadNodes(graph, new Map([workload('idle'), workload('empty', { podCount: 0 })]));

  assert.deepEqual(idsOf(graph), [
    'svc_demo_broken',
    'wl_demo_empty',
    'wl_demo_idle',
    'wl_demo_shop',
    'wl_demo_web',
  ]);
  assert.equal(graph.get('wl_demo_empty')?.flags.isDead, true);
  assert.equal(graph.get('wl_demo_idle')?.flags.isDead, undefined);
  assert.equal(graph.get('wl_demo_web')?.edges.length, 4);
});

test('services that a ServiceEntry names are kept', () => {
  const { graph } = new TrafficBuilder(plain).add([outside('api.example'), outside('vm.example')]);
  const entry = (hosts: unknown, location?: string) => ({
    metadata: { name: 'e' },
    spec: { hosts, location },
  });

  markServiceEntries(
    graph,
    locationsOf([
      entry(['api.example']),
      entry(['vm.example'], 'MESH_INTERNAL'),
      entry('x'),
      { metadata: { name: 'e' } },
    ]),
  );
  removeDeadNodes(graph, new Map([workload('web')]));

  assert.equal(graph.get('svc_demo_api.example')?.serviceEntry, 'MESH_EXTERNAL');
  assert.equal(graph.get('svc_demo_vm.example')?.serviceEntry, 'MESH_INTERNAL');
});

test('response times are those behind the service; edges without one have 0', () => {
  const { graph } = new TrafficBuilder(withServices).add([request('web', 'shop', 1, '200')]);

  setResponseTimes(
    graph,
    responseTimes(
      [request('web', 'shop', 10, '200'), request('other', 'shop', 25, '200')],
      withServices,
    ),
  );

  assert.equal(graph.get('wl_demo_web')?.edges[0]?.responseTime, 0);
  assert.equal(graph.get('svc_demo_shop')?.edges[0]?.responseTime, 25);
});

test('the share of encrypted requests is that of the last sample of each policy', () => {
  const { graph } = new TrafficBuilder(plain).add([
    request('web', 'shop', 1, '200'),
    request('web', 'open', 1, '200'),
  ]);
  const secured = (to: string, value: number, policy?: string) =>
    request('web', to, value, '200', policy && { connection_security_policy: policy });

  setMutualTls(
    graph,
    securedTraffic(
      [
        secured('shop', 9, 'mutual_tls'),
        secured('shop', 1, 'mutual_tls'),
        secured('shop', 3, 'none'),
        secured('open', 3, 'none'),
        secured('open', 3),
      ],
      plain,
    ),
  );

  assert.deepEqual(
    graph.get('wl_demo_web')?.edges.map(({ mutualTls }) => mutualTls),
    [25, undefined],
  );
});

test('workloads without traffic are called by whatever calls the same app', () => {
  const { graph } = new TrafficBuilder(plain).add([request('web', 'shop', 1, '200')]);
  const canary = workload('shop-canary', { labels: { app: 'shop' } })[1];

  addUnusedNodes(graph, 'demo', [canary, workload('web')[1], workload('alone')[1]], 'workload');

  assert.equal(graph.get('wl_demo_shop-canary')?.flags.isUnused, true);
  assert.deepEqual(edgesOf(graph), [
    'wl_demo_web > wl_demo_shop http http=1',
    'wl_demo_web > wl_demo_shop-canary ',
  ]);
  assert.ok(graph.has('wl_demo_alone'));
});

test('an empty graph shows workloads alone', () => {
  const graph: TrafficGraph = new Map();
  addUnusedNodes(graph, 'demo', [workload('a')[1], workload('b')[1]], 'versionedApp');

  assert.deepEqual(idsOf(graph), ['vapp_demo_a', 'vapp_demo_b']);
});

test('circuit breakers and VirtualServices are marked where they count', () => {
  const { graph } = new TrafficBuilder(withServices).add([
    request('web', 'shop', 1, '200'),
    request('web', 'cart', 1, '200'),
    request('web', 'cart', 1, '200', { destination_workload: 'cart2', destination_version: 'v2' }),
  ]);
  const trafficPolicy = { connectionPool: {}, outlierDetection: {} };
  const rule = (spec: unknown) => ({ metadata: { name: 'r' }, spec });

  markIstioRules(graph, 'demo', {
    destinationRules: [
      rule({ host: 'shop.demo.svc.cluster.local', trafficPolicy }),
      rule({ host: 'cart', subsets: [null, { labels: { version: 'v2' }, trafficPolicy }] }),
      rule({ host: 'web.other', trafficPolicy }),
      rule(undefined),
    ],
    virtualServices: [rule({ hosts: ['a.example', 'cart.demo'] }), rule({ hosts: 'shop' })],
  });

  const marked = (flag: 'hasCB' | 'hasVS') =>
    [...graph.values()].filter(({ flags }) => flags[flag]).map(({ id }) => id);

  assert.deepEqual(marked('hasCB').sort(), [
    'svc_demo_cart',
    'svc_demo_shop',
    'wl_demo_cart2',
    'wl_demo_shop',
  ]);
  assert.deepEqual(marked('hasVS'), ['svc_demo_cart']);
});

test('workloads of the namespace without a sidecar are marked', () => {
  const apps = { graphType: 'app', injectServiceNodes: false } as const;
  const workloads = new Map([
    workload('web'),
    workload('shop'),
    workload('shop-2', { labels: { app: 'shop' }, hasSidecar: false }),
  ]);

  const { graph } = new TrafficBuilder(apps).add([
    request('web', 'shop', 1, '200'),
    request('shop', 'web', 1, '200', { source_workload_namespace: 'other' }),
  ]);
  markMissingSidecars(graph, 'demo', workloads);

  assert.deepEqual(
    [...graph.values()].filter(({ flags }) => flags.hasMissingSC).map(({ id }) => id),
    ['app_demo_shop'],
  );
});
