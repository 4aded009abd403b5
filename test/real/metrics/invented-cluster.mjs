// A cluster that does not exist, as its exporters would show it.
import { chance, counter, fixed, gauge } from './invented-series.mjs';

/** @typedef {import('./invented-series.mjs').InventedSeries} InventedSeries */

/**
 * What is scraped of one exporter. `isStamped`: whether its page shows the time of each sample.
 * @typedef {{ labels: Record<string, string>, honorLabels: boolean, isStamped: boolean,
 * series: InventedSeries[] }} InventedTarget
 */

/** @typedef {{ index: number, name: string, namespace: string, node: string, workload: string,
 * kind: string, phase: string }} Pod */

const MONITORING = 'kubesphere-monitoring-system';
const GIB = 1024 ** 3;
const KINDS = ['Deployment', 'Deployment', 'Deployment', 'StatefulSet', 'DaemonSet'];
const PHASES = ['Pending', 'Running', 'Succeeded', 'Failed', 'Unknown'];
const QUANTILE_BOUNDS = ['0.005', '0.05', '0.5', '5', '+Inf'];

const nodeName = (node) => `node-${node}`;
const address = (node) => `10.0.${node >> 8}.${node & 255}`;

/** Pods of applications; ten belong to one workload, one of fifty is not well. */
function makePods({ pods, nodes, namespaces }) {
  return Array.from({ length: pods }, (_, index) => {
    const group = Math.floor(index / 10);
    const kind = KINDS[group % KINDS.length] ?? 'Deployment';
    const workload = `app-${group}`;
    const middle = kind === 'Deployment' ? '-5d8f7c9b6d' : '';

    return {
      index,
      kind,
      workload,
      name: `${workload}${middle}-${index.toString(36).padStart(5, 'x')}`,
      namespace: `project-${group % namespaces}`,
      node: nodeName(index % nodes),
      phase: index % 50 === 7 ? (PHASES[(index % 7) % 5] ?? 'Failed') : 'Running',
    };
  });
}

/** What kube-state-metrics tells about a pod, under the names of both versions. */
function podState({ name, namespace, node, kind, workload, phase }, hostIp) {
  const pod = { namespace, pod: name };
  const owner =
    kind === 'Deployment'
      ? { owner_kind: 'ReplicaSet', owner_name: `${workload}-5d8f7c9b6d` }
      : { owner_kind: kind, owner_name: workload };
  const isWaiting = phase === 'Pending';

  return [
    fixed('kube_pod_info', { ...pod, node, host_ip: hostIp, pod_ip: '10.1.1.1' }),
    fixed('kube_pod_owner', { ...pod, ...owner }),
    ...PHASES.map((one) =>
      fixed('kube_pod_status_phase', { ...pod, phase: one }, Number(one === phase)),
    ),
    ...['true', 'false', 'unknown'].map((condition) =>
      fixed(
        'kube_pod_status_ready',
        { ...pod, condition },
        Number((phase === 'Running') === (condition === 'true')),
      ),
    ),
    fixed('kube_pod_status_scheduled', { ...pod, condition: 'true' }),
    fixed(
      'kube_pod_container_status_waiting_reason',
      { ...pod, container: 'app', reason: 'ContainerCreating' },
      Number(isWaiting),
    ),
  ];
}

function nodeState(node) {
  const name = nodeName(node);
  const isReady = node % 17 !== 16;

  return [
    ...['true', 'false', 'unknown'].map((status) =>
      fixed(
        'kube_node_status_condition',
        { node: name, condition: 'Ready', status },
        Number(status === (isReady ? 'true' : 'unknown')),
      ),
    ),
    fixed('kube_node_status_capacity', { node: name, resource: 'pods', unit: 'integer' }, 110),
    fixed('kube_node_status_capacity', { node: name, resource: 'cpu', unit: 'core' }, 4),
    fixed('kube_node_status_capacity_pods', { node: name }, 110),
    ...(node < 3 ? [fixed('kube_node_role', { node: name, role: 'master' })] : []),
  ];
}

/** Objects that are only counted, by metric and label. */
const COUNTED = {
  kube_configmap_info: 'configmap',
  kube_cronjob_labels: 'cronjob',
  kube_endpoint_labels: 'endpoint',
  kube_hpa_labels: 'hpa',
  kube_ingress_labels: 'ingress',
  kube_job_labels: 'job_name',
  kube_secret_info: 'secret',
  kube_service_info: 'service',
  s2i_s2ibuilder_created: 's2ibuilder',
};

function namespaceState(index) {
  const namespace = `project-${index}`;
  const counts = Object.entries(COUNTED).flatMap(([metric, label], kind) =>
    Array.from({ length: 1 + ((index + kind) % 3) }, (_, one) =>
      fixed(metric, { namespace, [label]: `${label}-${one}` }),
    ),
  );

  return [
    fixed('kube_namespace_labels', { namespace, workspace: `team-${index % 5}` }),
    ...['limits.memory', 'limits.cpu', 'count/pods'].map((resource, at) =>
      fixed(
        'kube_resourcequota',
        { namespace, resourcequota: namespace, resource, type: 'hard' },
        (at + 1) * 100,
      ),
    ),
    fixed('kube_persistentvolumeclaim_info', {
      namespace,
      persistentvolumeclaim: 'data',
      storageclass: 'fast',
    }),
    fixed('kube_persistentvolume_labels', { persistentvolume: `pv-${index}` }),
    ...counts,
  ];
}

/** Replicas of a workload; of every seventh some are missing. */
function workloadState({ namespace, workload, kind, index }) {
  const label = kind.toLowerCase();
  const of = { namespace, [label]: workload };
  const missing = index % 70 === 0 ? 2 : 0;
  const values = {
    Deployment: {
      labels: 1,
      spec_replicas: 10,
      status_replicas_available: 10 - missing,
      status_replicas_unavailable: missing,
    },
    StatefulSet: { labels: 1, replicas: 10, status_replicas_current: 10 - missing },
    DaemonSet: {
      labels: 1,
      status_desired_number_scheduled: 10,
      status_number_available: 10 - missing,
      status_number_unavailable: missing,
    },
  };

  return [
    ...Object.entries(values[kind]).map(([name, value]) =>
      fixed(`kube_${label}_${name}`, of, value),
    ),
    ...(kind === 'Deployment'
      ? [fixed('kube_replicaset_labels', { namespace, replicaset: `${workload}-5d8f7c9b6d` })]
      : []),
  ];
}

/** What a kubelet tells about containers. */
function containers(/** @type {Pod[]} */ pods) {
  return pods.flatMap(({ name, namespace, index }) => {
    const pod = { namespace, pod: name };
    const container = {
      ...pod,
      container: 'app',
      image: `registry.example.com/web:1.${index % 9}`,
    };
    const net = { ...pod, interface: 'eth0' };
    const share = chance(index);

    return [
      counter('container_cpu_usage_seconds_total', container, { base: index, rate: share * 2 }),
      gauge('container_memory_usage_bytes', container, 2e8 * (1 + share)),
      gauge('container_memory_working_set_bytes', container, 1e8 * (1 + share)),
      counter('container_network_receive_bytes_total', net, { base: 1e6, rate: 100 + 1e4 * share }),
      counter('container_network_transmit_bytes_total', net, {
        base: 2e6,
        rate: 200 + 2e4 * share,
      }),
    ];
  });
}

/** What a kubelet tells about the volumes of a namespace's claim. */
function volumes(index) {
  const claim = { namespace: `project-${index}`, persistentvolumeclaim: 'data' };

  return [
    fixed('kubelet_volume_stats_capacity_bytes', claim, 10 * GIB),
    gauge('kubelet_volume_stats_available_bytes', claim, 4 * GIB),
    gauge('kubelet_volume_stats_used_bytes', claim, 6 * GIB),
    fixed('kubelet_volume_stats_inodes', claim, 655_360),
    gauge('kubelet_volume_stats_inodes_free', claim, 600_000),
    gauge('kubelet_volume_stats_inodes_used', claim, 55_360),
  ];
}

/** What a node exporter tells, with the processor mode of KubeSphere's own. */
function machine(node) {
  const share = chance(node, 1);
  const modes = { idle: 1 - share, iowait: 0.01, system: share / 3, user: share / 2, used: share };
  const disks = ['sda', 'sdb'].flatMap((disk) => [
    counter('node_disk_reads_completed_total', { device: disk }, { rate: 3 + share }),
    counter('node_disk_writes_completed_total', { device: disk }, { rate: 9 + share }),
    counter('node_disk_read_bytes_total', { device: disk }, { rate: 4096 * (10 + share) }),
    counter('node_disk_written_bytes_total', { device: disk }, { rate: 8192 * (10 + share) }),
  ]);
  const files = ['/dev/sda1', '/dev/sdb1', '/dev/loop3', 'tmpfs'].flatMap((device) => {
    const at = { device, mountpoint: `/${device}`, fstype: 'ext4' };

    return [
      fixed('node_filesystem_size_bytes', at, 100 * GIB),
      gauge('node_filesystem_avail_bytes', at, 40 * GIB),
      fixed('node_filesystem_files', at, 6_553_600),
      gauge('node_filesystem_files_free', at, 6_000_000),
    ];
  });

  return [
    ...Array.from({ length: 4 }, (_, cpu) =>
      Object.entries(modes).map(([mode, rate]) =>
        counter('node_cpu_seconds_total', { cpu: String(cpu), mode }, { base: cpu * 1000, rate }),
      ),
    ).flat(),
    ...['1', '5', '15'].map((minutes) => gauge(`node_load${minutes}`, {}, 4 * share)),
    fixed('node_memory_MemTotal_bytes', {}, 16 * GIB),
    ...['MemFree', 'Cached', 'Buffers', 'SReclaimable'].map((name, at) =>
      gauge(`node_memory_${name}_bytes`, {}, (4 - at) * GIB),
    ),
    ...['eth0', 'cali1234', 'lo'].flatMap((device) => [
      counter('node_network_receive_bytes_total', { device }, { rate: 5e4 * (1 + share) }),
      counter('node_network_transmit_bytes_total', { device }, { rate: 7e4 * (1 + share) }),
    ]),
    ...disks,
    ...files,
  ];
}

/** A histogram of which most observations are in the middle. */
function histogram(name, labels, rate) {
  const shares = [0.1, 0.6, 0.9, 0.99, 1];

  return [
    ...QUANTILE_BOUNDS.map((le, at) =>
      counter(`${name}_bucket`, { ...labels, le }, { rate: rate * (shares[at] ?? 1) }),
    ),
    counter(`${name}_sum`, labels, { rate: rate / 7 }),
    counter(`${name}_count`, labels, { rate }),
  ];
}

function etcd(node) {
  const counters = {
    etcd_server_proposals_failed_total: 0.01,
    etcd_server_proposals_applied_total: 20,
    etcd_server_proposals_committed_total: 21,
    etcd_network_client_grpc_received_bytes_total: 9000,
    etcd_network_client_grpc_sent_bytes_total: 12_000,
    grpc_server_msg_received_total: 40,
    grpc_server_msg_sent_total: 41,
  };

  return [
    fixed('etcd_server_has_leader', {}),
    fixed('etcd_server_leader_changes_seen_total', {}, 2 + node),
    fixed('etcd_server_proposals_pending', {}, node),
    gauge('etcd_debugging_mvcc_db_total_size_in_bytes', {}, 3e7),
    ...Object.entries(counters).map(([name, rate]) => counter(name, {}, { rate })),
    counter('grpc_server_started_total', { grpc_type: 'unary' }, { rate: 30 }),
    counter('grpc_server_handled_total', { grpc_type: 'unary', grpc_code: 'OK' }, { rate: 29 }),
    counter(
      'grpc_server_handled_total',
      { grpc_type: 'unary', grpc_code: 'Internal' },
      { rate: 1 },
    ),
    ...histogram('etcd_disk_wal_fsync_duration_seconds', {}, 15),
    ...histogram('etcd_disk_backend_commit_duration_seconds', {}, 12),
  ];
}

function apiServer() {
  return ['GET', 'LIST', 'POST', 'PUT', 'WATCH'].flatMap((verb, at) => [
    counter('apiserver_request_total', { verb, code: '200' }, { rate: 10 + at }),
    ...histogram('apiserver_request_duration_seconds', { verb, subresource: '' }, 10 + at),
  ]);
}

function scheduler() {
  return [
    ...['scheduled', 'unschedulable', 'error'].map((result, at) =>
      counter('scheduler_schedule_attempts_total', { result }, { base: 10, rate: 1 / (at + 1) }),
    ),
    ...histogram('scheduler_e2e_scheduling_duration_seconds', {}, 1),
  ];
}

/** What an ingress controller tells: its namespaces are those of ingresses, not its own. */
function ingresses() {
  return [
    ...['project-0', 'project-1'].flatMap((namespace) => {
      const of = { namespace, ingress: 'web', controller_pod: 'nginx-0' };

      return [
        ...['200', '404', '503'].map((status, at) =>
          counter('nginx_ingress_controller_requests', { ...of, status }, { rate: 9 / (at + 1) }),
        ),
        counter('nginx_ingress_controller_response_size_sum', of, { rate: 9000 }),
        counter('nginx_ingress_controller_request_size_sum', of, { rate: 900 }),
        ...histogram('nginx_ingress_controller_request_duration_seconds', of, 13),
      ];
    }),
    gauge(
      'nginx_ingress_controller_nginx_process_connections',
      { state: 'active', controller_pod: 'nginx-0' },
      20,
    ),
    gauge(
      'nginx_ingress_controller_nginx_process_resident_memory_bytes',
      { controller_pod: 'nginx-0' },
      1e8,
    ),
    counter(
      'nginx_ingress_controller_nginx_process_cpu_seconds_total',
      { controller_pod: 'nginx-0' },
      { rate: 0.2 },
    ),
  ];
}

const exporterPod = (node) => `node-exporter-${node.toString(36).padStart(5, '0')}`;

/** Exporters run in pods of their own, by which the rules find their node. */
const exporterPods = (nodes) =>
  Array.from({ length: nodes }, (_, node) => ({
    index: node,
    kind: 'DaemonSet',
    workload: 'node-exporter',
    name: exporterPod(node),
    namespace: MONITORING,
    node: nodeName(node),
    phase: 'Running',
  }));

/**
 * Returns the targets of a cluster.
 * @param {{ nodes: number, pods: number, namespaces: number }} size
 * @returns {InventedTarget[]}
 */
export function inventCluster({ nodes, pods: count, namespaces }) {
  const pods = makePods({ pods: count, nodes, namespaces });
  const all = [...pods, ...exporterPods(nodes)];
  const hostIps = new Map(Array.from({ length: nodes }, (_, at) => [nodeName(at), address(at)]));
  const stamped = { honorLabels: false, isStamped: true };

  const state = [
    ...Array.from({ length: nodes }, (_, node) => nodeState(node)),
    ...Array.from({ length: namespaces }, (_, index) => namespaceState(index)),
    [fixed('kube_namespace_labels', { namespace: MONITORING, workspace: 'system-workspace' })],
    ...all.map((pod) => podState(pod, hostIps.get(pod.node))),
    ...pods.filter(({ index }) => index % 10 === 0).map(workloadState),
  ].flat();

  const ofNode = (node) => [
    {
      labels: {
        job: 'kubelet',
        instance: `${address(node)}:10250`,
        node: nodeName(node),
        metrics_path: '/metrics/cadvisor',
      },
      ...stamped,
      honorLabels: true,
      series: [
        ...containers(pods.filter((pod) => pod.node === nodeName(node))),
        ...(node === 0 ? Array.from({ length: namespaces }, (_, at) => volumes(at)).flat() : []),
      ],
    },
    {
      labels: {
        job: 'node-exporter',
        instance: nodeName(node),
        namespace: MONITORING,
        pod: exporterPod(node),
      },
      ...stamped,
      series: machine(node),
    },
  ];

  return [
    {
      labels: { job: 'kube-state-metrics', instance: 'state:8443' },
      honorLabels: true,
      isStamped: false,
      series: state,
    },
    ...Array.from({ length: nodes }, (_, node) => ofNode(node)).flat(),
    ...[0, 1, 2].map((node) => ({
      labels: { job: 'etcd', instance: `${address(node)}:2379` },
      ...stamped,
      series: etcd(node),
    })),
    { labels: { job: 'apiserver', instance: 'api:6443' }, ...stamped, series: apiServer() },
    { labels: { job: 'kube-scheduler', instance: 'api:10259' }, ...stamped, series: scheduler() },
    {
      labels: { job: 'nginx', instance: 'nginx-0:10254', namespace: 'ingress', pod: 'nginx-0' },
      ...stamped,
      series: ingresses(),
    },
  ];
}
