import assert from 'node:assert/strict';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import WebSocket from 'ws';
import { type Attacker, each, plantAttacker } from '../attack/attackers.ts';
import { builtInRoles, plantTenants, tenantsOf } from '../attack/built-in-roles.ts';
import { type RawAnswer, RawClient } from '../attack/raw-client.ts';
import type { OwnKubeconfig } from '../support/own-kubeconfig.ts';
import { ON_CLUSTER, PATHS, TestPlatform } from '../support/test-platform.ts';
import { type Marks, marksIn, plantMarks, VICTIM } from './plant.ts';
import { kubernetesReads, type Read, revealingPatches, routeReads } from './reads.ts';

/** How long a stream is read, in milliseconds: existing objects come first. */
const STREAM_MS = 120;
const WIDTH = 12;
const STREAMS = 40;

/** Least number of answers; fewer mean that something was left out. */
const LEAST_ANSWERS = 40_000;
let platform: TestPlatform;
let client: RawClient;
let marks: Marks;
const attackers: Attacker[] = [];

/** Number of answers that were searched. */
let answers = 0;

before(async () => {
  const config = join(await mkdtemp(join(tmpdir(), 'ks-marks-')), 'kubesphere.yaml');

  // An agent's deployment contains the token of its cluster; it exists only if the proxy has an
  // address.
  await writeFile(config, 'multicluster: {proxyPublishAddress: "http://192.0.2.1:8080"}\n');
  platform = await TestPlatform.start({ args: ['--config', config] });
  client = new RawClient(platform.server.url);
  await plantTenants(platform, tenantsOf(''));
  marks = await plantMarks(platform);
  await each(await builtInRoles(platform, tenantsOf('')), 8, async (role) => {
    attackers.push(await plantAttacker(platform, role));
  });
});

after(async () => {
  client.close();
  await platform.stop();
});

/** Records the marks that an answer contains. */
function recordMarks(
  leaks: string[],
  what: string,
  { all }: { all: string },
  seen: ReadonlyMap<string, string> = marks.all,
): void {
  answers += 1;

  const found = marksIn(all, seen);
  if (found.length > 0) {
    leaks.push(`${what}: ${found.join(', ')}`);
  }
}

const ROUTES = routeReads();
const KUBERNETES = kubernetesReads();
const nameOf = ({ path, headers }: Read) =>
  `GET ${path}${headers?.accept ? ` as ${headers.accept}` : ''}`;
const cut = ({ stream }: Read) => (stream ? { forMs: STREAM_MS } : {});

/**
 * Makes reads one after the other; skips the other forms of a path that the caller may not read at
 * all.
 */
async function readAll(
  some: readonly Read[],
  ask: (read: Read) => Promise<{ status: number; all: string }>,
  see: (what: string, answer: { all: string }) => void,
): Promise<void> {
  const refused = new Set<string>();

  for (const read of some) {
    const [plain = ''] = read.path.split('?', 1);

    // Every user may list what they see of all namespaces, and a watch is another verb.
    const isOther = read.stream || read.path.includes('scope=visible');
    if (!isOther && refused.has(plain)) {
      continue;
    }

    const answer = await ask(read);
    if (answer.status === 403 && !isOther) {
      refused.add(plain);
    }

    see(nameOf(read), answer);
  }
}

/** Makes all reads as every attacker; returns the leaks. */
async function letAllRead(
  readers: readonly Attacker[],
  reads: readonly Read[],
  ask: (attacker: Attacker, read: Read) => Promise<{ status: number; all: string }>,
): Promise<string[]> {
  const leaks: string[] = [];

  const readsBy = (some: readonly Read[]) => (attacker: Attacker) =>
    readAll(
      some,
      (read) => ask(attacker, read),
      (what, answer) => recordMarks(leaks, `${attacker.title}: ${what}`, answer),
    );

  await each(readers, WIDTH, readsBy(reads.filter(({ stream }) => !stream)));

  // Streams only wait, so many can run at a time.
  await each(readers, STREAMS, readsBy(reads.filter(({ stream }) => stream)));

  return leaks;
}

const askWithToken = (token: string, read: Read): Promise<RawAnswer> =>
  client.send(read.path, { token, ...(read.headers && { headers: read.headers }), ...cut(read) });

const askAtOwnPort = async (own: OwnKubeconfig, read: Read): Promise<RawAnswer> => {
  const { status, headers, text } = await own.call(read.path, {
    ...(read.headers && { headers: read.headers }),
    ...cut(read),
  });

  return { status, body: text, all: JSON.stringify(headers) + text };
};

/** Most leaks of one role that a failure names. */
const SHOWN = 4;

/** Asserts that nothing leaked; a failure names some leaks of each role, and their number. */
function assertNone(leaks: readonly string[]): void {
  const ofRole = new Map<string, string[]>();

  for (const leak of leaks) {
    const [role = ''] = leak.split(': ', 1);
    ofRole.set(role, [...(ofRole.get(role) ?? []), leak]);
  }

  const shown = [...ofRole].flatMap(([role, all]) =>
    all.length > SHOWN ? [...all.slice(0, SHOWN), `${role}: and ${all.length - SHOWN} more`] : all,
  );
  assert.deepEqual(shown, []);
}

/**
 * Roles that may change a cluster: they can set its agent's token, so they may fetch the agent's
 * manifest, which contains it.
 */
const OF_THEIR_OWN = new Set([
  `global role-template-manage-clusters: GET ${PATHS.clusters.replace('/apis', '/kapis')}/far/agent/deployment: token of a member cluster`,
]);

test('no route, list, watch, Table or export shows a marked secret to a built-in role that does not allow everything', async () => {
  const reads = [...ROUTES, ...KUBERNETES];
  const leaks = await letAllRead(attackers, reads, ({ token }, read) => askWithToken(token, read));
  assertNone(leaks.filter((leak) => !OF_THEIR_OWN.has(leak)));
});

test('no WebSocket shows one', async () => {
  const leaks: string[] = [];

  const paths = [
    '/api/v1/configmaps?watch=true&timeoutSeconds=1',
    '/api/v1/namespaces/kubesphere-controls-system/configmaps?watch=true&timeoutSeconds=1',
    '/api/v1/namespaces/kubesphere-system/secrets?watch=true&timeoutSeconds=1',
    '/api/v1/watch/namespaces/kube-system/secrets?timeoutSeconds=1',
    `${PATHS.iamObjects}/users?watch=true&timeoutSeconds=1`,
    `${PATHS.clusters}?watch=true&timeoutSeconds=1`,
    `${PATHS.resources}/configmaps?watch=true&scope=visible`,
    `${PATHS.resources}/clusters?watch=true`,
    `${PATHS.resources}/users?watch=true`,
  ];

  await each(attackers, STREAMS, async ({ title, token }) => {
    for (const path of paths) {
      recordMarks(leaks, `${title}: WebSocket ${path}`, { all: await frames(path, token) });
    }
  });

  assertNone(leaks);
});

/** Returns everything that a WebSocket sends in a moment, or the answer that refuses it. */
function frames(path: string, token: string): Promise<string> {
  return new Promise((resolve) => {
    const headers = { authorization: `Bearer ${token}` };
    const socket = new WebSocket(platform.server.url.replace('http', 'ws') + path, { headers });
    let all = '';
    let timer: NodeJS.Timeout | undefined;

    const done = () => {
      clearTimeout(timer);
      socket.removeAllListeners();
      socket.on('error', () => {});
      socket.terminate();
      resolve(all);
    };

    timer = setTimeout(done, STREAM_MS);
    socket.on('message', (data) => (all += String(data)));

    socket.on('unexpected-response', (_request, response) => {
      response.on('data', (chunk) => (all += String(chunk)));
      response.on('end', done);
    });

    socket.on('error', done);
    socket.on('close', done);
  });
}

/**
 * Tries patches that change nothing; skips further patches of an object that the caller may not
 * patch at all.
 */
async function lookAtPatches(
  leaks: string[],
  title: string,
  token: string,
  seen: ReadonlyMap<string, string>,
): Promise<void> {
  const refused = new Set<string>();

  for (const { path, ops } of revealingPatches()) {
    if (refused.has(path)) {
      continue;
    }

    for (const query of ['?dryRun=All', '?dryRun=All&fieldValidation=Strict']) {
      const headers = { 'content-type': 'application/json-patch+json' };

      const answer = await client.send(path + query, {
        method: 'PATCH',
        token,
        headers,
        body: ops,
      });

      if (answer.status === 403) {
        refused.add(path);
      }

      recordMarks(leaks, `${title}: PATCH ${path}${query} ${JSON.stringify(ops)}`, answer, seen);
    }
  }
}

test('no answer to a patch contains one, whether it succeeds or fails', async () => {
  const leaks: string[] = [];
  await each(attackers, WIDTH, ({ title, token }) => lookAtPatches(leaks, title, token, marks.all));
  assertNone(leaks);
});

test('no hash is shown to the administrator either, whatever they read or try', async () => {
  const leaks: string[] = [];
  const see = (what: string, answer: { all: string }) =>
    recordMarks(leaks, `admin: ${what}`, answer, marks.hidden);

  await each([...ROUTES, ...KUBERNETES], WIDTH, async (read) =>
    see(nameOf(read), await askWithToken(platform.admin, read)),
  );
  await lookAtPatches(leaks, 'admin', platform.admin, marks.hidden);
  assertNone(leaks);

  // Proves that the marks can be found: the administrator sees the others.
  const secret = await client.send(`/api/v1/namespaces/kube-system/secrets/${VICTIM}`, {
    token: platform.admin,
  });
  assert.deepEqual(marksIn(secret.all, marks.all), ['secrets of kube-system in base64']);
});

test("no user's own kubeconfig shows one at the port of the Kubernetes API", {
  skip: ON_CLUSTER && 'a real cluster redacts nothing there',
}, async () => {
  const leaks = await letAllRead(attackers, KUBERNETES, ({ client: own }, read) =>
    askAtOwnPort(own!, read),
  );
  const admin = await platform.kubeconfigOf('admin');
  const see = (what: string, answer: { all: string }) =>
    recordMarks(leaks, `admin: ${what}`, answer, marks.hidden);

  await each(KUBERNETES, WIDTH, async (read) => see(nameOf(read), await askAtOwnPort(admin, read)));
  assertNone(leaks);
});

test('enough answers were searched', () => {
  console.log(`${attackers.length} roles, ${answers} answers looked through`);
  if (!ON_CLUSTER) {
    assert.ok(answers >= LEAST_ANSWERS, `${answers}`);
  }
});
