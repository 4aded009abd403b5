import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type StrategySpec,
  type VirtualServiceSpec,
  virtualServiceSpec,
} from './virtual-service-spec.ts';

const service = (...ports: object[]) => ({
  metadata: { name: 'web', namespace: 'demo', labels: { app: 'web' } },
  spec: { ports },
});
const HTTP = service({ name: 'http', port: 80 });
const toSubset = (subset: string, weight: number) => ({
  destination: { host: 'web', subset },
  weight,
});

const CANARY: StrategySpec = {
  template: {
    spec: { hosts: ['web'], http: [{ route: [toSubset('v1', 80), toSubset('v2', 20)] }] },
  },
};

test('without a Strategy everything goes to the first version', () => {
  assert.deepEqual(virtualServiceSpec(HTTP, ['v1', 'v2'], []), {
    spec: {
      hosts: ['web'],
      http: [
        {
          route: [
            { destination: { host: 'web', subset: 'v1', port: { number: 80 } }, weight: 100 },
          ],
        },
      ],
    },
  });
});

test('ports that are not called http are TCP; of several each has its own rule', () => {
  const { spec } = virtualServiceSpec(
    service(
      { name: 'http-api', port: 8080 },
      { name: 'mysql', port: 3306 },
      { port: 9000, protocol: 'TCP' },
      { port: 53, protocol: 'UDP' },
    ),
    ['v1'],
    [],
  );

  assert.equal(spec?.http?.length, 1);
  assert.deepEqual(
    spec?.tcp?.map(({ match }) => match),
    [[{ port: 3306 }], [{ port: 9000 }]],
  );
  assert.match(
    virtualServiceSpec(service({ port: 53, protocol: 'UDP' }), ['v1'], []).problem ?? '',
    /no TCP port/,
  );
});

test('a Strategy divides requests, and its destinations get the port of the Service', () => {
  const { spec, problem } = virtualServiceSpec(HTTP, ['v1'], [CANARY]);

  assert.equal(problem, undefined);
  assert.deepEqual(
    spec?.http?.[0]?.route?.map(({ destination, weight }) => [destination, weight]),
    [
      [{ host: 'web', subset: 'v1', port: { number: 80 } }, 80],
      [{ host: 'web', subset: 'v2', port: { number: 80 } }, 20],
    ],
  );
});

test('a copy of requests gets a port too, and a port that is there stays', () => {
  const mirror: StrategySpec = {
    template: {
      spec: {
        http: [
          {
            route: [{ destination: { host: 'web', port: { number: 81 } } }],
            mirror: { host: 'web', subset: 'v2' },
          },
        ],
      },
    },
  };
  const [rule] = virtualServiceSpec(HTTP, ['v1'], [mirror]).spec?.http ?? [];

  assert.equal(rule?.route?.[0]?.destination?.port?.number, 81);
  assert.equal(rule?.mirror?.port?.number, 80);
});

test('a Strategy that is paused or waits for a version is not applied yet', () => {
  const first = (strategy: StrategySpec, subsets: string[]) =>
    virtualServiceSpec(HTTP, subsets, [strategy]).spec?.http?.[0]?.route?.length;

  assert.equal(first({ ...CANARY, strategyPolicy: 'Paused' }, ['v1', 'v2']), 1);
  assert.equal(first({ ...CANARY, strategyPolicy: 'WaitForWorkloadReady' }, ['v1']), 1);
  assert.equal(first({ ...CANARY, strategyPolicy: 'WaitForWorkloadReady' }, ['v1', 'v2']), 2);
  assert.equal(first({ ...CANARY, strategyPolicy: 'Immediately' }, ['v1']), 2);
});

test('a version that was decided for gets everything', () => {
  const { spec } = virtualServiceSpec(HTTP, ['v1', 'v12'], [{ ...CANARY, governor: 'v1.2' }]);
  assert.deepEqual(spec?.http, [
    { route: [{ destination: { host: 'web', subset: 'v12', port: { number: 80 } }, weight: 100 }] },
  ]);
});

test('several Strategies, or one without routes, change nothing', () => {
  assert.deepEqual(Object.keys(virtualServiceSpec(HTTP, ['v1'], [CANARY, CANARY])), ['problem']);
  assert.deepEqual(Object.keys(virtualServiceSpec(HTTP, ['v1'], [{}])), ['problem']);
});

const foreign: Readonly<Record<string, object>> = {
  'another namespace': { http: [{ route: [{ destination: { host: 'db.other' } }] }] },
  'another namespace in full': {
    tcp: [{ route: [{ destination: { host: 'db.other.svc.cluster.local' } }] }],
  },
  'a host outside of the cluster': {
    tls: [{ route: [{ destination: { host: 'evil.example.com' } }] }],
  },
  'a host that looks like its own': {
    http: [{ route: [{ destination: { host: 'web.demo.svc.evil.com' } }] }],
  },
  'a copy elsewhere': {
    http: [{ route: [toSubset('v1', 100)], mirror: { host: 'spy.other' } }],
  },
  'copies elsewhere': {
    http: [{ route: [toSubset('v1', 100)], mirrors: [{ destination: { host: 'spy.other' } }] }],
  },
  'another VirtualService': { http: [{ delegate: { name: 'x', namespace: 'other' } }] },
  'a gateway elsewhere': {
    gateways: ['mesh', 'istio-system/ingress'],
    http: [{ route: [toSubset('v1', 100)] }],
  },
  'no host': { http: [{ route: [{ destination: {} }] }] },
};

for (const [name, spec] of Object.entries(foreign)) {
  test(`a Strategy with ${name} is not applied`, () => {
    const outcome = virtualServiceSpec(
      HTTP,
      ['v1'],
      [{ template: { spec: spec as VirtualServiceSpec } }],
    );

    assert.match(outcome.problem ?? '', /^the Strategy is not applied: .*this namespace/);
    assert.deepEqual(outcome.spec, virtualServiceSpec(HTTP, ['v1'], []).spec);
  });
}

test('Services of the namespace are reached by all of their names', () => {
  for (const host of ['web', 'web-2.demo', 'web-2.demo.svc', 'web-2.demo.svc.cluster.local']) {
    const spec = { http: [{ route: [{ destination: { host } }] }], gateways: ['demo/own', 'own'] };
    assert.equal(virtualServiceSpec(HTTP, ['v1'], [{ template: { spec } }]).problem, undefined);
  }
});

test('only hosts of the Service itself are kept', () => {
  const hostsFor = (hosts: unknown) => {
    const spec = { hosts: hosts as string[], http: [{ route: [toSubset('v1', 100)] }] };
    return virtualServiceSpec(HTTP, ['v1'], [{ template: { spec } }]).spec?.hosts;
  };

  assert.deepEqual(hostsFor(['web.demo.svc.cluster.local', 'db.other', '*']), [
    'web.demo.svc.cluster.local',
  ]);
  assert.deepEqual(hostsFor(['db.other.svc.cluster.local']), ['web']);
  assert.deepEqual(hostsFor('*'), ['web']);
});

test('whatever a template is, a VirtualService reaches its namespace alone', () => {
  const host = fc.constantFrom('web', 'db.other', '*', 5, null);
  const key = fc.constantFrom(
    'http',
    'tcp',
    'route',
    'destination',
    'mirror',
    'host',
    'hosts',
    'x',
  );
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 6 },
      host,
      fc.array(tie('tree'), { maxLength: 3 }),
      fc.dictionary(key, tie('tree'), { maxKeys: 4 }),
    ),
  }));

  fc.assert(
    fc.property(fc.dictionary(key, tree, { maxKeys: 4 }), (spec) => {
      const outcome = virtualServiceSpec(
        HTTP,
        ['v1'],
        [{ template: { spec: spec as VirtualServiceSpec } }],
      );
      const text =
        JSON.stringify(outcome.spec?.http ?? []) + JSON.stringify(outcome.spec?.tcp ?? []);

      assert.deepEqual(outcome.spec?.hosts ?? ['web'], ['web']);
      assert.doesNotMatch(text, /"(destination|mirror)":\{[^{}]*"host":"(db\.other|\*)"/);
    }),
  );
});
