import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Change } from '../support/doors.ts';
import { PATHS, TestPlatform } from '../support/test-platform.ts';
import { callWithUpgrade } from '../support/upgraded-call.ts';

const { iam, tenant, templates } = PATHS;
const WORKSPACE = 'kubesphere.io/workspace';
const CREATOR = 'kubesphere.io/creator';
const AUTOMATIC = ['get', 'list', 'watch', 'create', 'update', 'patch'];
let platform: TestPlatform;

/**
 * Otto operates ns-a; Seth manages the settings of ws-a; Cleo manages clusters of the platform; Tia
 * may write every workspace template by a ClusterRole; Wanda and Bea administer ws-a and ws-b.
 */
const tokens: Record<string, string> = {};

before(async () => {
  platform = await TestPlatform.start();

  for (const name of ['otto', 'seth', 'tia', 'wanda', 'bea']) {
    tokens[name] = await platform.createUser(name);
  }

  tokens.cleo = await platform.createUser('cleo', 'role-template-manage-clusters');
  await platform.createWorkspace('ws-a', 'wanda');
  await platform.createWorkspace('ws-b', 'bea');
  await platform.createProject('ns-a', 'ws-a');
  await platform.createProject('ns-b', 'ws-b');
  await platform.addMember('namespaces/ns-a', 'otto', 'operator');

  const annotations = {
    'iam.kubesphere.io/aggregation-roles': '["role-template-manage-workspace-settings"]',
  };
  await platform.write(`${iam}/workspaces/ws-a/workspaceroles`, {
    metadata: { name: 'ws-a-settings', annotations },
  });
  await platform.addMember('workspaces/ws-a', 'seth', 'ws-a-settings');

  await platform.grantClusterRole(
    'template-writer',
    [
      {
        apiGroups: ['tenant.kubesphere.io'],
        resources: ['workspacetemplates', 'workspaces'],
        verbs: AUTOMATIC,
      },
    ],
    'tia',
  );

  await platform.waitUntilAllowed(
    tokens.otto!,
    'verb=patch&resource=namespaces&namespace=ns-a&name=ns-a',
  );

  await platform.waitUntilAllowed(
    tokens.seth!,
    'verb=patch&apiGroup=tenant.kubesphere.io&resource=workspaces&workspace=ws-a',
  );

  await platform.waitUntilAllowed(
    tokens.cleo!,
    'verb=patch&apiGroup=tenant.kubesphere.io&resource=workspacetemplates',
  );

  await platform.waitUntilAllowed(
    tokens.tia!,
    'verb=patch&apiGroup=tenant.kubesphere.io&resource=workspacetemplates',
  );
});

after(() => platform.stop());

/** Defines a test whose calls must all be refused. */
function attack(name: string, act: () => Promise<void>): void {
  test(name, () => platform.assertWithstands(act));
}

/** Returns changes of the metadata of the namespace ns-a, by its path or a subresource's. */
const ofNamespace = (metadata: Record<string, unknown>): Change => ({
  path: '/api/v1/namespaces/ns-a',
  apiVersion: 'v1',
  kind: 'Namespace',
  builtIn: true,
  change: { metadata },
});

const manager = (name: string): Change => ({
  path: `${templates}/ws-a`,
  apiVersion: 'tenant.kubesphere.io/v1alpha2',
  kind: 'WorkspaceTemplate',
  change: { spec: { template: { spec: { manager: name } } } },
});

/** Records when the creator of a namespace has changed, or a user has become its admin. */
async function recordNewAdmin(username: string): Promise<void> {
  // Time that the controllers could take to act on it.
  await new Promise((resolve) => setTimeout(resolve, 500));

  const { json } = await platform.call(`${iam}/namespaces/ns-a/members/${username}`);
  if (json?.metadata?.annotations?.['iam.kubesphere.io/role'] === 'admin') {
    platform.recordFailure(`${username} is admin of ns-a`);
  }

  const { items } = await platform.read(
    '/apis/rbac.authorization.k8s.io/v1/namespaces/ns-a/rolebindings',
  );

  for (const { metadata, roleRef } of items) {
    if (roleRef.name === 'admin' && metadata.name.startsWith(username)) {
      platform.recordFailure(`${metadata.name} was made`);
    }
  }
}

attack('an operator moves their namespace to no other workspace', async () => {
  for (const name of ['ws-b', 'system-workspace', null]) {
    await platform.expectRefusedAtEveryDoor(
      tokens.otto!,
      ofNamespace({ labels: { [WORKSPACE]: name } }),
    );
  }

  assert.equal((await platform.read('/api/v1/namespaces/ns-a')).metadata.labels[WORKSPACE], 'ws-a');
});

attack(
  'an admin of a workspace moves no namespace to a workspace where they may not create one',
  async () => {
    for (const name of ['ws-b', 'system-workspace', 'nosuch', null]) {
      await platform.expectRefusedAtEveryDoor(
        tokens.wanda!,
        ofNamespace({ labels: { [WORKSPACE]: name } }),
      );
    }

    assert.equal(
      (await platform.read('/api/v1/namespaces/ns-a')).metadata.labels[WORKSPACE],
      'ws-a',
    );
  },
);

attack(
  'an operator does not become admin of their project by naming themselves its creator',
  async () => {
    await platform.expectRefusedAtEveryDoor(
      tokens.otto!,
      ofNamespace({ annotations: { [CREATOR]: 'otto' } }),
    );

    const body = { metadata: { annotations: { [CREATOR]: 'otto' } } };
    await platform.expectRefused(tokens.otto!, 'PATCH', '/api/v1/namespaces/ns-a/status', body);

    const stored = await platform.read('/api/v1/namespaces/ns-a');

    const named = {
      ...stored,
      metadata: { ...stored.metadata, annotations: { [CREATOR]: 'otto' } },
    };

    await platform.expectRefused(tokens.otto!, 'PUT', '/api/v1/namespaces/ns-a/status', named);

    // This call is about spec.finalizers only: whether it is refused or not, the annotation stays.
    await platform.call('/api/v1/namespaces/ns-a/finalize', {
      method: 'PUT',
      token: tokens.otto,
      body: named,
    });

    const after = await platform.read('/api/v1/namespaces/ns-a');
    assert.equal(after.metadata.annotations?.[CREATOR], stored.metadata.annotations?.[CREATOR]);
    await recordNewAdmin('otto');
  },
);

attack('an operator makes no other user admin that way, by any path', async () => {
  await platform.expectRefusedAtEveryDoor(
    tokens.otto!,
    ofNamespace({ annotations: { [CREATOR]: 'bea' } }),
  );

  await recordNewAdmin('bea');

  const own = `${tenant}/workspaces/ws-a/namespaces/ns-a`;
  await platform.expectRefused(tokens.otto!, 'PATCH', own, {
    metadata: { annotations: { [CREATOR]: 'otto' } },
  });

  const { status, text } = await callWithUpgrade(platform.server.url, '/api/v1/namespaces/ns-a', {
    method: 'PATCH',
    token: tokens.otto!,
    headers: { 'content-type': 'application/merge-patch+json' },
    body: { metadata: { annotations: { [CREATOR]: 'otto' } } },
  });

  if (status < 400) {
    platform.recordFailure(`a PATCH that asks for an upgrade: ${text.slice(0, 200)}`);
  }

  await recordNewAdmin('otto');
});

attack(
  'an operator with their own kubeconfig names no creator and moves no namespace',
  async () => {
    const client = await platform.kubeconfigOf('otto');
    const reads = await client.call('/api/v1/namespaces/ns-a/configmaps');

    assert.equal(reads.status, 200, reads.text);
    await platform.expectRefusedAtOwnPort(
      client,
      ofNamespace({ annotations: { [CREATOR]: 'otto' } }),
    );
    await platform.expectRefusedAtOwnPort(client, ofNamespace({ labels: { [WORKSPACE]: 'ws-b' } }));
    await platform.expectRefusedAtOwnPort(client, ofNamespace({ labels: { [WORKSPACE]: null } }));

    await platform.expectRefusedAtOwnPort(
      client,
      ofNamespace({ labels: { 'kubesphere.io/devopsproject': 'dev' } }),
    );

    await recordNewAdmin('otto');

    assert.equal(
      (await platform.read('/api/v1/namespaces/ns-a')).metadata.labels[WORKSPACE],
      'ws-a',
    );
  },
);

/** Records when a user has become manager, or admin, of ws-a. */
async function recordNewManager(username: string): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 500));

  const { spec } = await platform.read(`${templates}/ws-a`);
  if (spec.template.spec.manager !== 'wanda') {
    platform.recordFailure(`the manager is ${spec.template.spec.manager}`);
  }

  const { json } = await platform.call(`${iam}/workspaces/ws-a/workspacemembers/${username}`);
  if (json?.metadata?.annotations?.['iam.kubesphere.io/workspacerole'] === 'ws-a-admin') {
    platform.recordFailure(`${username} is admin of ws-a`);
  }
}

attack("a user who manages a workspace's settings does not become its manager", async () => {
  const own = `${tenant}/workspaces/ws-a`;

  for (const name of ['seth', 'bea']) {
    for (const query of ['?dryRun=All', '']) {
      const { change } = manager(name);
      await platform.expectRefused(tokens.seth!, 'PATCH', own + query, change);

      const stored = await platform.read(`${templates}/ws-a`);
      await platform.expectRefused(tokens.seth!, 'PUT', own + query, {
        ...stored,
        spec: { ...stored.spec, ...(change.spec as object) },
      });

      const ops = [{ op: 'add', path: '/spec/template/spec/manager', value: name }];

      const patched = await platform.call(own + query, {
        method: 'PATCH',
        token: tokens.seth,
        headers: { 'content-type': 'application/json-patch+json' },
        body: ops,
      });

      // The endpoint takes objects; if it took operations, it would have to refuse these.
      if (![400, 403, 415].includes(patched.status)) {
        platform.recordFailure(
          `JSON patch of ${own}${query}: ${patched.status} ${patched.text.slice(0, 200)}`,
        );
      }
    }
  }

  await recordNewManager('seth');
  await recordNewManager('bea');

  // Changes that give nobody rights stay allowed.
  const alias = { metadata: { annotations: { 'kubesphere.io/alias-name': 'A' } } };
  const headers = { 'content-type': 'application/merge-patch+json' };

  const { status, text } = await platform.call(own, {
    method: 'PATCH',
    token: tokens.seth,
    headers,
    body: alias,
  });

  assert.equal(status, 200, text);
});

attack('a manager of clusters appoints no manager of a workspace', async () => {
  await platform.expectRefusedAtEveryDoor(tokens.cleo!, manager('cleo'));

  await platform.expectRefused(
    tokens.cleo!,
    'PATCH',
    `${tenant}/workspaces/ws-a`,
    manager('cleo').change,
  );

  const later = `${tenant.replace('v1alpha2', 'v1alpha3')}/workspacetemplates/ws-a`;
  await platform.expectRefused(tokens.cleo!, 'PATCH', later, manager('cleo').change);
  await recordNewManager('cleo');
});

attack(
  'a user who may write workspace templates appoints no manager, also with their own kubeconfig',
  async () => {
    await platform.expectRefusedAtEveryDoor(tokens.tia!, manager('tia'));

    const body = {
      apiVersion: 'tenant.kubesphere.io/v1alpha2',
      kind: 'WorkspaceTemplate',
      metadata: { name: 'ws-mine' },
      spec: { template: { spec: { manager: 'bea' } } },
    };

    await platform.expectRefused(tokens.tia!, 'POST', `${templates}?dryRun=All`, body);
    await platform.expectRefused(tokens.tia!, 'POST', templates, body);

    const applied = await platform.call(`${templates}/ws-mine?fieldManager=tia&force=true`, {
      method: 'PATCH',
      token: tokens.tia,
      headers: { 'content-type': 'application/apply-patch+yaml' },
      body: JSON.stringify(body),
    });

    if (applied.status !== 403) {
      platform.recordFailure(`apply that makes ${templates}/ws-mine: ${applied.status}`);
    }

    const client = await platform.kubeconfigOf('tia');
    const reads = await client.call(`${templates}/ws-a`);

    assert.equal(reads.status, 200, reads.text);
    await platform.expectRefusedAtOwnPort(client, manager('tia'));

    const made = await client.call(templates, {
      method: 'POST',
      body: { ...body, metadata: { name: 'ws-his' } },
    });

    if (made.status !== 403) {
      platform.recordFailure(`own port: POST ${templates}: ${made.status}`);
    }

    await recordNewManager('tia');
  },
);

test("an alias is changed with one's own kubeconfig as before", async () => {
  const client = await platform.kubeconfigOf('otto');

  const { status, text } = await client.call('/api/v1/namespaces/ns-a', {
    method: 'PATCH',
    headers: { 'content-type': 'application/merge-patch+json' },
    body: { metadata: { annotations: { 'kubesphere.io/alias-name': 'A' } } },
  });

  assert.equal(status, 200, text);
});
