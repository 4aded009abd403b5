import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ON_CLUSTER } from '../support/test-platform.ts';
import { ADMIN_PASSWORD, eventually, TestServer } from '../support/test-server.ts';
import { clusterCharts, projectCharts, searches, workspaceCharts } from './charts.ts';
import { type ConsoleCall, ConsoleSession, type Expected } from './console.ts';
import {
  changes,
  firstPassword,
  inviteToProject,
  inviteToWorkspace,
  newProject,
  newUser,
  newWorkspace,
  withoutPassword,
  workloadForms,
} from './forms.ts';
import {
  accessPages,
  anyPage,
  clusterPages,
  LOG_IN,
  laterPages,
  type Pages,
  projectAccessPages,
  projectPages,
  workloadPages,
  workspaceAccessPages,
  workspacePages,
} from './pages.ts';

// Flows of the console of KubeSphere 3.0: every call of its pages and forms gets an answer that
// they can show.
const IAM = '/kapis/iam.kubesphere.io/v1alpha2';
const LISTS = '/kapis/resources.kubesphere.io/v1alpha3';
const PASSWORD = 'Passw0rd!';
const WORKSPACE = 'team';
const PROJECT = 'shop';
const ROUTER = `/kapis/resources.kubesphere.io/v1alpha2/namespaces/${PROJECT}/router`;
let dir: string;
let server: TestServer;

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'ks-console-'));

  const config = join(dir, 'kubesphere.yaml');

  // A cluster runs its workloads itself, and has no store for searches unless one is configured.
  await writeFile(
    config,
    ON_CLUSTER
      ? 'search: {store: on}\n'
      : 'simulation: {nodes: 3, startDelay: 100ms, runDuration: 200ms}\n',
  );

  server = await TestServer.start({
    args: ['--config', config, ...(ON_CLUSTER ? [] : ['--simulate'])],
  });

  if (ON_CLUSTER) {
    await makeWhatTheChartMakes();
  }
});

after(async () => {
  await server.stop();
  await rm(dir, { recursive: true, force: true });
});

/**
 * Creates the objects of the server itself, which the embedded API has from the start and a cluster
 * gets from the chart.
 */
async function makeWhatTheChartMakes(): Promise<void> {
  const namespace = '/api/v1/namespaces/kubesphere-system';
  const labels = { app: 'ks-apiserver', tier: 'backend' };

  const objects = {
    services: {
      metadata: { name: 'ks-apiserver', labels },
      spec: { selector: labels, ports: [{ port: 80 }] },
    },
    configmaps: { metadata: { name: 'kubesphere-config' }, data: { 'kubesphere.yaml': '' } },
  };

  for (const [resource, body] of Object.entries(objects)) {
    const { status, json } = await server.kubernetes(`${namespace}/${resource}`, {
      method: 'POST',
      body,
    });

    assert.equal(status, 201, JSON.stringify(json));
  }

  // A cluster takes a moment until it lists objects of its newest definitions.
  const { json } = await server.kubernetes(
    '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
  );

  for (const { spec } of json.items) {
    const list = `/apis/${spec.group}/${spec.versions[0].name}/${spec.names.plural}`;
    await eventually(async () => assert.equal((await server.kubernetes(list)).status, 200, list));
  }
}

const logIn = (name: string, password = PASSWORD) =>
  eventually(() => ConsoleSession.logIn(server, name, password), 10_000);

async function send(
  session: ConsoleSession,
  form: string,
  calls: readonly ConsoleCall[],
): Promise<void> {
  for (const call of calls) {
    await session.call(`form: ${form}`, call);
  }
}

/**
 * Opens pages one after the other, each with the calls that the console's server makes before it.
 */
async function walk(session: ConsoleSession, pages: Pages, expected: Expected = {}): Promise<void> {
  for (const [name, calls] of Object.entries(pages)) {
    await session.open(name, [...anyPage(session.user), ...calls], expected);
  }
}

test('the administrator makes users, a workspace and a project, and sees every page', async () => {
  const admin = await logIn('admin', ADMIN_PASSWORD);
  await admin.open('log-in', LOG_IN);

  for (const name of ['lead', 'maker', 'guest']) {
    // The form first asks whether the name is taken: any failure means that it is free.
    const taken = await admin.call(
      'form: user',
      { method: 'GET', path: `${IAM}/users/${name}` },
      [404, 500],
    );

    assert.ok(taken.status >= 400);
    await send(admin, 'user', [newUser('admin', name, 'platform-regular', PASSWORD)]);
  }

  await send(admin, 'workspace', [newWorkspace('admin', WORKSPACE, 'admin')]);

  await admin.until(
    `${IAM}/workspaces/${WORKSPACE}/workspaceroles`,
    ({ json }) => json.totalItems >= 4,
  );

  await send(admin, 'members of the workspace', [
    inviteToWorkspace(WORKSPACE, 'lead', 'admin'),
    inviteToWorkspace(WORKSPACE, 'maker', 'self-provisioner'),
    inviteToWorkspace(WORKSPACE, 'guest', 'viewer'),
  ]);

  await send(admin, 'project', [newProject('admin', WORKSPACE, PROJECT)]);
  await admin.until(`${IAM}/namespaces/${PROJECT}/roles`, ({ json }) => json.totalItems >= 3);
  await send(admin, 'members of the project', [inviteToProject(PROJECT, 'guest', 'viewer')]);
  await send(admin, 'workloads', workloadForms('admin', PROJECT));

  await send(admin, 'gateway', [
    {
      method: 'POST',
      path: ROUTER,
      body: { type: 'NodePort', annotations: { 'servicemesh.kubesphere.io/enabled': 'false' } },
    },
  ]);

  await walk(admin, clusterPages('admin'));
  await walk(admin, clusterCharts());
  await walk(admin, workspaceCharts(WORKSPACE));
  await walk(admin, projectCharts(PROJECT));
  await walk(admin, searches());
  await walk(admin, accessPages('admin'));
  await walk(admin, workspacePages('admin', WORKSPACE));
  await walk(admin, workspaceAccessPages(WORKSPACE));
  await walk(admin, projectPages('admin', WORKSPACE, PROJECT));
  await walk(admin, projectAccessPages(PROJECT));
  await walk(admin, workloadPages(PROJECT));
  await admin.open('project: gateway', [`GET ${ROUTER}`]);

  const path = `/apis/apps/v1/namespaces/${PROJECT}/deployments/web`;
  const { json } = await admin.call('project: deployment', { method: 'GET', path });
  await send(
    admin,
    'changes',
    changes(PROJECT, { ...json, metadata: { ...json.metadata, resourceVersion: undefined } }),
  );

  assert.deepEqual(admin.surprises, []);
});

test('pages of the console of 3.4 without a backend here are empty, and none fails', async () => {
  const admin = await logIn('admin', ADMIN_PASSWORD);
  await walk(admin, laterPages('admin', WORKSPACE, PROJECT));
  assert.deepEqual(admin.surprises, []);

  const { json } = await admin.call('3.4: dashboards', {
    method: 'GET',
    path: `${LISTS}/clusterdashboards`,
  });

  assert.deepEqual(json, { items: [], totalItems: 0 });
});

test('a user created in the console of 3.4 sets a password of their own, and sees the pages then', async () => {
  const admin = await logIn('admin', ADMIN_PASSWORD);
  const form = newUser('admin', 'novice', 'platform-regular', PASSWORD);

  await send(admin, 'user of 3.4', [withoutPassword(form)]);
  await send(admin, 'members of the workspace', [inviteToWorkspace(WORKSPACE, 'novice', 'viewer')]);

  const first = await logIn('novice');

  // This claim makes the console show its page for a first password.
  assert.deepEqual((first.claims.extra as Record<string, unknown>).uninitialized, ['true']);

  await first.call('3.4: first password', {
    method: 'GET',
    path: '/kapis/tenant.kubesphere.io/v1alpha2/workspaces',
  });

  await send(first, 'first password', [firstPassword('novice', 'Own-passw0rd')]);

  const novice = await logIn('novice', 'Own-passw0rd');
  assert.equal((novice.claims.extra as Record<string, unknown>).uninitialized, undefined);
  await walk(novice, workspacePages('novice', WORKSPACE));
  assert.deepEqual([...admin.surprises, ...first.surprises, ...novice.surprises], []);
});

test('pages show changes while they are open, whatever version they know', async () => {
  const lead = await logIn('lead');

  for (const [watch, kind] of [
    [`/apis/apps/v1/watch/namespaces/${PROJECT}/deployments`, 'Deployment'],
    [`/apis/batch/v1beta1/watch/namespaces/${PROJECT}/cronjobs`, 'CronJob'],
    [`/apis/extensions/v1beta1/watch/namespaces/${PROJECT}/ingresses`, 'Ingress'],
  ] as const) {
    const { type, object } = await lead.firstEvent(watch);
    assert.deepEqual([type, object.kind], ['ADDED', kind]);
  }
});

test('a session refreshed in several tabs at once continues in each', async () => {
  const session = await logIn('guest');
  await session.refresh(4);
  await session.open('any', anyPage('guest'));
  assert.deepEqual(session.surprises, []);
});

test('the administrator of a workspace sees it and its projects, and makes another project there', async () => {
  const lead = await logIn('lead');
  await walk(lead, workspacePages('lead', WORKSPACE));
  await walk(lead, workspaceCharts(WORKSPACE));
  await walk(lead, projectCharts(PROJECT));
  await walk(lead, searches());
  await walk(lead, workspaceAccessPages(WORKSPACE));
  await walk(lead, projectPages('lead', WORKSPACE, PROJECT));
  await walk(lead, projectAccessPages(PROJECT));
  await walk(lead, workloadPages(PROJECT));
  await send(lead, 'project', [newProject('lead', WORKSPACE, 'leads')]);
  await lead.until(`${IAM}/namespaces/leads/members/lead/roles`, ({ status }) => status === 200);
  await send(lead, 'workloads', workloadForms('lead', 'leads'));
  await walk(lead, workloadPages('leads'));
  assert.deepEqual(lead.surprises, []);
});

test('a self-provisioner creates a project and works there', async () => {
  const maker = await logIn('maker');
  await walk(maker, workspacePages('maker', WORKSPACE));
  await send(maker, 'project', [newProject('maker', WORKSPACE, 'makers')]);
  await maker.until('/api/v1/namespaces/makers/configmaps', ({ status }) => status === 200);
  await send(maker, 'workloads', workloadForms('maker', 'makers'));
  await walk(maker, projectPages('maker', WORKSPACE, 'makers'));
  await walk(maker, projectCharts('makers'));
  await walk(maker, projectAccessPages('makers'));
  await walk(maker, workloadPages('makers'));
  assert.deepEqual(maker.surprises, []);
});

test('an operator of a project makes its workloads, routes among them', async () => {
  const admin = await logIn('admin', ADMIN_PASSWORD);
  await send(admin, 'user', [newUser('admin', 'hand', 'platform-regular', PASSWORD)]);
  await send(admin, 'members of the workspace', [inviteToWorkspace(WORKSPACE, 'hand', 'viewer')]);
  await send(admin, 'project', [newProject('admin', WORKSPACE, 'works')]);
  await admin.until(`${IAM}/namespaces/works/roles`, ({ json }) => json.totalItems >= 3);
  await send(admin, 'members of the project', [inviteToProject('works', 'hand', 'operator')]);

  const hand = await logIn('hand');
  await hand.until('/api/v1/namespaces/works/configmaps', ({ status }) => status === 200);
  await send(hand, 'workloads', workloadForms('hand', 'works'));
  await walk(hand, projectPages('hand', WORKSPACE, 'works'));
  await walk(hand, workloadPages('works'));
  assert.deepEqual([...admin.surprises, ...hand.surprises], []);
});

test('a viewer sees a workspace and a project, and changes neither', async () => {
  const guest = await logIn('guest');
  await walk(guest, workspacePages('guest', WORKSPACE));
  await walk(guest, workspaceCharts(WORKSPACE));
  await walk(guest, projectCharts(PROJECT));
  await walk(guest, searches());
  await walk(guest, workspaceAccessPages(WORKSPACE));
  await walk(guest, projectPages('guest', WORKSPACE, PROJECT));
  await walk(guest, projectAccessPages(PROJECT));
  await walk(guest, workloadPages(PROJECT));
  assert.deepEqual(guest.surprises, []);

  for (const call of workloadForms('guest', PROJECT)) {
    const { status } = await guest.call('form: workloads', call, [403]);
    assert.equal(status, 403, `${call.method} ${call.path}`);
  }
});
