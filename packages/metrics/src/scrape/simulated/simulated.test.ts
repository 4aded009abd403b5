import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { PodFacts } from '../cluster/cluster-state.ts';
import { SimulatedNode } from './simulated-node.ts';
import { SimulatedPods } from './simulated-pods.ts';
import { shareOf, Usage } from './usage.ts';

const NOW = 1_767_225_600;

const pod: PodFacts = {
  namespace: 'demo',
  name: 'web',
  uid: 'u',
  node: 'simulated-1',
  isRunning: true,
  started: (NOW - 3600) * 1000,
  containers: [
    {
      name: 'app',
      image: 'nginx:1',
      cpuRequest: 0.5,
      cpuLimit: 1,
      memoryRequest: 2 ** 28,
      memoryLimit: 2 ** 29,
    },
  ],
  claims: ['data'],
};

function valuesAt(time: number, one = pod): Map<string, number> {
  const pods = new SimulatedPods(time);
  pods.add(one);
  return valuesOf(pods.page);
}

function valuesOf(page: string): Map<string, number> {
  return new Map(
    page
      .trim()
      .split('\n')
      .map((line) => {
        const space = line.lastIndexOf(' ');
        return [line.slice(0, space), Number(line.slice(space + 1))];
      }),
  );
}

test('the share of a text is spread over 0 to 1', () => {
  const shares = Array.from({ length: 1000 }, (_, index) => shareOf(`pod-${index}`));

  assert.ok(shares.every((share) => share >= 0 && share < 1));
  for (let tenth = 0; tenth < 10; tenth++) {
    const count = shares.filter((share) => Math.floor(share * 10) === tenth).length;
    assert.ok(count > 60 && count < 140, `${count}`);
  }
});

test('a use is never negative, and its sum is the integral of its rate', () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.integer({ min: 1e9, max: 2e9 }),
      fc.nat(1e5),
      (text, start, span) => {
        const usage = new Usage(text, 3);
        const whole = usage.between(start, start + span);
        const half = start + span / 2;

        assert.ok(usage.at(start) > 0 && usage.at(start) < 6);
        assert.ok(whole >= 0);
        assert.ok(
          Math.abs(usage.between(start, half) + usage.between(half, start + span) - whole) < 1e-2,
        );
        assert.ok(Math.abs(usage.between(start, start + 1) - usage.at(start + 0.5)) < 1e-3);
      },
    ),
  );
});

test('pods use about what they request, steadily, and the same after a restart of the server', () => {
  const cpu =
    'container_cpu_usage_seconds_total{container="app",image="nginx:1",namespace="demo",pod="web"}';
  const memory =
    'container_memory_usage_bytes{container="app",image="nginx:1",namespace="demo",pod="web"}';
  let before = valuesAt(NOW);

  for (let minute = 1; minute < 1440; minute += 1) {
    const now = valuesAt(NOW + minute * 60);
    const rate = ((now.get(cpu) ?? 0) - (before.get(cpu) ?? 0)) / 60;
    const bytes = now.get(memory) ?? 0;

    assert.ok(rate > 0.05 && rate < 0.7, `${rate}`);
    assert.ok(bytes > 2 ** 26 && bytes < 2 ** 29 && bytes % 4096 === 0, `${bytes}`);
    assert.ok(Math.abs(bytes - (before.get(memory) ?? 0)) < bytes * 0.05);
    before = now;
  }

  assert.deepEqual(valuesAt(NOW + 5), valuesAt(NOW + 5));
  assert.equal(
    valuesAt(NOW).get(
      'kubelet_volume_stats_capacity_bytes{namespace="demo",persistentvolumeclaim="data"}',
    ),
    10 * 2 ** 30,
  );
});

test('pods that do not run use nothing', () => {
  const pods = new SimulatedPods(NOW);
  pods.add({ ...pod, isRunning: false });

  assert.equal(pods.page, '');
  assert.deepEqual(pods.usage, { cpu: 0, memory: 0, received: 0, sent: 0 });
});

test('a node uses what its pods use and a little more, and its counters only grow', () => {
  const facts = { name: 'simulated-1', address: '', cpus: 8, memory: 2 ** 35, annotations: {} };
  const node = new SimulatedNode();
  const usage = { cpu: 2, memory: 2 ** 33, received: 100, sent: 200 };
  const used = 'node_cpu_seconds_total{cpu="7",mode="used"}';

  const first = valuesOf(node.page(facts, usage, NOW));
  const second = valuesOf(node.page(facts, usage, NOW + 60));

  assert.equal(first.get(used), 0);
  assert.equal(second.get(used), Math.round((2.15 / 8) * 6000) / 100);
  assert.equal(second.get('node_cpu_seconds_total{cpu="0",mode="idle"}'), 43.88);
  assert.equal(second.get('node_network_receive_bytes_total{device="eth0"}'), 6000);
  assert.equal(second.get('node_load1'), 2.15);
  assert.equal(second.get('node_memory_MemTotal_bytes'), 2 ** 35);
  assert.ok((second.get('node_disk_reads_completed_total{device="sda"}') ?? 0) > 0);
  assert.ok([...first.keys()].every((series) => second.has(series)));
});
