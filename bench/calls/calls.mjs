// Measures what single calls cost: the CPU time of each beside a bare server, and how small calls
// fare beside readers of everything.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startServer } from '../../test/server.mjs';
import { createCreator } from '../access.mjs';
import { startFloorServer } from '../floor.mjs';
import { logIn, PASSWORD } from '../measure.mjs';
import { namespaceOf } from '../pod-source.mjs';
import { catchUp, manyPods, startSeededApi } from '../resources.mjs';
import { besideReaders } from './beside.mjs';
import { callTable } from './table.mjs';
import { usersMemory } from './users.mjs';

const IAM = '/kapis/iam.kubesphere.io/v1alpha2';
const USERS = 30;
const MEMBERS = 5;

/** Creates users with a global role each, members of one project, and workspaces. */
export async function createTenants(server, token) {
  const create = createCreator(server, token);

  for (let i = 0; i < USERS; i++) {
    await create(`${IAM}/users`, {
      metadata: {
        name: `user-${i}`,
        annotations: { 'iam.kubesphere.io/globalrole': 'platform-regular' },
      },
      spec: { email: `user-${i}@example.com`, password: PASSWORD },
    });
  }

  for (let i = 0; i < 10; i++) {
    await create('/kapis/tenant.kubesphere.io/v1alpha2/workspaces', {
      metadata: { name: `team-${i}` },
      spec: { template: { spec: { manager: 'admin' } } },
    });
  }

  await create(
    `${IAM}/namespaces/${namespaceOf(1)}/members`,
    Array.from({ length: MEMBERS }, (_, i) => ({ username: `user-${i}`, roleRef: 'viewer' })),
  );
}

/**
 * Measures single calls, small calls beside large ones, and the memory of users and pods. Prints the
 * tables; returns how many requests failed.
 * @param {number} seconds
 * @param {{pods?: number, peer?: {url: string, token: string}}} [options]
 */
export async function calls(seconds, options) {
  const failed = await singleCalls(seconds, options);

  await usersMemory();

  return failed + (await manyPods(seconds));
}

/**
 * Calls on a server beside a Kubernetes API with thousands of pods in another process.
 * @param {number} seconds
 * @param {{pods?: number, peer?: {url: string, token: string}}} [options]
 */
async function singleCalls(seconds, { pods = 5000, peer } = {}) {
  const dir = await mkdtemp(join(tmpdir(), 'ks-bench-'));
  await startSeededApi(dir, pods);

  const kube = await startServer({ dir, adminPassword: PASSWORD, args: ['--log-level', 'warn'] });

  // Recording metrics of thousands of pods takes CPU time of its own, which is no part of a call.
  const config = join(dir, 'kubesphere.yaml');
  await writeFile(config, 'monitoring:\n  embedded:\n    enable: false\n');

  const server = await startServer({
    dir: `${dir}-none`,
    adminPassword: PASSWORD,
    args: ['--config', config, '--kubeconfig', join(dir, 'pki', 'admin.kubeconfig')],
  });

  const floor = await startFloorServer();

  try {
    const token = await logIn(server, 'admin', PASSWORD);

    await catchUp(server, token);
    await createTenants(server, token);

    const failed = await callTable(server, floor, { token, seconds, peer });
    return failed + (await besideReaders(server, { token, seconds }));
  } finally {
    await Promise.all([server.stop(), kube.stop(), floor.close()]);
    await rm(dir, { recursive: true, force: true });
  }
}
