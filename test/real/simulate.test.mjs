// Common commands on simulated workloads: kubectl rollout, wait, scale, drain, delete.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startServer } from '../server.mjs';
import { kubectl } from './kubectl.mjs';

const dir = mkdtempSync(join(tmpdir(), 'simulate-'));
const cluster = { kubeconfig: join(dir, 'pki/admin.kubeconfig') };
let server;

before(async () => {
  server = await startServer({ dir, args: ['--simulate'] });
  // The API is ready a moment before its nodes exist.
  await kubectl(cluster, ['wait', '--for=create', 'node/simulated-3', '--timeout=20s']);
});

after(async () => {
  await server?.stop();
  rmSync(dir, { recursive: true, force: true });
});

// One command per line, then the expected output.
const commands = `
wait --for=condition=Ready node/simulated-1 --timeout=10s => condition met
create deployment web --image=nginx:1.25 --replicas=3 => created
rollout status deployment/web --timeout=30s => successfully rolled out
annotate deployment web kubernetes.io/change-cause=first => annotated
set image deployment/web nginx=nginx:1.26 => image updated
annotate deployment web kubernetes.io/change-cause=second --overwrite => annotated
rollout status deployment/web --timeout=30s => successfully rolled out
rollout history deployment/web => 2 +second
rollout history deployment/web --revision=2 => nginx:1.26
rollout undo deployment/web => rolled back
rollout status deployment/web --timeout=30s => successfully rolled out
get deployment web -o jsonpath={.spec.template.spec.containers[0].image} => ^nginx:1.25$
rollout undo deployment/web --to-revision=2 => rolled back
rollout status deployment/web --timeout=30s => successfully rolled out
rollout restart deployment/web => restarted
rollout status deployment/web --timeout=30s => successfully rolled out
rollout pause deployment/web => paused
set image deployment/web nginx=nginx:1.27 => image updated
rollout resume deployment/web => resumed
rollout status deployment/web --timeout=30s => successfully rolled out
scale deployment web --replicas=5 => scaled
wait --for=jsonpath={.status.availableReplicas}=5 deployment/web --timeout=30s => condition met
wait --for=condition=Available deployment/web --timeout=10s => condition met
get deployment web => 5/5
expose deployment web --port=80 => exposed
wait --for=jsonpath={.subsets[0].ports[0].port}=80 endpoints/web --timeout=10s => condition met
drain simulated-2 --ignore-daemonsets --force --timeout=30s => drained
wait --for=jsonpath={.status.availableReplicas}=5 deployment/web --timeout=30s => condition met
uncordon simulated-2 => uncordoned
create job j --image=busybox => created
wait --for=condition=Complete job/j --timeout=30s => condition met
create cronjob cj --image=busybox --schedule=@hourly => created
create job now --from=cronjob/cj => created
wait --for=condition=Complete job/now --timeout=30s => condition met
get jobs => now +Complete +1/1
describe deployment web => ScalingReplicaSet
describe node simulated-1 => simulated by ks-apiserver
run once --image=busybox --restart=Never => created
wait --for=jsonpath={.status.phase}=Succeeded pod/once --timeout=30s => condition met
delete deployment web --wait => deleted
wait --for=delete pod -l app=web --timeout=30s =>
get pods -l app=web -o name => ^$
`;

for (const name of ['kubectl', 'kubectl-1.32']) {
  const namespace = name.replace('.', '-');
  test(`${name} in a namespace of its own`, async (t) => {
    await kubectl(cluster, ['create', 'namespace', namespace], '', name);

    for (const line of commands.trim().split('\n')) {
      const [command, expected] = line.split(/ => ?/);
      await t.test(command, async () => {
        const output = await kubectl(
          cluster,
          ['--namespace', namespace, ...command.split(' ')],
          '',
          name,
        );

        assert.match(output, new RegExp(expected, 'm'));
      });
    }
  });
}

test('a StatefulSet and a DaemonSet roll out and back', async () => {
  const workload = (kind, name, spec) => ({
    apiVersion: 'apps/v1',
    kind,
    metadata: { name },
    spec: {
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { containers: [{ name: 'c', image: 'example/app:1' }] },
      },
      ...spec,
    },
  });

  for (const [type, object] of [
    ['statefulset/db', workload('StatefulSet', 'db', { serviceName: 'db', replicas: 2 })],
    ['daemonset/agent', workload('DaemonSet', 'agent', {})],
  ]) {
    const status = () => kubectl(cluster, ['rollout', 'status', type, '--timeout=30s']);

    await kubectl(cluster, ['apply', '-f', '-'], JSON.stringify(object));
    await status();
    await kubectl(cluster, ['set', 'image', type, 'c=example/app:2']);
    await status();
    assert.match(await kubectl(cluster, ['rollout', 'history', type]), /^2 /m);
    await kubectl(cluster, ['rollout', 'undo', type]);
    await status();

    const image = ['get', type, '-o', 'jsonpath={.spec.template.spec.containers[0].image}'];
    assert.equal(await kubectl(cluster, image), 'example/app:1');
  }
});
