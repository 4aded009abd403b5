import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import { KubeClient } from '@ks-apiserver/client/kube/client';
import { NO_REQUEST, type RequestInfo } from '@ks-apiserver/http/request/request-info';
import { KubeApiServer } from '@ks-apiserver/kubernetes/server/server';
import { MemoryBackend } from '@ks-apiserver/kubernetes/test/storage/memory';
import { eventually } from '@ks-apiserver/server/test/support/test-server';
import fc from 'fast-check';
import { install } from '../../install/install.ts';
import { builtinManifests } from '../../install/manifests.ts';
import { Catalog } from '../resources/catalog/catalog.ts';
import { RESOURCES } from '../resources/catalog/table.ts';
import { Authorizer } from './authorizer.ts';
import { Bindings } from './bindings/bindings.ts';
import { HeldRoles } from './bindings/held-roles.ts';
import { Explainer } from './explain.ts';

let api: KubeApiServer;
let catalog: Catalog;
let authorizer: Authorizer;
let explainer: Explainer;

const USERS = ['u0', 'u1', 'u2'];
const WORKSPACES = ['w0', 'w1'];
const NAMESPACES = ['n0', 'n1', 'n2'];
const RESOURCES_ASKED = ['pods', 'pods/log', 'secrets', 'users'];
const VERBS = ['get', 'list', 'delete'];

/**
 * A fixed but arbitrary set of objects: roles with few rules at each level, bound to users and
 * groups.
 */
before(async () => {
  api = await KubeApiServer.open({ backend: new MemoryBackend() });

  const client = new KubeClient(api);
  await install(client, { embedded: true, onlyIfOutdated: false });
  assert.ok(builtinManifests().crds.length > 0);

  const iam = (resource: string) => ({ group: 'iam.kubesphere.io', version: 'v1alpha2', resource });

  const rbac = (resource: string) => ({
    group: 'rbac.authorization.k8s.io',
    version: 'v1',
    resource,
  });

  const label = (workspace: string) => ({ 'kubesphere.io/workspace': workspace });

  for (const [i, name] of NAMESPACES.entries()) {
    await client.create(
      { group: '', version: 'v1', resource: 'namespaces' },
      {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name, ...(i < 2 && { labels: label(WORKSPACES[i]!) }) },
      },
    );
  }

  const groupOf = (kind: string) =>
    /Global|Workspace/.test(kind) ? 'iam.kubesphere.io' : 'rbac.authorization.k8s.io';
  const versionOf = (kind: string) => (groupOf(kind) === 'iam.kubesphere.io' ? 'v1alpha2' : 'v1');

  for (const [n, [kind, plural, metadata]] of [
    ['GlobalRole', 'globalroles', {}],
    ['ClusterRole', 'clusterroles', {}],
    ['WorkspaceRole', 'workspaceroles', { labels: label('w0') }],
    ['WorkspaceRole', 'workspaceroles', { labels: label('w1') }],
    ['Role', 'roles', { namespace: 'n0' }],
    ['Role', 'roles', { namespace: 'n1' }],
    ['Role', 'roles', { namespace: 'n2' }],
  ].entries() as Iterable<[number, [string, string, object]]>) {
    const resource = groupOf(kind) === 'iam.kubesphere.io' ? iam : rbac;
    const apiVersion = `${groupOf(kind)}/${versionOf(kind)}`;

    for (const [i, verb] of VERBS.entries()) {
      const name = `r${n}-${verb}`;
      const rules = [
        { verbs: [verb], apiGroups: [''], resources: [RESOURCES_ASKED[(n + i) % 3]!] },
      ];

      await client.create(resource(plural), {
        apiVersion,
        kind,
        metadata: { ...metadata, name },
        rules,
      });

      const subject =
        (n + i) % 3 === 0
          ? { kind: 'Group', name: `g${i % 2}` }
          : { kind: 'User', name: USERS[(n + i) % USERS.length]! };

      await client.create(resource(plural.replace(/s$/, 'bindings')), {
        apiVersion,
        kind: `${kind}Binding`,
        metadata: { ...metadata, name },
        subjects: [{ ...subject, apiGroup: 'rbac.authorization.k8s.io' }],
        roleRef: { apiGroup: groupOf(kind), kind, name },
      });
    }
  }

  for (const [i, workspace] of WORKSPACES.entries()) {
    await client.create(iam('groups'), {
      apiVersion: 'iam.kubesphere.io/v1alpha2',
      kind: 'Group',
      metadata: { name: `g${i}`, labels: label(workspace) },
    });

    await client.create(iam('groupbindings'), {
      apiVersion: 'iam.kubesphere.io/v1alpha2',
      kind: 'GroupBinding',
      metadata: { name: `m${i}`, labels: label(workspace) },
      groupRef: { apiGroup: 'iam.kubesphere.io', kind: 'groups', name: `g${i}` },
      users: USERS,
    });
  }

  catalog = new Catalog(client, RESOURCES);
  await catalog.start(AbortSignal.timeout(30_000));

  const bindings = new Bindings(catalog);

  const informers = {
    globalRoles: catalog.informerOf('globalroles'),
    workspaceRoles: catalog.informerOf('workspaceroles'),
    roles: catalog.informerOf('roles'),
    clusterRoles: catalog.informerOf('clusterroles'),
    namespaces: catalog.informerOf('namespaces'),
    devopsProjects: catalog.informerOf('devopsprojects'),
  };

  authorizer = new Authorizer('RBAC', new HeldRoles(informers, bindings));
  explainer = new Explainer(authorizer, catalog);
  await eventually(async () => assert.ok(bindings.namespace.entriesIn('n2').length >= 3));
});

after(async () => {
  await catalog.stop();
  await api.close();
});

const requests: fc.Arbitrary<RequestInfo> = fc
  .record({
    verb: fc.constantFrom(...VERBS),
    resource: fc.constantFrom(...RESOURCES_ASKED),
    scope: fc.constantFrom<RequestInfo['scope']>('Cluster', 'Workspace', 'Namespace'),
    workspace: fc.constantFrom(...WORKSPACES, 'none'),
    namespace: fc.constantFrom(...NAMESPACES, 'none'),
    name: fc.constantFrom('', ...USERS),
    own: fc.boolean(),
  })
  .map(({ resource: full, scope, own, ...request }) => {
    const [resource = '', subresource = ''] = full.split('/');

    return {
      ...NO_REQUEST,
      ...request,
      isResource: true,
      isKubernetes: !own,
      path: own ? '/kapis/x' : '/api/v1/x',
      group: resource === 'users' ? 'iam.kubesphere.io' : '',
      resource,
      subresource,
      scope,
      workspace: scope === 'Workspace' ? request.workspace : '',
      namespace: scope === 'Namespace' ? request.namespace : '',
    };
  });

const users: fc.Arbitrary<UserInfo> = fc.record({
  name: fc.constantFrom(...USERS, 'stranger'),
  groups: fc.subarray(['system:authenticated', 'github:devs']),
});

test('explaining and deciding never disagree, and a suggested role would allow the call', async () => {
  let [allowed, denied] = [0, 0];
  await fc.assert(
    fc.asyncProperty(users, requests, async (user, info) => {
      const explanation = await explainer.explain(user, info, () => true);
      assert.equal(explanation.allowed, authorizer.allows(user, info));
      assert.equal(explanation.allowed, explanation.builtIn.length + explanation.grants.length > 0);
      assert.equal(explanation.grants.length > 0, authorizer.byRoles(user, info));

      if (explanation.allowed) {
        allowed += 1;
      } else {
        denied += 1;
      }

      for (const { rule, binding } of explanation.grants) {
        assert.ok(rule?.verbs?.includes(info.verb) || rule?.verbs?.includes('*'));

        const [kind, name] = [
          binding.subject.slice(0, binding.subject.indexOf(':')),
          binding.subject.slice(binding.subject.indexOf(':') + 1),
        ];

        if (kind === 'User') {
          assert.equal(name, user.name);
        }
        // Groups of a workspace only count in the workspace and its namespaces.
        else if (/^g\d$/.test(name)) {
          assert.equal(name, `g${WORKSPACES.indexOf(authorizer.held.placeOf(info).workspace)}`);
        }
      }

      if (!explanation.allowed && explanation.rolesThatWould.length === 0) {
        const everything = await explainer.explain(
          { name: 'stranger', groups: [] },
          info,
          () => true,
        );

        assert.deepEqual(everything.rolesThatWould, []);
      }
    }),
    { numRuns: 3000 },
  );

  assert.ok(allowed > 100 && denied > 100, `${allowed} allowed, ${denied} denied`);
});
