import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import WebSocket from 'ws';
import { type Attacker, each, plantAttacker } from '../testing/attack/attackers.ts';
import { builtInRoles, plantTenants } from '../testing/attack/built-in-roles.ts';
import { type RawAnswer, RawClient } from '../testing/attack/raw-client.ts';
import { type Marks, marksIn, plantMarks, VICTIM } from '../testing/secret-marks/plant.ts';
import { kubernetesReads, type Read, routeReads, tellingPatches } from '../testing/secret-marks/reads.ts';
import { ON_CLUSTER, PATHS, TestPlatform } from '../testing/test-platform.ts';

/** How long a stream is looked at, in milliseconds: what there is already comes first. */
const STREAM_MS = 150;
const WIDTH = 12;
/** Fewer answers than these would say that something was left out. */
const LEAST_ANSWERS = 30_000;
let platform: TestPlatform;
let client: RawClient;
let marks: Marks;
const attackers: Attacker[] = [];
/** How many answers were looked through. */
let answers = 0;

before(async () => {
  const config = join(await mkdtemp(join(tmpdir(), 'ks-marks-')), 'kubesphere.yaml');
  // An agent's deployment names the token of its cluster; it is only made where the proxy has an address.
  await writeFile(config, 'multicluster: {proxyPublishAddress: "http://192.0.2.1:8080"}\n');
  platform = await TestPlatform.start({ args: ['--config', config] });
  client = new RawClient(platform.server.url);
  await plantTenants(platform);
  marks = await plantMarks(platform);
  await each(await builtInRoles(platform), 8, async (role) => {
    attackers.push(await plantAttacker(platform, role));
  });
});
after(async () => {
  client.close();
  await platform.stop();
});

/** Notes what of the marks an answer holds. */
function look(leaks: string[], what: string, { all }: { all: string }, seen: ReadonlyMap<string, string> = marks.all): void {
  answers += 1;
  const found = marksIn(all, seen);
  if (found.length > 0) leaks.push(`${what}: ${found.join(', ')}`);
}

const reads: readonly Read[] = [...routeReads(), ...kubernetesReads()];
const nameOf = ({ path, headers }: Read) => `GET ${path}${headers?.accept ? ` as ${headers.accept}` : ''}`;
const send = ({ path, headers = {}, stream }: Read, token: string): Promise<RawAnswer> =>
  client.send(path, { token, headers, ...(stream && { forMs: STREAM_MS }) });

/** Asserts that nothing leaked; a long list is cut, and says what leaked how often. */
function assertNone(leaks: readonly string[]): void {
  const shown = leaks.slice(0, 60);
  assert.deepEqual(leaks.length > 60 ? [...shown, `and ${leaks.length - 60} more`] : shown, []);
}

test('no route, list, watch, Table or export shows a marked secret to a built-in role that does not allow everything', async () => {
  const leaks: string[] = [];
  await each(attackers, WIDTH, async ({ title, token }) => {
    for (const read of reads) look(leaks, `${title}: ${nameOf(read)}`, await send(read, token));
  });
  assertNone(leaks);
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
  await each(attackers, WIDTH, async ({ title, token }) => {
    for (const path of paths) {
      const headers = { authorization: `Bearer ${token}` };
      const socket = new WebSocket(platform.server.url.replace('http', 'ws') + path, { headers });
      let all = '';
      socket.on('message', (data) => (all += String(data)));
      socket.on('unexpected-response', (_request, response) => {
        response.on('data', (chunk) => (all += String(chunk)));
        response.on('end', () => socket.terminate());
      });
      socket.on('error', () => {});
      const cut = setTimeout(() => socket.terminate(), STREAM_MS);
      await once(socket, 'close');
      clearTimeout(cut);
      look(leaks, `${title}: WebSocket ${path}`, { all });
    }
  });
  assertNone(leaks);
});

/** Tries patches that change nothing; who may not patch an object at all is asked once. */
async function lookAtPatches(leaks: string[], title: string, token: string, seen: ReadonlyMap<string, string>): Promise<void> {
  const refused = new Set<string>();
  for (const { path, ops } of tellingPatches()) {
    if (refused.has(path)) continue;
    for (const query of ['?dryRun=All', '?dryRun=All&fieldValidation=Strict']) {
      const headers = { 'content-type': 'application/json-patch+json' };
      const answer = await client.send(path + query, { method: 'PATCH', token, headers, body: ops });
      if (answer.status === 403) refused.add(path);
      look(leaks, `${title}: PATCH ${path}${query} ${JSON.stringify(ops)}`, answer, seen);
    }
  }
}

test('no answer to a patch tells one, good or bad', async () => {
  const leaks: string[] = [];
  await each(attackers, WIDTH, ({ title, token }) => lookAtPatches(leaks, title, token, marks.all));
  assertNone(leaks);
});

test('no hash is shown to the administrator either, whatever he reads or tries', async () => {
  const leaks: string[] = [];
  await each(reads, WIDTH, async (read) => look(leaks, nameOf(read), await send(read, platform.admin), marks.hashes));
  await lookAtPatches(leaks, 'admin', platform.admin, marks.hashes);
  assertNone(leaks);
  // It is the marks that are looked for which are there to be seen: the administrator sees the others.
  const secret = await client.send(`/api/v1/namespaces/kube-system/secrets/${VICTIM}`, { token: platform.admin });
  assert.deepEqual(marksIn(secret.all, marks.all), ['secrets of kube-system in base64']);
});

test("no user's own kubeconfig shows one at the port of the Kubernetes API", { skip: ON_CLUSTER && 'a real cluster redacts nothing there' }, async () => {
  const leaks: string[] = [];
  const admin = await platform.kubeconfigOf('admin');
  const look1 = async (title: string, own: Attacker['client'], seen: ReadonlyMap<string, string>) => {
    for (const { path, headers = {}, stream } of kubernetesReads()) {
      if (stream && !path.includes('/watch/') && !path.endsWith('watch=true&timeoutSeconds=1')) continue;
      const answer = await own!.call(path, { headers, ...(stream && { forMs: STREAM_MS }) });
      look(leaks, `${title}: own port, ${path} as ${headers.accept ?? ''}`, { all: JSON.stringify(answer.headers) + answer.text }, seen);
    }
  };
  await each(attackers, WIDTH, ({ title, client: own }) => look1(title, own, marks.all));
  await look1('admin', admin, marks.hashes);
  assertNone(leaks);
});

test('enough was looked through', () => {
  console.log(`${attackers.length} roles, ${answers} answers looked through`);
  if (!ON_CLUSTER) assert.ok(answers >= LEAST_ANSWERS, `${answers}`);
});
