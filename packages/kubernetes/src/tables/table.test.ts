import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { builtinKinds } from '../schemas/builtin.ts';
import { findJsonPath, parseJsonPath } from './json-path.ts';
import { humanDuration } from './printer.ts';
import { tableFor } from './table.ts';

const now = Date.parse('2026-01-10T00:00:00Z');
const metadata = (name: string) => ({ name, creationTimestamp: '2026-01-06T20:00:00Z' });
const core = (kind: string) => ({ group: '', version: 'v1', kind });
const rows = (gvk: { group: string; version: string; kind: string }, object: KubeObject) =>
  tableFor(gvk, [object], { now, includeObject: 'None' }).rows[0]?.cells;

test('a service shows its node port as kubectl does', () => {
  const service: KubeObject = {
    metadata: metadata('ks-apiserver'),
    spec: {
      type: 'NodePort',
      clusterIP: '10.233.0.7',
      ports: [{ port: 80, nodePort: 30880, protocol: 'TCP' }],
      selector: { tier: 'backend', app: 'ks-apiserver' },
    },
  };

  const table = tableFor(core('Service'), [service], { now });
  assert.deepEqual(
    table.columnDefinitions?.map(({ name, priority }) => [name, priority]),
    [
      ['Name', 0],
      ['Type', 0],
      ['Cluster-IP', 0],
      ['External-IP', 0],
      ['Port(s)', 0],
      ['Age', 0],
      ['Selector', 1],
    ],
  );

  assert.deepEqual(table.rows[0]?.cells, [
    'ks-apiserver',
    'NodePort',
    '10.233.0.7',
    '<none>',
    '80:30880/TCP',
    '3d4h',
    'app=ks-apiserver,tier=backend',
  ]);

  assert.deepEqual(table.rows[0]?.object, {
    kind: 'PartialObjectMetadata',
    apiVersion: 'meta.k8s.io/v1',
    metadata: service.metadata,
  });
});

test('a pod shows why it waits, and its restarts', () => {
  const pod: KubeObject = {
    metadata: metadata('p'),
    spec: { containers: [{ name: 'a' }, { name: 'b' }], nodeName: 'n' },
    status: {
      phase: 'Running',
      containerStatuses: [
        {
          name: 'a',
          ready: true,
          restartCount: 3,
          state: { running: {} },
          lastState: { terminated: { exitCode: 1, finishedAt: '2026-01-09T23:00:00Z' } },
        },
        {
          name: 'b',
          ready: false,
          restartCount: 0,
          state: { waiting: { reason: 'ImagePullBackOff' } },
        },
      ],
    },
  };

  assert.deepEqual(rows(core('Pod'), pod), [
    'p',
    '1/2',
    'ImagePullBackOff',
    '3 (60m ago)',
    '3d4h',
    '<none>',
    'n',
    '<none>',
    '<none>',
  ]);

  const starting = {
    metadata: metadata('p'),
    spec: { containers: [{}], initContainers: [{ name: 'i' }] },
    status: { phase: 'Pending', initContainerStatuses: [{ name: 'i', state: { running: {} } }] },
  };

  assert.equal(rows(core('Pod'), starting)?.[2], 'Init:0/1');

  const going = {
    metadata: { ...metadata('p'), deletionTimestamp: 'x' },
    status: { phase: 'Running' },
  };

  assert.equal(rows(core('Pod'), going)?.[2], 'Terminating');
});

test('a node shows roles and whether it accepts pods', () => {
  const node: KubeObject = {
    metadata: {
      ...metadata('n'),
      labels: { 'node-role.kubernetes.io/master': '', 'node-role.kubernetes.io/worker': '' },
    },
    spec: { unschedulable: true },
    status: {
      conditions: [{ type: 'Ready', status: 'True' }],
      nodeInfo: { kubeletVersion: 'v1.36.0' },
    },
  };

  assert.deepEqual(rows(core('Node'), node)?.slice(0, 5), [
    'n',
    'Ready,SchedulingDisabled',
    'master,worker',
    '3d4h',
    'v1.36.0',
  ]);
});

test('every kind has as many cells as columns, also for an empty object', () => {
  for (const gvk of builtinKinds()) {
    const table = tableFor(gvk, [{ metadata: { name: 'x' } }], { now });
    assert.equal(table.rows[0]?.cells.length, table.columnDefinitions?.length, gvk.kind);
  }
});

test('columns of a CRD', () => {
  const object: KubeObject = {
    metadata: metadata('x'),
    spec: { n: 5, list: ['a', 'b'], ready: true, at: '2026-01-09T00:00:00Z' },
    status: { conditions: [{ type: 'Ready', status: 'True' }] },
  };

  const column = (type: string, jsonPath: string) => ({ name: jsonPath, type, jsonPath });

  const printerColumns = [
    column('integer', '.spec.n'),
    column('string', '.spec.list[*]'),
    column('string', '.spec.list'),
    column('boolean', '.spec.ready'),
    column('date', '.spec.at'),
    column('string', '.status.conditions[?(@.type=="Ready")].status'),
    column('string', '.spec.nope'),
    column('integer', '.spec.list'),
    column('string', '.constructor'),
  ];

  const gvk = { group: 'x', version: 'v1', kind: 'X' };
  const table = tableFor(gvk, [object], { now, printerColumns });
  assert.deepEqual(table.rows[0]?.cells, [
    'x',
    5,
    'a',
    '["a","b"]',
    true,
    '24h',
    'True',
    null,
    null,
    null,
  ]);

  const plain = tableFor(gvk, [object], { now, printerColumns: [], includeObject: 'Object' });
  assert.deepEqual(plain.rows[0]?.cells, ['x', '3d4h']);
  assert.equal(plain.rows[0]?.object, object);
});

test('paths outside the subset are not evaluated', () => {
  for (const path of ['.a[(@.length-1)]', '.a[?(@.b>1)]', '..a', '.a[?(@.x=~/y/)]', '.a[0:2]']) {
    assert.equal(parseJsonPath(path), undefined, path);
  }

  assert.deepEqual(findJsonPath({ 'a.b': { c: [1, 2] } }, parseJsonPath(`{['a.b'].c[-1]}`)!), [2]);

  assert.deepEqual(
    findJsonPath(
      { metadata: { labels: { 'x.io/y': 'z' } } },
      parseJsonPath('.metadata.labels.x\\.io/y')!,
    ),
    ['z'],
  );
});

test('durations', () => {
  const seconds = {
    5: '5s',
    119: '119s',
    120: '2m',
    310: '5m10s',
    7200: '120m',
    12000: '3h20m',
    100000: '27h',
    280000: '3d5h',
    1e7: '115d',
    1e8: '3y62d',
  };

  for (const [value, text] of Object.entries(seconds)) {
    assert.equal(humanDuration(Number(value) * 1000), text);
  }

  assert.equal(humanDuration(-5000), '<invalid>');
});
