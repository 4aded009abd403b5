// The pages of the console of KubeSphere 3.0 about a cluster of several: here a member that has only
// Kubernetes, for which the host answers.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { PlainKubernetes } from '../support/plain-kubernetes.ts';
import { PATHS, TestPlatform } from '../support/test-platform.ts';
import { ADMIN_PASSWORD, eventually } from '../support/test-server.ts';
import { ConsoleSession } from './console.ts';
import { workloadForms } from './forms.ts';
import {
  anyPage,
  clusterPages,
  type Pages,
  projectAccessPages,
  projectPages,
  workloadPages,
} from './pages.ts';

const VALIDATION = '/kapis/cluster.kubesphere.io/v1alpha1/clusters/validation';

/** Pages of what members do not have: a service mesh and network isolation of KubeSphere. */
const OF_HOST_ALONE =
  /traffic management|grayscale|network isolation|applications|kubectl|component/;

let dir: string;
let host: TestPlatform;
let member: PlainKubernetes;

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'member-pages-'));
  const config = join(dir, 'host.yaml');
  await writeFile(config, 'multicluster: { enable: true }\n');

  [host, member] = await Promise.all([
    TestPlatform.start({ args: ['--config', config] }),
    PlainKubernetes.start(),
  ]);
});

after(async () => {
  await host?.stop();
  await member?.stop();
  await rm(dir, { recursive: true, force: true });
});

/** Returns a path of the console about a member: with the cluster in it. */
const pathOf = (path: string) => path.replace(/^\/(kapis|apis?)\//, '/$1/clusters/east/');

/** Returns calls as the console makes them about a member. */
function aboutMember(pages: Pages): Pages {
  const kept = Object.entries(pages).filter(([name]) => !OF_HOST_ALONE.test(name));

  return Object.fromEntries(
    kept.map(([name, calls]) => [
      `${name} of a member`,
      calls.map((call) => {
        const [method = '', path = ''] = call.split(' ');
        return `${method} ${pathOf(path)}`;
      }),
    ]),
  );
}

test('a cluster without KubeSphere is imported in the console', async () => {
  const cluster = {
    apiVersion: 'cluster.kubesphere.io/v1alpha1',
    kind: 'Cluster',
    metadata: { name: 'east', annotations: { 'kubesphere.io/creator': 'admin' } },
    spec: {
      provider: '',
      enable: true,
      joinFederation: true,
      connection: { type: 'direct', kubeconfig: member.kubeconfig },
    },
  };

  const validated = await host.call(VALIDATION, { body: cluster });
  assert.equal(validated.status, 200, validated.text);
  await host.write(PATHS.clusters, cluster);

  await eventually(async () => {
    const { json } = await host.call(`${PATHS.clusters}/east`);
    const ready = json.status?.conditions?.find(({ type }: { type: string }) => type === 'Ready');
    assert.equal(ready?.status, 'True');
    assert.match(json.status.kubernetesVersion, /^v1\./);
    assert.equal(typeof json.status.nodeCount, 'number');
  });
});

test('every page of the cluster and of a project in it can be shown', async () => {
  await host.createWorkspace('team');
  const session = await ConsoleSession.logIn(host.server, 'admin', ADMIN_PASSWORD);

  await session.call('form: project', {
    method: 'POST',
    path: '/api/clusters/east/v1/namespaces',
    body: {
      metadata: {
        name: 'shop',
        labels: { 'kubesphere.io/workspace': 'team' },
        annotations: { 'kubesphere.io/creator': 'admin' },
      },
    },
  });
  await session.until(
    '/kapis/clusters/east/iam.kubesphere.io/v1alpha2/namespaces/shop/members/admin',
    ({ status }) => status === 200,
  );

  for (const form of workloadForms('admin', 'shop')) {
    await session.call('form: workloads', { ...form, path: pathOf(form.path) });
  }

  // No controller makes the Endpoints of a Service here.
  await member.call('/api/v1/namespaces/shop/endpoints', {
    method: 'POST',
    body: { metadata: { name: 'web' } },
  });

  const pages = {
    ...aboutMember(clusterPages('admin')),
    ...aboutMember(projectPages('admin', 'team', 'shop')),
    ...aboutMember(projectAccessPages('shop')),
    ...aboutMember(workloadPages('shop')),
  };

  const crd =
    '/apis/clusters/east/apiextensions.k8s.io/v1beta1/customresourcedefinitions/users.iam.kubesphere.io';

  for (const [name, calls] of Object.entries(pages)) {
    await session.open(name, [...anyPage('admin'), ...calls], { [crd]: [404] });
  }

  assert.deepEqual(session.surprises, []);
});
