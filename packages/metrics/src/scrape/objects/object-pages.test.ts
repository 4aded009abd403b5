import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { RENDERERS } from './object-kinds.ts';
import { ObjectPages } from './object-pages.ts';

function linesOf(kind: keyof typeof RENDERERS, object: KubeObject): string[] {
  const pages = new ObjectPages(kind);
  pages.set('key', object);
  return pages.page().split('\n').slice(0, -1);
}

const metadata = { name: 'web-1', namespace: 'demo', uid: 'u1' };

test('a pod has its place, owner, phase, conditions, resources and waiting reasons', () => {
  const lines = linesOf('pods', {
    metadata: {
      ...metadata,
      ownerReferences: [
        { apiVersion: 'v1', kind: 'Node', name: 'n', uid: 'x' },
        { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid: 'y', controller: true },
      ],
    },
    spec: {
      nodeName: 'node-1',
      containers: [
        {
          name: 'app',
          resources: {
            requests: { cpu: '250m', memory: '64Mi', 'example.com/gpu': '1' },
            limits: { cpu: 'wrong' },
          },
        },
      ],
    },
    status: {
      phase: 'Running',
      hostIP: '10.0.0.1',
      podIP: '10.1.0.1',
      startTime: '2026-01-01T00:00:00Z',
      conditions: [
        { type: 'Ready', status: 'False' },
        { type: 'PodScheduled', status: 'True' },
        { type: 'Initialized', status: 'True' },
      ],
      containerStatuses: [
        {
          name: 'app',
          ready: false,
          restartCount: 3,
          state: { waiting: { reason: 'CrashLoopBackOff' } },
        },
      ],
    },
  });

  const at = 'namespace="demo",pod="web-1"';
  assert.deepEqual(lines, [
    `kube_pod_info{${at},uid="u1",node="node-1",host_ip="10.0.0.1",pod_ip="10.1.0.1",created_by_kind="ReplicaSet",created_by_name="web",host_network="false"} 1`,
    `kube_pod_owner{${at},owner_kind="ReplicaSet",owner_name="web",owner_is_controller="true"} 1`,
    `kube_pod_status_phase{${at},phase="Pending"} 0`,
    `kube_pod_status_phase{${at},phase="Succeeded"} 0`,
    `kube_pod_status_phase{${at},phase="Failed"} 0`,
    `kube_pod_status_phase{${at},phase="Unknown"} 0`,
    `kube_pod_status_phase{${at},phase="Running"} 1`,
    `kube_pod_status_ready{${at},condition="true"} 0`,
    `kube_pod_status_ready{${at},condition="false"} 1`,
    `kube_pod_status_ready{${at},condition="unknown"} 0`,
    `kube_pod_status_scheduled{${at},condition="true"} 1`,
    `kube_pod_status_scheduled{${at},condition="false"} 0`,
    `kube_pod_status_scheduled{${at},condition="unknown"} 0`,
    `kube_pod_container_resource_requests{${at},node="node-1",container="app",resource="cpu",unit="core"} 0.25`,
    `kube_pod_container_resource_requests{${at},node="node-1",container="app",resource="memory",unit="byte"} 67108864`,
    `kube_pod_container_resource_requests{${at},node="node-1",container="app",resource="example_com_gpu",unit="integer"} 1`,
    `kube_pod_container_status_waiting_reason{${at},container="app",reason="ContainerCreating"} 0`,
    `kube_pod_container_status_waiting_reason{${at},container="app",reason="CrashLoopBackOff"} 1`,
    `kube_pod_container_status_ready{${at},container="app"} 0`,
    `kube_pod_container_status_restarts_total{${at},container="app"} 3`,
    `kube_pod_start_time{${at}} 1767225600`,
  ]);
});

test('a pod that was only created has no node and no owner', () => {
  const lines = linesOf('pods', { metadata });

  assert.deepEqual(lines.slice(0, 2), [
    'kube_pod_info{namespace="demo",pod="web-1",uid="u1",created_by_kind="<none>",created_by_name="<none>",host_network="false"} 1',
    'kube_pod_owner{namespace="demo",pod="web-1",owner_kind="<none>",owner_name="<none>",owner_is_controller="<none>"} 1',
  ]);
  assert.equal(lines.length, 7);
});

test('a node has its roles, conditions and amounts under the names of both versions', () => {
  const lines = linesOf('nodes', {
    metadata: {
      name: 'cp',
      labels: { 'node-role.kubernetes.io/control-plane': '', 'node-role.kubernetes.io/worker': '' },
    },
    status: {
      addresses: [{ type: 'InternalIP', address: '10.0.0.9' }],
      nodeInfo: { kubeletVersion: 'v1.34.0' },
      conditions: [{ type: 'Ready', status: 'Unknown' }],
      capacity: { cpu: '4', memory: '8Gi', pods: '110' },
    },
  });

  assert.deepEqual(lines, [
    'kube_node_info{node="cp",kubelet_version="v1.34.0",internal_ip="10.0.0.9"} 1',
    'kube_node_role{node="cp",role="control-plane"} 1',
    'kube_node_role{node="cp",role="worker"} 1',
    'kube_node_role{node="cp",role="master"} 1',
    'kube_node_spec_unschedulable{node="cp"} 0',
    'kube_node_status_condition{node="cp",condition="Ready",status="true"} 0',
    'kube_node_status_condition{node="cp",condition="Ready",status="false"} 0',
    'kube_node_status_condition{node="cp",condition="Ready",status="unknown"} 1',
    'kube_node_status_capacity{node="cp",resource="cpu",unit="core"} 4',
    'kube_node_status_capacity_cpu_cores{node="cp"} 4',
    'kube_node_status_capacity{node="cp",resource="memory",unit="byte"} 8589934592',
    'kube_node_status_capacity_memory_bytes{node="cp"} 8589934592',
    'kube_node_status_capacity{node="cp",resource="pods",unit="integer"} 110',
    'kube_node_status_capacity_pods{node="cp"} 110',
  ]);
});

test('namespaces have their workspace, claims their class, quotas their amounts', () => {
  assert.deepEqual(
    linesOf('namespaces', {
      metadata: { name: 'demo', labels: { 'kubesphere.io/workspace': 'ws' } },
      status: { phase: 'Active' },
    }),
    [
      'kube_namespace_labels{namespace="demo",workspace="ws"} 1',
      'kube_namespace_status_phase{namespace="demo",phase="Active"} 1',
      'kube_namespace_status_phase{namespace="demo",phase="Terminating"} 0',
    ],
  );

  assert.equal(
    linesOf('persistentvolumeclaims', {
      metadata,
      spec: {
        storageClassName: 'fast',
        volumeName: 'pv-1',
        resources: { requests: { storage: '1Gi' } },
      },
      status: { phase: 'Bound' },
    })[0],
    'kube_persistentvolumeclaim_info{namespace="demo",persistentvolumeclaim="web-1",storageclass="fast",volumename="pv-1"} 1',
  );

  assert.deepEqual(
    linesOf('resourcequotas', {
      metadata,
      status: { hard: { 'limits.cpu': '2', 'count/pods': '10' }, used: { 'limits.cpu': '500m' } },
    }),
    [
      'kube_resourcequota{namespace="demo",resourcequota="web-1",resource="limits.cpu",type="hard"} 2',
      'kube_resourcequota{namespace="demo",resourcequota="web-1",resource="count/pods",type="hard"} 10',
      'kube_resourcequota{namespace="demo",resourcequota="web-1",resource="limits.cpu",type="used"} 0.5',
    ],
  );
});

test('every kind has the series that the templates of the monitoring API count', () => {
  const counted: Record<string, string> = {
    configmaps: 'kube_configmap_info',
    cronjobs: 'kube_cronjob_labels',
    daemonsets: 'kube_daemonset_labels',
    deployments: 'kube_deployment_labels',
    endpoints: 'kube_endpoint_labels',
    horizontalpodautoscalers: 'kube_hpa_labels',
    ingresses: 'kube_ingress_labels',
    jobs: 'kube_job_labels',
    namespaces: 'kube_namespace_labels',
    nodes: 'kube_node_info',
    persistentvolumeclaims: 'kube_persistentvolumeclaim_info',
    persistentvolumes: 'kube_persistentvolume_labels',
    pods: 'kube_pod_info',
    replicasets: 'kube_replicaset_labels',
    resourcequotas: 'kube_resourcequota',
    s2ibuilders: 's2i_s2ibuilder_created',
    secrets: 'kube_secret_info',
    services: 'kube_service_info',
    statefulsets: 'kube_statefulset_labels',
  };

  assert.deepEqual(Object.keys(counted).sort(), Object.keys(RENDERERS).sort());

  for (const kind of Object.keys(RENDERERS) as (keyof typeof RENDERERS)[]) {
    const spec = kind === 'resourcequotas' ? { hard: { pods: '1' } } : {};
    const [first] = linesOf(kind, { metadata, spec });
    assert.ok(first?.startsWith(`${counted[kind]}{`), `${kind}: ${first}`);
  }
});

test('a page follows changes and deletions, and keeps text outside of Latin-1', () => {
  const pages = new ObjectPages('secrets');

  pages.set('a', { metadata: { name: 'á…', namespace: 'n' } });
  pages.set('b', { metadata: { name: 'b', namespace: 'n' } });
  assert.equal(
    Buffer.from(pages.page(), 'latin1').toString(),
    'kube_secret_info{namespace="n",secret="á…"} 1\nkube_secret_info{namespace="n",secret="b"} 1\n',
  );

  pages.delete('a');
  pages.delete('a');
  assert.equal(pages.page(), 'kube_secret_info{namespace="n",secret="b"} 1\n');
  assert.equal(pages.size, 1);
});
