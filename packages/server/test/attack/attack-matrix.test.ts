import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { makeSigningRequest } from '@ks-apiserver/kubernetes/server/sign-request';
import { ON_CLUSTER, PATHS, TestPlatform, userSubject } from '../support/test-platform.ts';
import { eventually } from '../support/test-server.ts';
import type { Attack, Attacks } from './attack.ts';
import { each, plantUser } from './attackers.ts';
import { bindingsOfObjects, groups, members, subjectsOfBindings } from './bindings.ts';
import { type BuiltInRole, builtInRoles, plantTenants, tenantsOf } from './built-in-roles.ts';
import { certificates, serviceAccounts, users } from './credentials.ts';
import { ownRole, rolesFromTemplates, rolesOfObjects } from './roles.ts';
import { Runner } from './runner.ts';
import { Tally } from './tally.ts';
import { devopsProjects, managers, namespaces } from './tenants.ts';

const ATTACKS: readonly Attacks[] = [
  bindingsOfObjects,
  subjectsOfBindings,
  members,
  groups,
  ownRole,
  rolesFromTemplates,
  rolesOfObjects,
  managers,
  namespaces,
  devopsProjects,
  users,
  certificates,
  serviceAccounts,
];

/** Environments in which attackers work in parallel, each with tenants of its own. */
const PLACES = ON_CLUSTER ? 4 : 8;

/** Least number of cells; fewer mean that something was left out. */
const LEAST_CELLS = ON_CLUSTER ? 2000 : 15_000;

/** On a real cluster, the roles that gained most in the full matrix, some of each level. */
const ROLES_ON_CLUSTER =
  /^(global (workspaces-manager|users-manager|platform-regular|role-template-(view-workspaces|manage-clusters))|workspace .*(-own-\d+-(admin|self-provisioner)|manage-workspace-settings)|system-workspace .*-admin|project (admin|operator)|devops admin|system-namespace admin|cluster cluster-viewer)$/;

/** Attacks that the admission policies of a cluster decide for callers of its own port. */
const OWN_PORT_ON_CLUSTER =
  /^(move .* namespace|name the attacker creator|name another user creator|become manager)/;

/** Most failures that are shown. */
const SHOWN = 150;

let platform: TestPlatform;
let roles: BuiltInRole[];
const runners: Runner[] = [];
const tally = new Tally();

before(async () => {
  platform = await TestPlatform.start();

  const signingRequest = Buffer.from(
    (await makeSigningRequest({ commonName: 'admin' })).request,
  ).toString('base64');

  await platform.write(PATHS.requests, {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name: 'planted' },
    spec: { request: signingRequest, signerName: 'example.com/nobody', usages: ['client auth'] },
  });

  roles = [];
  await each([...Array(PLACES).keys()], 4, async (place) => {
    const suffix = `-${place}`;
    const tenants = tenantsOf(suffix);
    const root = `root${suffix}`;

    await plantTenants(platform, tenants);
    await plantUser(platform, root);

    await platform.write(`${PATHS.iamObjects}/globalrolebindings`, {
      apiVersion: 'iam.kubesphere.io/v1alpha2',
      kind: 'GlobalRoleBinding',
      metadata: { name: `${root}-platform-admin`, labels: { 'iam.kubesphere.io/user-ref': root } },
      subjects: userSubject(root),
      roleRef: { apiGroup: 'iam.kubesphere.io', kind: 'GlobalRole', name: 'platform-admin' },
    });

    // Its controller creates the binding in the cluster.
    await eventually(() =>
      platform.read(`${PATHS.rbac}/clusterrolebindings/${root}-cluster-admin`),
    );

    const { workspace } = tenants.own;
    const made = await platform.write(`${PATHS.iam}/workspaces/${workspace}/groups`, {
      metadata: { generateName: 'bosses' },
    });
    const group: string = made.metadata.name;
    await platform.writeEventually(`${PATHS.iam}/workspaces/${workspace}/workspacerolebindings`, [
      {
        subjects: [{ kind: 'Group', name: group }],
        roleRef: { kind: 'WorkspaceRole', name: `${workspace}-admin` },
      },
    ]);

    const own = await builtInRoles(platform, tenants);

    runners[place] = new Runner(platform, { tenants, suffix, root, group, signingRequest }, tally);

    // Each environment takes every n-th role; the order is the same in all.
    const chosen = ON_CLUSTER
      ? own.filter(({ level, name }) => ROLES_ON_CLUSTER.test(`${level} ${name}`))
      : own;
    roles.push(...chosen.filter((_, index) => index % PLACES === place));
    queues[place] = chosen.filter((_, index) => index % PLACES === place);
  });
});

after(async () => {
  for (const runner of runners) {
    runner.close();
  }
  await platform.stop();
});

const queues: BuiltInRole[][] = [];

test('no built-in role alone gets more by any write that can grant, through any door', async () => {
  const usesOwnPort = ({ name }: Attack) => !ON_CLUSTER || OWN_PORT_ON_CLUSTER.test(name);
  await Promise.all(
    runners.map(async (runner, place) => {
      for (const role of queues[place]!) {
        try {
          await runner.run(role, ATTACKS, usesOwnPort);
        } catch (error) {
          tally.fail(`${role.level} ${role.name}: ${(error as Error).message}`);
        }
      }
    }),
  );

  const { ran, refused, accepted, pruned, failures } = tally;
  console.log(
    `${roles.length} roles, ${ran} cells: ${refused} refused, ${accepted} accepted; ${pruned} more left out, whose right was refused just before`,
  );

  const more = failures.length > SHOWN ? [`and ${failures.length - SHOWN} more`] : [];
  assert.equal(failures.length, 0, [...failures.slice(0, SHOWN), ...more].join('\n'));
});

test('the matrix has enough cells', () =>
  assert.ok(tally.ran >= LEAST_CELLS, `${tally.ran} cells`));
