import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { PATHS, SYSTEM, TestPlatform, userSubject } from '../support/test-platform.ts';

const { iam, rbac } = PATHS;
const WORKSPACE = 'kubesphere.io/workspace';
let platform: TestPlatform;

/**
 * Rae has no role at all; Vic sees workspaces; Walt manages them; Wanda administers ws-a; Carl
 * views the cluster; Sven and Sara view and administer system-workspace.
 */
const tokens: Record<string, string> = {};

before(async () => {
  platform = await TestPlatform.start();
  tokens.rae = await platform.createUser('rae');
  tokens.vic = await platform.createUser('vic', 'role-template-view-workspaces');
  tokens.walt = await platform.createUser('walt', 'workspaces-manager');

  for (const name of ['wanda', 'carl', 'sven', 'sara']) {
    tokens[name] = await platform.createUser(name);
  }

  await platform.createWorkspace('ws-a', 'wanda');
  await platform.createProject('ns-a', 'ws-a');
  await platform.addMember('', 'carl', 'cluster-viewer');
  await platform.addMember('workspaces/system-workspace', 'sven', 'system-workspace-viewer');
  await platform.addMember('workspaces/system-workspace', 'sara', 'system-workspace-admin');
  await platform.kubeconfig('admin');
  await platform.waitUntilAllowed(tokens.vic!, 'verb=list&resource=pods&namespace=ns-a');
  await platform.waitUntilAllowed(
    tokens.wanda!,
    'verb=patch&resource=namespaces&namespace=ns-a&name=ns-a',
  );
  await platform.waitUntilAllowed(tokens.carl!, 'verb=list&resource=nodes');
  await platform.waitUntilAllowed(tokens.sven!, 'verb=list&resource=pods&namespace=kube-public');
});

after(() => platform.stop());

/** Defines a test whose calls must all be refused. */
function attack(name: string, act: () => Promise<void>): void {
  test(name, () => platform.assertWithstands(act));
}

const expectRefused = (who: string, method: string, path: string, body?: unknown) =>
  platform.expectRefused(tokens[who]!, method, path, body);

/**
 * Asserts that a caller reads no credentials of the platform: not by name, list or watch, nor
 * across all namespaces.
 */
async function expectNoCredentials(who: string): Promise<void> {
  for (const namespace of SYSTEM) {
    for (const path of [
      `/api/v1/namespaces/${namespace}/secrets`,
      `/api/v1/namespaces/${namespace}/configmaps`,
      `/api/v1/namespaces/${namespace}/secrets?watch=true&timeoutSeconds=1`,
      `/api/v1/watch/namespaces/${namespace}/configmaps?timeoutSeconds=1`,
      `${PATHS.resources}/namespaces/${namespace}/secrets`,
      `${PATHS.resources}/namespaces/${namespace}/configmaps`,
      `/kapis/resources.kubesphere.io/v1alpha2/namespaces/${namespace}/secrets`,
    ]) {
      await expectRefused(who, 'GET', path);
    }
  }

  await expectRefused(who, 'GET', `${PATHS.kubeconfigs}/kubeconfig-admin`);

  await expectRefused(
    who,
    'GET',
    `${PATHS.resources}/namespaces/kubesphere-controls-system/configmaps/kubeconfig-admin`,
  );

  for (const path of [
    '/api/v1/secrets',
    '/api/v1/configmaps',
    `/api/v1/configmaps?labelSelector=${WORKSPACE}=system-workspace`,
    `/api/v1/configmaps?watch=true&timeoutSeconds=1&labelSelector=${WORKSPACE}=system-workspace`,
    '/api/v1/configmaps?watch=true&timeoutSeconds=1',
    `${PATHS.resources}/configmaps`,
    `${PATHS.resources}/secrets?scope=visible`,
    `${PATHS.resources}/configmaps?scope=visible`,
    '/kapis/resources.kubesphere.io/v1alpha2/secrets?paging=limit=-1,page=1',
  ]) {
    const { text } = await platform.call(path, { token: tokens[who] });

    for (const secret of [
      ...SYSTEM.map((namespace) => `"namespace":"${namespace}"`),
      'client-key-data',
    ]) {
      if (text.includes(secret)) {
        platform.recordFailure(`${path} answers ${secret}`);
      }
    }
  }
}

/**
 * Asserts that a caller changes nothing and enters no container in the namespaces of the platform.
 */
async function expectNoWritesInSystem(who: string): Promise<void> {
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'admin' };

  for (const namespace of SYSTEM) {
    const at = `/api/v1/namespaces/${namespace}`;
    await expectRefused(who, 'POST', `${at}/pods`, {
      metadata: { name: 'x' },
      spec: { containers: [{ name: 'x', image: 'x' }] },
    });

    await expectRefused(who, 'POST', `${at}/serviceaccounts/default/token`, {});
    await expectRefused(who, 'POST', `${at}/secrets`, { metadata: { name: 'x' } });
    await expectRefused(who, 'GET', `${at}/pods/x/exec?command=sh`);
    await expectRefused(who, 'GET', `${at}/pods/x/portforward?ports=80`);
    await expectRefused(who, 'GET', `${at}/services/x/proxy/`);

    await expectRefused(
      who,
      'GET',
      `/kapis/terminal.kubesphere.io/v1alpha2/namespaces/${namespace}/pods/x`,
    );

    await expectRefused(who, 'PATCH', at, {
      metadata: { annotations: { 'kubesphere.io/creator': who } },
    });

    await expectRefused(who, 'POST', `${rbac}/namespaces/${namespace}/rolebindings`, {
      metadata: { name: 'x' },
      roleRef,
      subjects: userSubject(who),
    });

    await expectRefused(who, 'POST', `${iam}/namespaces/${namespace}/members`, [
      { username: who, roleRef: 'viewer' },
    ]);
    await expectRefused(who, 'POST', `${iam}/namespaces/${namespace}/roles`, {
      metadata: { name: 'x' },
    });
    await expectRefused(who, 'DELETE', `${at}/configmaps/x`);
  }
}

attack(
  'a viewer of workspaces does not join the namespace of kubeconfigs, neither alone nor in a list of members',
  async () => {
    const roleRefs = ['role-template-view-configmaps', 'role-template-view-secrets'];
    for (const roleRef of roleRefs) {
      for (const query of ['?dryRun=All', '']) {
        await expectRefused(
          'vic',
          'PUT',
          `${iam}/namespaces/kubesphere-controls-system/members/vic${query}`,
          {
            username: 'vic',
            roleRef,
          },
        );
      }
    }

    for (const roleRef of roleRefs) {
      await expectRefused('walt', 'POST', `${iam}/namespaces/kubesphere-controls-system/members`, [
        { username: 'walt', roleRef },
      ]);
    }

    await expectNoCredentials('vic');
    await expectNoCredentials('walt');
  },
);

attack(
  'a DevOps project that names a namespace of the platform gives no access to it',
  async () => {
    const project = (name: string) => ({
      apiVersion: 'devops.kubesphere.io/v1alpha3',
      kind: 'DevOpsProject',
      metadata: { name, labels: { [WORKSPACE]: 'ws-a' } },
      spec: {},
      status: { adminNamespace: 'kubesphere-controls-system' },
    });

    // Created by a user with all rights: the namespace does not have the project's label, so it does
    // not belong to the project.
    await platform.write(PATHS.devops, project('planted'));

    await platform.call(`${PATHS.devops}/planted`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/merge-patch+json' },
      body: { status: project('planted').status },
    });

    for (const [who, roleRef] of [
      ['rae', 'role-template-view-alerting-messages'],
      ['vic', 'role-template-view-configmaps'],
      ['walt', 'role-template-view-configmaps'],
    ] as const) {
      const body = { username: who, roleRef };

      const { status, text } = await platform.call(`${iam}/devops/planted/members/${who}`, {
        method: 'PUT',
        token: tokens[who],
        body,
      });

      if (status !== 403 && status !== 404) {
        platform.recordFailure(`${who} joins the DevOps project: ${status} ${text}`);
      }
    }

    const body = [{ username: 'walt', roleRef: 'role-template-view-configmaps' }];
    const added = await platform.call(`${iam}/devops/planted/members`, {
      token: tokens.walt,
      body,
    });
    if (added.status !== 403 && added.status !== 404) {
      platform.recordFailure(`walt adds members: ${added.status} ${added.text}`);
    }

    // Only users with all rights write the name of such a namespace at all.
    const own = await platform.call(PATHS.devops, { token: tokens.walt, body: project('own') });
    if (own.status < 300) {
      const change = { status: { adminNamespace: 'kubesphere-controls-system' } };
      await platform.expectRefusedAtEveryDoor(tokens.walt!, {
        path: `${PATHS.devops}/own`,
        apiVersion: 'devops.kubesphere.io/v1alpha3',
        kind: 'DevOpsProject',
        // A value that differs from the one set at creation, so that this is a change.
        change: own.json.status?.adminNamespace
          ? { status: { adminNamespace: 'kube-system' } }
          : change,
      });

      const { status } = await platform.read(`${PATHS.devops}/own`);
      if (SYSTEM.includes(status?.adminNamespace)) {
        platform.recordFailure('the new project names a namespace of the platform');
      }
    } else {
      assert.equal(own.status, 403, own.text);
    }

    for (const who of ['vic', 'walt']) {
      await expectNoCredentials(who);
    }
  },
);

attack('a label set by a tenant does not add a namespace to a DevOps project', async () => {
  const label = { metadata: { labels: { 'kubesphere.io/devopsproject': 'planted' } } };
  await expectRefused('wanda', 'PATCH', `${PATHS.tenant}/workspaces/ws-a/namespaces/ns-a`, label);
  await expectRefused('wanda', 'POST', `${PATHS.tenant}/workspaces/ws-a/namespaces`, {
    metadata: { name: 'ns-devops', ...label.metadata },
  });

  await platform.expectRefusedAtEveryDoor(tokens.wanda!, {
    path: '/api/v1/namespaces/ns-a',
    apiVersion: 'v1',
    kind: 'Namespace',
    builtIn: true,
    change: label,
  });

  assert.equal(
    (await platform.read('/api/v1/namespaces/ns-a')).metadata.labels['kubesphere.io/devopsproject'],
    undefined,
  );
});

attack('members of system-workspace read no credentials of the platform', async () => {
  await expectNoCredentials('sven');
  await expectNoCredentials('sara');
});

attack(
  'members of system-workspace write nothing in the namespaces of the platform, with any of its roles',
  async () => {
    await expectNoWritesInSystem('sven');
    await expectNoWritesInSystem('sara');
  },
);

attack('only users with all rights appoint managers and members of system-workspace', async () => {
  const path = `${PATHS.tenant}/workspaces/system-workspace`;
  const spec = { template: { spec: { manager: 'walt' } } };

  await expectRefused('walt', 'PATCH', path, { spec });

  const stored = await platform.read(path);
  await expectRefused('walt', 'PUT', path, { ...stored, spec: { ...stored.spec, ...spec } });

  const members = `${iam}/workspaces/system-workspace/workspacemembers`;

  for (const roleRef of [
    'system-workspace-admin',
    'system-workspace-viewer',
    'system-workspace-regular',
  ]) {
    await expectRefused('walt', 'POST', members, [{ username: 'walt', roleRef }]);
    await expectRefused('walt', 'PUT', `${members}/walt`, { username: 'walt', roleRef });
    await expectRefused('sara', 'POST', members, [{ username: 'rae', roleRef }]);
  }

  await expectRefused('sara', 'POST', `${PATHS.tenant}/workspaces/system-workspace/namespaces`, {
    metadata: { name: 'own' },
  });
  await expectNoCredentials('walt');
});

attack('a viewer of the cluster reads no credentials of the platform', () =>
  expectNoCredentials('carl'),
);

attack(
  'a role in a namespace of the platform gives no credentials and no writes there, below the role that allows everything',
  async () => {
    await platform.addMember('namespaces/kubesphere-controls-system', 'rae', 'admin');

    await platform.waitUntilAllowed(
      tokens.rae!,
      'verb=list&resource=pods&namespace=kubesphere-controls-system',
    );

    const at = '/api/v1/namespaces/kubesphere-controls-system';

    await expectRefused('rae', 'GET', `${PATHS.kubeconfigs}/kubeconfig-admin`);
    await expectRefused('rae', 'GET', `${at}/secrets`);
    await expectRefused('rae', 'POST', `${at}/serviceaccounts/kubesphere-cluster-admin/token`, {});

    await expectRefused('rae', 'POST', `${at}/pods`, {
      metadata: { name: 'x' },
      spec: { containers: [{ name: 'x', image: 'x' }] },
    });

    await platform.call(`${iam}/namespaces/kubesphere-controls-system/members/rae`, {
      method: 'DELETE',
    });
  },
);

const PLACES = [
  ['workspaces/ws-a', 'workspacemembers', 'workspaceroles', 'ws-a-empty'],
  ['namespaces/ns-a', 'members', 'roles', 'empty'],
  ['', 'clustermembers', 'clusterroles', 'empty'],
] as const;

for (const [place, members, roles, role] of PLACES) {
  attack(
    `no user joins ${place || 'the cluster'} by themselves, not even with a role without rules`,
    async () => {
      const base = place === '' ? iam : `${iam}/${place}`;
      const metadata = { name: role, annotations: { 'iam.kubesphere.io/aggregation-roles': '[]' } };

      await platform.write(`${base}/${roles}`, { metadata });

      const own = `${base}/${members}/rae`;

      for (const query of ['?dryRun=All', '']) {
        await expectRefused('rae', 'PUT', own + query, { username: 'rae', roleRef: role });
      }

      await expectRefused('rae', 'POST', `${base}/${members}`, [
        { username: 'rae', roleRef: role },
      ]);
      await expectRefused('rae', 'POST', own, { username: 'rae', roleRef: role });
      assert.equal((await platform.call(own)).status, 404);
    },
  );
}

attack('no user changes their own role in a place, but they read and leave it', async () => {
  await platform.addMember('workspaces/ws-a', 'rae', 'ws-a-regular');

  const own = `${iam}/workspaces/ws-a/workspacemembers/rae`;

  const metadata = {
    name: 'ws-a-other',
    annotations: { 'iam.kubesphere.io/aggregation-roles': '[]' },
  };

  await platform.write(`${iam}/workspaces/ws-a/workspaceroles`, { metadata });
  await expectRefused('rae', 'PUT', own, { username: 'rae', roleRef: 'ws-a-other' });
  assert.equal((await platform.call(own, { token: tokens.rae })).status, 200);
  assert.equal((await platform.call(own, { method: 'DELETE', token: tokens.rae })).status, 200);
  assert.equal((await platform.call(own)).status, 404);
});
