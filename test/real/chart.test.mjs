// The Helm chart: linted, rendered with several values, and installed into a real API server.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse, parseAllDocuments } from 'yaml';
import { toolPath } from '../tools/paths.mjs';
import { kubectl, run } from './kubectl.mjs';
import { startRealCluster } from './real-cluster.mjs';

const chart = fileURLToPath(new URL('../../deploy/chart/', import.meta.url));
const namespace = 'kubesphere-system';
let cluster;

function helm(args, input) {
  return run(toolPath('helm'), args, {
    input,
    env: { HOME: cluster.dir, KUBECONFIG: cluster.kubeconfig },
  });
}

async function template(values = {}) {
  const text = await helm(
    ['template', 'ks-apiserver', chart, '--namespace', namespace, '--values', '-'],
    JSON.stringify(values),
  );

  const objects = parseAllDocuments(text).map((document) => document.toJS());

  return {
    text,
    find: (kind, name) =>
      objects.find((o) => o.kind === kind && (!name || o.metadata.name === name)),
  };
}

before(async () => {
  cluster = await startRealCluster();
  await kubectl(cluster, ['create', 'namespace', namespace]);

  // kubectl prints a warning for a pod that violates the pod security standard.
  await kubectl(cluster, [
    'label',
    'namespace',
    namespace,
    'pod-security.kubernetes.io/warn=restricted',
  ]);
});

after(() => cluster?.stop());

/** Returns the values of a file that users give to helm. */
const valuesOf = (file) => parse(readFileSync(join(chart, file), 'utf8'));

const variants = {
  'an agent': {
    agent: {
      cluster: 'east',
      server: 'https://ks.example.com/tower',
      existingSecret: 'agent',
      hasCA: true,
    },
  },
  default: {},
  'host of several clusters': valuesOf('values-host.yaml'),
  'member of several clusters': valuesOf('values-member.yaml'),
  'many replicas with Redis': {
    replicas: 3,
    redis: { host: 'redis.example', password: 'secret' },
    podDisruptionBudget: { enabled: true, minAvailable: 2 },
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: 'kubernetes.io/hostname',
        whenUnsatisfiable: 'ScheduleAnyway',
        labelSelector: { matchLabels: { app: 'ks-apiserver' } },
      },
    ],
  },
  'own volume': { data: { existingClaim: 'metrics' } },
  'node port, own Secret, placement': {
    service: { type: 'NodePort', nodePort: 30881, annotations: { a: 'b' } },
    secrets: { existingSecret: 'mine' },
    install: { enabled: false },
    image: { repository: 'example/ks', digest: `sha256:${'0'.repeat(64)}` },
    imagePullSecrets: [{ name: 'pull' }],
    nodeSelector: { 'kubernetes.io/os': 'linux' },
    tolerations: [{ key: 'x', operator: 'Exists' }],
    affinity: { nodeAffinity: {} },
    priorityClassName: 'system-cluster-critical',
    extraArgs: ['--secure-port=0'],
    extraEnv: [{ name: 'TZ', value: 'UTC' }],
    podLabels: { team: 'a' },
    podAnnotations: { note: 'b' },
    serviceAccount: { create: true, name: 'other', annotations: { role: 'c' } },
  },
};

test('lints', async () => {
  assert.match(await helm(['lint', '--strict', chart]), /0 chart\(s\) failed/);
});

for (const [name, values] of Object.entries(variants)) {
  test(`renders objects that the API accepts: ${name}`, async () => {
    const { text } = await template(values);

    const args = [
      'apply',
      '--server-side',
      '--dry-run=server',
      '--validate=strict',
      '--warnings-as-errors',
      '-f',
      '-',
    ];

    await kubectl(cluster, args, text);
  });
}

test('renders values in the right fields', async () => {
  const redis = await template(variants['many replicas with Redis']);
  const config = redis.find('ConfigMap', 'kubesphere-config').data['kubesphere.yaml'];

  assert.deepEqual(parse(config).redis, { host: 'redis.example', port: 6379, db: 0 });
  assert.doesNotMatch(config, /secret/);

  assert.equal(
    redis.find('Secret').data['redis-password'],
    Buffer.from('secret').toString('base64'),
  );

  assert.equal(redis.find('PodDisruptionBudget').spec.minAvailable, 2);

  const own = await template(variants['node port, own Secret, placement']);
  assert.equal(own.find('Secret'), undefined);
  assert.equal(own.find('Service').spec.ports[0].nodePort, 30881);

  const pod = own.find('Deployment').spec.template.spec;
  assert.equal(pod.initContainers, undefined);
  assert.equal(pod.containers[0].image, `example/ks@sha256:${'0'.repeat(64)}`);
  assert.equal(pod.containers[0].env[0].valueFrom.secretKeyRef.name, 'mine');
  assert.equal(pod.serviceAccountName, 'other');
  assert.deepEqual(pod.volumes.find(({ name }) => name === 'data').emptyDir, {});

  const { spec } = (await template(variants['own volume'])).find('Deployment');
  const data = spec.template.spec.volumes.find(({ name }) => name === 'data');

  assert.equal(spec.strategy.type, 'Recreate');
  assert.deepEqual(data, { name: 'data', persistentVolumeClaim: { claimName: 'metrics' } });
});

test('hosts and members get their sections of the configuration', async () => {
  const configOf = async (values) =>
    parse((await template(values)).find('ConfigMap', 'kubesphere-config').data['kubesphere.yaml']);

  const host = await configOf(variants['host of several clusters']);
  assert.equal(host.multicluster.enable, true);
  assert.equal(host.authentication.multipleLogin, true);

  const member = await configOf(variants['member of several clusters']);
  assert.equal(member.multicluster.clusterRole, 'member');
  assert.equal(member.authentication.oauthOptions.accessTokenMaxAge, 0);
});

test('refuses unknown values', async () => {
  await assert.rejects(template({ replica: 2 }), /replica/);
  await assert.rejects(template({ service: { type: 'Headless' } }), /service/);
});

test('installs, upgrades, and keeps the generated secrets', async () => {
  await helm(['install', 'ks-apiserver', chart, '--namespace', namespace]);

  const secret = async () =>
    JSON.parse(
      await kubectl(cluster, ['-n', namespace, 'get', 'secret', 'ks-apiserver', '-o', 'json']),
    ).data;

  const first = await secret();
  assert.equal(Buffer.from(first['jwt-secret'], 'base64').length, 48);
  await helm(['upgrade', 'ks-apiserver', chart, '--namespace', namespace, '--set', 'replicas=2']);
  assert.deepEqual(await secret(), first);

  const services = await kubectl(cluster, ['-n', namespace, 'get', 'service', 'ks-apiserver']);
  assert.match(services, /ks-apiserver +ClusterIP +\S+ +<none> +80\/TCP/);
});
