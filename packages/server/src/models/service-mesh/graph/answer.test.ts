import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answerOf, hashOf, type NodeData } from './answer.ts';
import type { TrafficGraph } from './graph.ts';
import { groupsOf } from './groups.ts';
import { markOutside, markRoots, mergeInto } from './merge.ts';
import { parseAppenders, parseGraphOptions } from './options.ts';
import { serviceGraphOf } from './service-graph.ts';
import { edgesOf, request } from './test-samples.test.ts';
import { TrafficBuilder } from './traffic.ts';

const optionsOf = (text: string) =>
  parseGraphOptions(new URLSearchParams(`queryTime=1000&${text}`));

function graphOf(options: ReturnType<typeof optionsOf>, ...samples: ReturnType<typeof request>[]) {
  return new TrafficBuilder(options).add(samples).graph;
}

function answer(graph: TrafficGraph, text: string) {
  const options = optionsOf(text);
  return answerOf(graph, options, (nodes) => groupsOf(nodes, options));
}

const dataOf = (nodes: { data: NodeData }[], name: string) =>
  nodes.find(({ data }) => data.workload === name)?.data;

test('numbers are texts, shares are percentages of what is sent', () => {
  const graph = graphOf(
    optionsOf(''),
    request('web', 'shop', 3, '200'),
    request('web', 'shop', 1, '500'),
    request('web', 'cart', 4, '302'),
  );
  const { elements, ...rest } = answer(graph, 'duration=90.7s');

  assert.deepEqual(rest, { timestamp: 1000, duration: 90, graphType: 'workload' });
  assert.deepEqual(dataOf(elements.nodes, 'shop'), {
    id: hashOf('wl_demo_shop'),
    nodeType: 'workload',
    namespace: 'demo',
    workload: 'shop',
    app: 'shop',
    version: 'v1',
    destServices: { shop: true },
    traffic: [{ protocol: 'http', rates: { httpIn: '4.00', httpIn5xx: '1.00' } }],
  });

  const [source, target] = [hashOf('wl_demo_web'), hashOf('wl_demo_shop')];
  const edge = elements.edges.find(({ data }) => data.target === target)?.data;

  assert.deepEqual(edge, {
    id: hashOf(`${source}.${target}.http`),
    source,
    target,
    traffic: {
      protocol: 'http',
      rates: { http: '4.00', http5xx: '1.00', httpPercentErr: '25.0', httpPercentReq: '50.0' },
    },
  });
});

test('versions of an app are members of a group', () => {
  const v2 = { destination_workload: 'shop2', destination_version: 'v2' };
  const text = 'graphType=versionedApp&groupBy=app';
  const graph = graphOf(
    optionsOf(text),
    request('web', 'shop', 1, '200'),
    request('web', 'shop', 1, '200', v2),
  );
  const shop = graph.get('vapp_demo_shop');
  assert.ok(shop);
  shop.flags.isOutside = true;

  const { nodes } = answer(graph, text).elements;
  const group = nodes.find(({ data }) => data.isGroup)?.data;

  assert.deepEqual(group, {
    id: hashOf('box_demo_shop'),
    nodeType: 'app',
    namespace: 'demo',
    app: 'shop',
    isGroup: 'app',
    isOutside: true,
  });
  assert.equal(nodes[0]?.data, group);
  assert.equal(nodes.filter(({ data }) => data.parent === group?.id).length, 2);
  assert.equal(
    answer(graph, 'graphType=workload&groupBy=version').elements.nodes.length,
    graph.size,
  );
});

test('of graphs of two namespaces, each shows its own nodes best', () => {
  const options = optionsOf('');
  const outer = { destination_service_namespace: 'other' };
  const ofDemo = graphOf(options, request('web', 'shop', 2, '200', outer));
  const ofOther = graphOf(
    options,
    request('web', 'shop', 2, '200', outer),
    request('shop', 'cart', 1, '200', { ...outer, source_workload_namespace: 'other' }),
  );
  const graph: TrafficGraph = new Map();

  mergeInto(graph, ofDemo, 'demo');
  mergeInto(graph, ofOther, 'other');

  assert.deepEqual(edgesOf(graph), [
    'wl_demo_web > wl_other_shop http http=2',
    'wl_other_shop > wl_other_cart http http=1',
  ]);
  assert.equal(graph.get('wl_demo_web')?.rates.get('httpOut'), 2);
});

test('what other namespaces send to a node that is known is added to it', () => {
  const options = optionsOf('');
  const from = { source_workload_namespace: 'third' };
  const graph: TrafficGraph = new Map();

  mergeInto(graph, graphOf(options, request('web', 'a', 2, '200', from)), 'demo');
  mergeInto(graph, graphOf(options, request('web', 'b', 2, '200', from)), 'other');

  const web = graph.get('wl_third_web');
  assert.equal(web?.rates.get('httpOut'), 4);
  assert.ok(web?.edges.every(({ source }) => source === web));
});

test('nodes are marked that are outside, that nobody may see, and that nobody calls', () => {
  const graph = graphOf(
    optionsOf(''),
    request('web', 'shop', 1, '200'),
    request('gate', 'web', 1, '200', { source_workload_namespace: 'kube-system' }),
    request('unknown', 'web', 1, '200', {
      source_workload_namespace: 'unknown',
      source_app: 'unknown',
    }),
  );

  markOutside(graph, new Set(['demo']), new Set(['demo']));
  markRoots(graph);

  const marks = [...graph.values()].map(({ id, flags }) => [id, ...Object.keys(flags)].join(' '));
  assert.deepEqual(marks.sort(), [
    'unknown_source isInaccessible isRoot',
    'wl_demo_shop',
    'wl_demo_web',
    'wl_kube-system_gate isOutside isInaccessible isRoot',
  ]);
});

test('a graph of services leaves out the workloads between them', () => {
  const options = optionsOf('graphType=service');
  const graph = graphOf(
    options,
    request('web', 'shop', 3, '200'),
    request('web', 'shop', 1, '200', { destination_workload: 'shop2' }),
    request('shop', 'cart', 2, '200'),
    request('shop2', 'cart', 1, '500'),
  );
  markRoots(graph);

  assert.deepEqual(edgesOf(serviceGraphOf(graph)), [
    'svc_demo_shop > svc_demo_cart http http=3 http5xx=1',
    'wl_demo_web > svc_demo_shop http http=4',
  ]);
  // The edges of the graph itself keep their numbers.
  assert.equal(graph.get('wl_demo_shop')?.edges[0]?.rates.get('http'), 2);
});

const wrong: readonly [query: string, message: string][] = [
  ['duration=60', 'Invalid duration [60]'],
  ['graphType=pod', 'Invalid graphType [pod]'],
  [
    'app=a&graphType=service',
    'Invalid graphType [service]. This node detail graph supports only graphType app or versionedApp.',
  ],
  ['groupBy=x', 'Invalid groupBy [x]'],
  ['includeIstio=x', 'Invalid includeIstio [x]'],
  ['injectServiceNodes=yes', 'Invalid injectServiceNodes [yes]'],
  ['vendor=dot', 'Invalid vendor [dot]'],
];

for (const [query, message] of wrong) {
  test(`${query} is refused`, () => {
    assert.throws(() => optionsOf(query), { code: 400, message });
  });
}

test('a quantile that is none counts as 0.95', () => {
  for (const text of ['x', '0', '-1', '100', '']) {
    assert.equal(optionsOf(`responseTimeQuantile=${text}`).responseTimeQuantile, 0.95);
  }
  assert.equal(optionsOf('responseTimeQuantile=0.5').responseTimeQuantile, 0.5);
});

test('appenders are all by default and none for an empty text', () => {
  const names = (text: string) => [...parseAppenders(new URLSearchParams(text))];

  assert.equal(names('').length, 7);
  assert.deepEqual(names('appenders='), []);
  assert.deepEqual(names('appenders=istio, deadNode ,,'), ['istio', 'deadNode']);
  assert.throws(() => names('appenders=Istio'), { code: 400, message: 'Invalid appender [Istio]' });
});
