import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Change } from '../support/doors.ts';
import { ON_CLUSTER, PATHS, TestPlatform } from '../support/test-platform.ts';

const { iam, iamObjects, rbac } = PATHS;
const AGGREGATION = 'iam.kubesphere.io/aggregation-roles';
const ANYTHING = [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }];
const WRITES = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'];

/** A selector that matches every ClusterRole with this label. */
const SELECTOR = { clusterRoleSelectors: [{ matchLabels: { 'example.com/take': 'yes' } }] };
let platform: TestPlatform;

/**
 * Mona may write cluster roles and has the roles `mona`, `spare` and `gathered`, the last
 * aggregated from others; Wanda administers ws-a.
 */
const tokens: Record<string, string> = {};

before(async () => {
  platform = await TestPlatform.start();

  for (const name of ['mona', 'wanda']) {
    tokens[name] = await platform.createUser(name);
  }

  await platform.createWorkspace('ws-a', 'wanda');
  await platform.createWorkspace('ws-b');

  await platform.grantClusterRole(
    'mona',
    [
      {
        apiGroups: ['iam.kubesphere.io', 'rbac.authorization.k8s.io'],
        resources: ['clusterroles'],
        verbs: WRITES,
      },
      { apiGroups: [''], resources: ['pods'], verbs: ['get'] },
    ],
    'mona',
  );

  await platform.grantClusterRole(
    'spare',
    [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }],
    'mona',
  );

  await platform.grantClusterRole('gathered', [], 'mona');

  await platform.write(
    `${rbac}/clusterroles/gathered`,
    { aggregationRule: SELECTOR },
    {
      method: 'PATCH',
      headers: { 'content-type': 'application/merge-patch+json' },
    },
  );

  await platform.write(`${rbac}/clusterroles`, { metadata: { name: 'strong' }, rules: ANYTHING });
  await platform.waitUntilAllowed(
    tokens.mona!,
    'verb=patch&apiGroup=iam.kubesphere.io&resource=clusterroles',
  );

  await platform.waitUntilAllowed(
    tokens.wanda!,
    'verb=create&apiGroup=iam.kubesphere.io&resource=workspaceroles&workspace=ws-a',
  );
});

after(() => platform.stop());

/** Defines a test whose calls must all be refused and leave Mona's rights unchanged. */
function attack(name: string, act: () => Promise<void>): void {
  test(name, () =>
    platform.assertWithstands(async () => {
      await act();
      // Time that the aggregation of roles may take.
      await new Promise((resolve) => setTimeout(resolve, 300));

      if (await platform.isAllowed(tokens.mona!, 'verb=list&resource=secrets')) {
        platform.recordFailure('mona reads all Secrets');
      }
    }),
  );
}

const ofRole = (name: string, change: Record<string, unknown>): Change => ({
  path: `${rbac}/clusterroles/${name}`,
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRole',
  builtIn: true,
  change,
});

const LABELS: [role: string, labels: Record<string, string>][] = [
  ['strong', { 'example.com/take': 'yes' }],
  ['strong', { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' }],
  ['cluster-admin', { 'rbac.authorization.k8s.io/aggregate-to-edit': 'true' }],
];

attack(
  'no user extends one of their roles, or aggregates a role beyond their rights, through the Kubernetes API',
  async () => {
    for (const [role, labels] of LABELS) {
      await platform.expectRefusedAtEveryDoor(tokens.mona!, ofRole(role, { metadata: { labels } }));
    }

    await platform.expectRefusedAtEveryDoor(
      tokens.mona!,
      ofRole('spare', { aggregationRule: SELECTOR }),
    );
    await platform.expectRefusedAtEveryDoor(tokens.mona!, ofRole('spare', { rules: ANYTHING }));
  },
);

attack(
  "the port of the Kubernetes API refuses the same with the user's own kubeconfig",
  async () => {
    const client = await platform.kubeconfigOf('mona');
    const reads = await client.call(`${rbac}/clusterroles/mona`);

    assert.equal(reads.status, 200, reads.text);
    await platform.expectRefusedAtOwnPort(client, ofRole('spare', { aggregationRule: SELECTOR }));
    await platform.expectRefusedAtOwnPort(client, ofRole('spare', { rules: ANYTHING }));

    // A real cluster lets every user who may write a role label it.
    if (ON_CLUSTER) {
      return;
    }

    for (const [role, labels] of LABELS) {
      await platform.expectRefusedAtOwnPort(client, ofRole(role, { metadata: { labels } }));
    }
  },
);

attack(
  'no user creates a cluster role on /kapis that aggregates roles beyond their rights',
  async () => {
    const metadata = { name: 'taken', annotations: { [AGGREGATION]: '[]' } };

    for (const query of ['?dryRun=All', '']) {
      await platform.expectRefused(tokens.mona!, 'POST', `${iam}/clusterroles${query}`, {
        metadata,
        aggregationRule: SELECTOR,
      });
    }

    assert.equal((await platform.call(`${rbac}/clusterroles/taken`)).status, 404);
  },
);

attack(
  'no user makes one of their roles aggregate others, by PATCH and PUT on /kapis',
  async () => {
    for (const query of ['?dryRun=All', '']) {
      const own = `${iam}/clusterroles/spare`;
      await platform.expectRefused(tokens.mona!, 'PATCH', own + query, {
        aggregationRule: SELECTOR,
      });

      const stored = await platform.read(`${rbac}/clusterroles/spare`);
      await platform.expectRefused(tokens.mona!, 'PUT', own + query, {
        ...stored,
        aggregationRule: SELECTOR,
      });

      const wider = {
        clusterRoleSelectors: [
          { matchExpressions: [{ key: 'kubernetes.io/bootstrapping', operator: 'Exists' }] },
        ],
      };

      await platform.expectRefused(tokens.mona!, 'PATCH', `${iam}/clusterroles/gathered${query}`, {
        aggregationRule: wider,
      });
    }

    assert.equal((await platform.read(`${rbac}/clusterroles/spare`)).aggregationRule, undefined);
  },
);

attack(
  'no user labels a role beyond their rights so that one of theirs aggregates it, on /kapis',
  async () => {
    for (const [role, labels] of LABELS) {
      for (const query of ['?dryRun=All', '']) {
        await platform.expectRefused(tokens.mona!, 'PATCH', `${iam}/clusterroles/${role}${query}`, {
          metadata: { labels },
        });
      }
    }

    // A PUT builds the rules from the templates that it names; without templates there are no
    // rules.
    const stored = await platform.read(`${rbac}/clusterroles/strong`);
    const metadata = { ...stored.metadata, labels: { 'example.com/take': 'yes' } };
    const put = { method: 'PUT', token: tokens.mona, body: { ...stored, metadata } };

    assert.equal((await platform.call(`${iam}/clusterroles/strong`, put)).status, 200);
    assert.deepEqual((await platform.read(`${rbac}/clusterroles/strong`)).rules ?? [], []);
  },
);

test("a role within its creator's rights is created and changed on /kapis as before", async () => {
  const metadata = { name: 'plain', annotations: { [AGGREGATION]: '[]' } };

  const made = await platform.call(`${iam}/clusterroles`, {
    token: tokens.mona,
    body: { metadata },
  });

  assert.equal(made.status, 200, made.text);

  const patched = await platform.call(`${iam}/clusterroles/plain`, {
    method: 'PATCH',
    token: tokens.mona,
    headers: { 'content-type': 'application/merge-patch+json' },
    body: { metadata: { annotations: { 'kubesphere.io/description': 'nothing' } } },
  });

  assert.equal(patched.status, 200, patched.text);
});

test("no role of a workspace is created from another workspace's roles", async () => {
  const rules = [{ apiGroups: ['example.com'], resources: ['secretplans'], verbs: ['get'] }];
  await platform.write(`${iamObjects}/workspaceroles`, {
    apiVersion: 'iam.kubesphere.io/v1alpha2',
    kind: 'WorkspaceRole',
    metadata: { name: 'ws-b-plans', labels: { 'kubesphere.io/workspace': 'ws-b' } },
    rules,
  });

  const roles = `${iam}/workspaces/ws-a/workspaceroles`;
  const low = { name: 'ws-a-low', annotations: { [AGGREGATION]: '[]' } };

  await platform.write(roles, { metadata: low }, { token: tokens.wanda! });

  const annotations = { [AGGREGATION]: '["ws-b-plans"]' };
  const wrong: string[] = [];

  const attempt = async (method: string, path: string, body: unknown) => {
    for (const query of ['?dryRun=All', '']) {
      const headers = {
        'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json',
      };

      const { status, text } = await platform.call(path + query, {
        method,
        token: tokens.wanda,
        headers,
        body,
      });

      // The role belongs to another workspace, so the answer may also be that it does not exist.
      if (![400, 403, 404].includes(status) || text.includes('secretplans')) {
        wrong.push(`${method} ${path}${query}: ${status} ${text}`);
      }
    }
  };

  await attempt('POST', roles, { metadata: { name: 'ws-a-copy', annotations } });
  await attempt('PATCH', `${roles}/ws-a-low`, { metadata: { annotations } });

  const stored = await platform.read(`${iamObjects}/workspaceroles/ws-a-low`);
  await attempt('PUT', `${roles}/ws-a-low`, {
    ...stored,
    metadata: { ...stored.metadata, annotations },
  });

  assert.deepEqual(wrong, []);
  assert.deepEqual((await platform.read(`${iamObjects}/workspaceroles/ws-a-low`)).rules, []);

  // Shared templates belong to no workspace.
  const shared = { [AGGREGATION]: '["role-template-view-members"]' };
  await platform.write(
    roles,
    { metadata: { name: 'ws-a-shared', annotations: shared } },
    { token: tokens.wanda! },
  );
});
