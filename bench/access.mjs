// Measures what authentication and authorization cost: with few and many users, for an
// administrator and for a member of 300 projects, and how much a storm of log-ins slows other
// requests.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startServer } from '../test/server.mjs';
import { load, loadTable, logIn, PASSWORD } from './measure.mjs';

const IAM = 'iam.kubesphere.io/v1alpha2';
const RBAC = 'rbac.authorization.k8s.io/v1';
const PROJECTS = 300;
const MEMBER = 'member';
const MEMBER_PASSWORD = 'Passw0rd!';
const CONNECTIONS = 16;

/** Calls `run` for each number of a range, on a few lanes. */
async function each(items, lanes, act) {
  const rest = items.values();
  await Promise.all(
    Array.from({ length: lanes }, async () => {
      for (const item of rest) {
        await act(item);
      }
    }),
  );
}

const range = (from, to) => Array.from({ length: to - from }, (_, i) => from + i);
const subject = (name) => ({ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name });

/** Returns a function that creates objects as the administrator. */
export function createCreator(server, token) {
  return async (path, body) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };

    const made = await fetch(server.url + path, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    });

    if (made.status >= 300) {
      throw new Error(`POST ${path}: ${made.status} ${await made.text()}`);
    }

    await made.arrayBuffer();
  };
}

/**
 * Creates users with a global role each, up to a number, and waits until the controller has made
 * them active.
 */
export async function createUsers(server, token, create, from, to) {
  await each(range(from, to), 32, async (i) => {
    const name = `user-${i}`;
    await create(`/apis/${IAM}/users`, {
      apiVersion: IAM,
      kind: 'User',
      metadata: { name },
      spec: { email: `${name}@example.com` },
    });

    await create(`/apis/${IAM}/globalrolebindings`, {
      apiVersion: IAM,
      kind: 'GlobalRoleBinding',
      metadata: {
        name: `${name}-platform-regular`,
        labels: { 'iam.kubesphere.io/user-ref': name },
      },
      subjects: [subject(name)],
      roleRef: { apiGroup: 'iam.kubesphere.io', kind: 'GlobalRole', name: 'platform-regular' },
    });
  });

  // The controller takes users in the order in which they come.
  for (const i of range(Math.max(from, to - 64), to)) {
    await waitUntilActive(server, token, `user-${i}`);
  }
}

async function waitUntilActive(server, token, name) {
  const headers = { authorization: `Bearer ${token}` };

  for (;;) {
    const user = await (await fetch(`${server.url}/apis/${IAM}/users/${name}`, { headers })).json();
    if (user.status?.state === 'Active') {
      return;
    }

    await sleep(100);
  }
}

/** Creates projects in which one user has a role each, and an object in one of them. */
async function createProjects(create) {
  await create(`/kapis/${IAM}/users`, {
    metadata: { name: MEMBER, annotations: { 'iam.kubesphere.io/globalrole': 'platform-regular' } },
    spec: { email: 'member@example.com', password: MEMBER_PASSWORD },
  });

  await each(range(0, PROJECTS), 16, async (i) => {
    const namespace = `project-${i}`;
    await create('/api/v1/namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: namespace },
    });

    await create(`/apis/${RBAC}/namespaces/${namespace}/rolebindings`, {
      apiVersion: RBAC,
      kind: 'RoleBinding',
      metadata: { name: `${MEMBER}-admin`, labels: { 'iam.kubesphere.io/user-ref': MEMBER } },
      subjects: [subject(MEMBER)],
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'admin' },
    });
  });

  await create('/api/v1/namespaces/project-150/configmaps', {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'one' },
    data: { key: 'value' },
  });
}

/** Logs in on some lanes until `signal` is aborted; returns the number of log-ins. */
async function logInUntil(server, signal) {
  let count = 0;
  await each(range(0, 8), 8, async () => {
    while (!signal.aborted) {
      await logIn(server, MEMBER, MEMBER_PASSWORD);
      count += 1;
    }
  });

  return count;
}

/** Prints the tables; returns how many requests failed. */
export async function access(seconds) {
  const dir = await mkdtemp(join(tmpdir(), 'ks-bench-'));
  const server = await startServer({ dir, adminPassword: PASSWORD });

  try {
    const admin = await logIn(server, 'admin', PASSWORD);
    const create = createCreator(server, admin);

    await createProjects(create);

    const member = await logIn(server, MEMBER, MEMBER_PASSWORD);
    const object = '/kapis/resources.kubesphere.io/v1alpha3/namespaces/project-150/configmaps/one';
    const print = loadTable(seconds);
    let made = 0;

    const measure = async (name, path, token) =>
      print(
        name,
        server,
        await load({ url: server.url + path, token, connections: CONNECTIONS, seconds }),
        CONNECTIONS,
      );

    for (const count of [100, 10_000]) {
      await createUsers(server, admin, create, made, count);
      made = count;

      for (const [who, token] of [
        ['admin', admin],
        [`member of ${PROJECTS} projects`, member],
      ]) {
        await measure(`version, ${who}, ${count} users`, '/kapis/version', token);
        await measure(`one object, ${who}, ${count} users`, object, token);
      }
    }

    const stop = new AbortController();
    const logIns = logInUntil(server, stop.signal);

    await measure('one object, admin, during log-ins', object, admin);
    stop.abort();
    console.log(`\n${Math.round((await logIns) / seconds)} log-ins a second meanwhile\n`);

    return print.errors();
  } finally {
    await server.stop();
    await rm(dir, { recursive: true, force: true });
  }
}
