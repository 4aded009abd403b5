import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, eventually, TestServer } from '../support/test-server.ts';

const I = '/kapis/iam.kubesphere.io/v1alpha2';
const T = '/kapis/tenant.kubesphere.io/v1alpha2';
const IAM = '/apis/iam.kubesphere.io/v1alpha2';
const RBAC = '/apis/rbac.authorization.k8s.io/v1';
const WORKSPACE = 'kubesphere.io/workspace';

/**
 * When the process is killed, in milliseconds after the first user of each round is created: while
 * it creates, reconciles, deletes.
 */
const KILL_AFTER_MS = [0, 10, 50, 150, 400];

type Items = Answer['json'][];

/**
 * Creates users, workspaces, projects and memberships, and deletes those of earlier rounds, without
 * waiting. Returns when the first user is created.
 */
function work(server: TestServer, token: string, round: number): Promise<unknown> {
  const send = (path: string, body?: unknown, method?: string) =>
    server
      .call(path, { token, ...(body !== undefined && { body }), ...(method && { method }) })
      .catch(() => {});

  const users: Promise<unknown>[] = [];

  for (const i of [0, 1]) {
    const name = `${round}-${i}`;

    const user = (own: string) => ({
      metadata: { name: own, annotations: { 'iam.kubesphere.io/globalrole': 'platform-regular' } },
      spec: { email: `${own}@example.com`, password: 'Passw0rd!' },
    });

    users.push(send(`${I}/users`, user(`u-${name}`)));

    send(`${T}/workspaces`, {
      metadata: { name: `w-${name}` },
      spec: { template: { spec: { manager: `u-${name}` } } },
    });

    send(`${T}/workspaces/w-${name}/namespaces`, {
      metadata: { name: `n-${name}`, annotations: { 'kubesphere.io/creator': `u-${name}` } },
    });
    send(`${I}/workspaces/w-${name}/groups`, { metadata: { generateName: 'group' } });

    if (round === 0) {
      continue;
    }

    const old = `${round - 1}-${i}`;

    // Waits for the role: a role of a deleted user would look like a role of a user who never
    // existed.
    const member = send(`${I}/clustermembers`, [
      { username: `u-${old}`, roleRef: 'cluster-viewer' },
    ]);

    if (i === 0) {
      void member.then(() => send(`${I}/users/u-${old}`, undefined, 'DELETE'));
    }
    if (i === 1) {
      send(`${T}/workspaces/w-${old}`, undefined, 'DELETE');
    }
  }

  return Promise.race(users);
}

/** Throws unless every object is in its final state, wherever the process was killed. */
async function check(
  server: TestServer,
  token: string,
  existed: ReadonlySet<string>,
): Promise<void> {
  const list = async (path: string): Promise<Items> =>
    (await server.call(path, { token })).json.items;
  const names = (items: Items) => new Set(items.map(({ metadata }) => metadata.name as string));
  const users = await list(`${IAM}/users`);
  const templates = await list('/apis/tenant.kubesphere.io/v1alpha2/workspacetemplates');
  const workspaces = await list('/apis/tenant.kubesphere.io/v1alpha1/workspaces');
  const namespaces = await list('/api/v1/namespaces');
  const roles = await list(`${RBAC}/roles`);
  const workspaceRoles = await list(`${IAM}/workspaceroles`);
  const groups = await list(`${IAM}/groups`);

  const bindings = (
    await Promise.all(
      [
        `${IAM}/globalrolebindings`,
        `${IAM}/workspacerolebindings`,
        `${RBAC}/clusterrolebindings`,
        `${RBAC}/rolebindings`,
      ].map(list),
    )
  ).flat();

  for (const items of [users, templates, workspaces, namespaces, groups]) {
    for (const { metadata } of items) {
      assert.equal(metadata.deletionTimestamp, undefined, `${metadata.name} is still going`);
    }
  }

  for (const { metadata, status } of users) {
    assert.equal(status?.state, 'Active', metadata.name);
    assert.deepEqual(metadata.finalizers, ['finalizers.kubesphere.io/users'], metadata.name);
    const config = `/kapis/resources.kubesphere.io/v1alpha2/users/${metadata.name}/kubeconfig`;
    assert.equal((await server.call(config, { token })).status, 200, config);
  }

  for (const { metadata, subjects } of bindings) {
    // As in 3.0, a role may be given to a name without a user yet.
    for (const { kind, name } of subjects ?? []) {
      if (kind === 'User' && existed.has(name)) {
        assert.ok(names(users).has(name), `${metadata.name} outlived ${name}`);
      }
    }
  }

  assert.deepEqual([...names(workspaces)].sort(), [...names(templates)].sort());

  for (const { metadata } of [...workspaceRoles, ...bindings, ...groups]) {
    const workspace = metadata.labels?.[WORKSPACE];
    if (workspace) {
      assert.ok(names(templates).has(workspace), `${metadata.name} outlived ${workspace}`);
    }
  }

  for (const { metadata } of templates) {
    for (const role of ['admin', 'viewer', 'regular', 'self-provisioner']) {
      assert.ok(
        names(workspaceRoles).has(`${metadata.name}-${role}`),
        `${metadata.name}-${role} is missing`,
      );
    }
  }

  for (const { metadata } of namespaces.filter(({ metadata }) => metadata.name.startsWith('n-'))) {
    const own = roles.filter((role) => role.metadata.namespace === metadata.name);
    assert.ok(
      ['admin', 'operator', 'viewer'].every((role) => names(own).has(role)),
      metadata.name,
    );

    assert.deepEqual(metadata.finalizers, ['finalizers.kubesphere.io/namespaces'], metadata.name);

    const workspace = workspaces.find((one) => one.metadata.name === metadata.labels[WORKSPACE]);

    // A project may be created before its workspace; without the workspace it belongs to nobody.
    if (workspace) {
      assert.equal(metadata.ownerReferences?.[0]?.uid, workspace.metadata.uid, metadata.name);
    }
  }
}

test('a killed server finishes started operations after its restart', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'ks-apiserver-'));
  const existed = new Set<string>();

  try {
    for (const [round, delay] of KILL_AFTER_MS.entries()) {
      const server = await TestServer.start({ dataDir });
      const token = await server.token();
      for (const { metadata } of (await server.call(`${IAM}/users`, { token })).json.items) {
        existed.add(metadata.name);
      }

      await work(server, token, round);
      await sleep(delay);
      await server.stop('SIGKILL');
    }

    const server = await TestServer.start({ dataDir });

    try {
      const token = await server.token();
      await eventually(() => check(server, token, existed), 30_000);
      const made = (await server.call(`${IAM}/users`, { token })).json.items.length;
      assert.ok(made > 2, 'something was made before the kills');
    } finally {
      await server.stop();
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
});
