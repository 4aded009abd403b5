import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ClusterState } from '../cluster/cluster-state.ts';
import { summaryPages } from './summary.ts';

const facts = { name: 'n1', address: '10.0.0.1', cpus: 2, memory: 8e9, annotations: {} };

function clusterOf(): ClusterState {
  const cluster = new ClusterState();

  cluster.setPod('demo/web', {
    metadata: { namespace: 'demo', name: 'web' },
    spec: { nodeName: 'n1', containers: [{ name: 'app', image: 'nginx:1' }] },
  });

  return cluster;
}

function pagesOf(summary: unknown) {
  const options = { facts, cluster: clusterOf(), time: 1_767_225_700 };
  return summaryPages(JSON.stringify(summary), options);
}

test('containers, networks and volumes of pods get the names and labels of the usual pages', () => {
  const pages = pagesOf({
    pods: [
      {
        podRef: { namespace: 'demo', name: 'web' },
        containers: [
          {
            name: 'app',
            cpu: { usageCoreNanoSeconds: 1_234_567_890 },
            memory: { usageBytes: 300, workingSetBytes: 200, rssBytes: 100 },
          },
          { name: 'other', memory: { workingSetBytes: 5 } },
        ],
        network: { name: 'eth0', rxBytes: 7, txBytes: 8 },
        volume: [
          { name: 'token', usedBytes: 1 },
          {
            name: 'data',
            pvcRef: { namespace: 'demo', name: 'claim' },
            capacityBytes: 100,
            availableBytes: 60,
            usedBytes: 40,
            inodes: 9,
            inodesFree: 6,
            inodesUsed: 3,
          },
        ],
      },
    ],
  });

  const at = 'namespace="demo",pod="web"';
  assert.deepEqual(pages.containers.trim().split('\n'), [
    `container_cpu_usage_seconds_total{container="app",image="nginx:1",${at}} 1.23456789`,
    `container_memory_usage_bytes{container="app",image="nginx:1",${at}} 300`,
    `container_memory_working_set_bytes{container="app",image="nginx:1",${at}} 200`,
    `container_memory_rss{container="app",image="nginx:1",${at}} 100`,
    `container_memory_working_set_bytes{container="other",image="unknown",${at}} 5`,
    `container_network_receive_bytes_total{interface="eth0",${at}} 7`,
    `container_network_transmit_bytes_total{interface="eth0",${at}} 8`,
  ]);

  const claim = 'namespace="demo",persistentvolumeclaim="claim"';
  assert.deepEqual(pages.volumes.trim().split('\n'), [
    `kubelet_volume_stats_capacity_bytes{${claim}} 100`,
    `kubelet_volume_stats_available_bytes{${claim}} 60`,
    `kubelet_volume_stats_used_bytes{${claim}} 40`,
    `kubelet_volume_stats_inodes{${claim}} 9`,
    `kubelet_volume_stats_inodes_free{${claim}} 6`,
    `kubelet_volume_stats_inodes_used{${claim}} 3`,
  ]);
});

test('a node is told as by a node exporter, its use spread over its processors', () => {
  const { node } = pagesOf({
    node: {
      startTime: '2026-01-01T00:00:00Z',
      cpu: { usageCoreNanoSeconds: 80e9 },
      memory: { availableBytes: 3e9 },
      network: { name: 'eth0', interfaces: [{ name: 'eth0', rxBytes: 1, txBytes: 2 }] },
      fs: { capacityBytes: 50, availableBytes: 20, inodes: 10, inodesFree: 4 },
    },
  });

  assert.deepEqual(node.trim().split('\n'), [
    'node_cpu_seconds_total{cpu="0",mode="used"} 40',
    'node_cpu_seconds_total{cpu="0",mode="idle"} 60',
    'node_cpu_seconds_total{cpu="1",mode="used"} 40',
    'node_cpu_seconds_total{cpu="1",mode="idle"} 60',
    'node_memory_MemTotal_bytes 8000000000',
    'node_memory_MemAvailable_bytes 3000000000',
    'node_memory_MemFree_bytes 3000000000',
    'node_memory_Cached_bytes 0',
    'node_memory_Buffers_bytes 0',
    'node_memory_SReclaimable_bytes 0',
    'node_filesystem_size_bytes{device="/dev/root",mountpoint="/"} 50',
    'node_filesystem_avail_bytes{device="/dev/root",mountpoint="/"} 20',
    'node_filesystem_files{device="/dev/root",mountpoint="/"} 10',
    'node_filesystem_files_free{device="/dev/root",mountpoint="/"} 4',
    'node_network_receive_bytes_total{device="eth0"} 1',
    'node_network_transmit_bytes_total{device="eth0"} 2',
  ]);
});

test('any JSON makes pages, other text is a SyntaxError', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      pagesOf(value);
      pagesOf({ pods: value, node: value });
      pagesOf({ pods: [value, { podRef: value, containers: [value], volume: [value] }] });
    }),
  );

  const options = { facts, cluster: clusterOf(), time: 0 };
  assert.throws(() => summaryPages('<html>', options), SyntaxError);
});
