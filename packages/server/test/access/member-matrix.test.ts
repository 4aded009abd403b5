// The role × route × tenant test for a member that has only Kubernetes: workspaces and users are
// those of the host, projects are in the member.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { PlainKubernetes } from '../support/plain-kubernetes.ts';
import { eventually, TestServer } from '../support/test-server.ts';
import { iamRows } from './iam.ts';
import { KUBERNETES } from './kubernetes.ts';
import { AccessMatrix } from './matrix.ts';
import { MONITORING } from './monitoring.ts';
import { resourcesV1alpha2Rows } from './resources-v1alpha2.ts';
import { RESOURCES_V1ALPHA3 } from './resources-v1alpha3.ts';
import type { Table } from './row.ts';
import { SERVER } from './server.ts';
import { tenantRows } from './tenant.ts';

/** Rows of the routes that members have, with those of users and workspaces, which the host answers. */
const ROUTES: Table = {
  ...SERVER,
  ...RESOURCES_V1ALPHA3,
  ...iamRows(),
  ...tenantRows(),
  ...resourcesV1alpha2Rows(),
  ...MONITORING,
};

const PREFIX = /^\/(kapis|apis?)(?=\/|$)/;
const CLUSTERS = '/apis/cluster.kubesphere.io/v1alpha1/clusters';

/** Whether a path can name a cluster, and is about something that members have. */
function isOfMember(path: string): boolean {
  return PREFIX.test(path) && !/\{devops\}|\/clusters\//.test(path);
}

let dir: string;
let host: TestServer;
let member: PlainKubernetes;
let matrix: AccessMatrix;

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'member-matrix-'));
  const config = join(dir, 'host.yaml');
  await writeFile(config, 'multicluster: { enable: true }\n');

  [host, member] = await Promise.all([
    TestServer.start({ args: ['--config', config] }),
    PlainKubernetes.start(),
  ]);

  const connection = { type: 'direct', kubeconfig: member.kubeconfig };
  const { status } = await host.kubernetes(CLUSTERS, {
    method: 'POST',
    body: {
      apiVersion: 'cluster.kubesphere.io/v1alpha1',
      kind: 'Cluster',
      metadata: { name: 'east' },
      spec: { joinFederation: true, enable: true, connection },
    },
  });
  assert.equal(status, 201);

  const token = await host.token();
  await eventually(async () =>
    assert.equal((await host.call('/api/clusters/east/v1/namespaces', { token })).status, 200),
  );

  matrix = await AccessMatrix.prepare(host, (path) => path.replace(PREFIX, '/$1/clusters/east'));
});

after(async () => {
  await host?.stop();
  await member?.stop();
  await rm(dir, { recursive: true, force: true });
});

for (const [key, rows] of Object.entries(ROUTES)) {
  const [method, path] = key.split(' ') as [string, string];
  for (const row of isOfMember(path) ? rows : []) {
    test(`${key} ${row.resources ?? row.path ?? ''}${row.query ?? ''} of a member`, () =>
      matrix.check(method, path, row));
  }
}

for (const row of KUBERNETES.filter(({ path }) => isOfMember(path))) {
  test(`${row.method} ${row.path} of the Kubernetes API of a member`, () =>
    matrix.check(row.method, row.path, row));
}
