// Terminals end to end: client, server, a real kube-apiserver, Kubernetes' own streaming on a node,
// a real process.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

process.env.KS_TEST_PEERS = fileURLToPath(new URL('peers.mjs', import.meta.url));
process.env.KS_TEST_CLUSTER = '1';

const { ADMIN_PASSWORD, TestServer, eventually } = await import(
  '../../packages/server/dist/test/support/test-server.js'
);
const { TerminalClient } = await import('../../packages/server/dist/test/support/terminal.js');
const { kubeletPath, makePod, startKubelet } = await import('./kubelet.mjs');
const { freePorts } = await import('../server.mjs');
const { kubeApiServerPath } = await import('./real-cluster.mjs');

const skip = kubeApiServerPath() && kubeletPath() ? false : 'needs Go';
const IAM = '/kapis/iam.kubesphere.io/v1alpha2';
const IDLE_MS = 6000;

/** A second, plus a margin for a busy machine. */
const SOON_MS = 1500;
const MEGABYTE = 1024 * 1024;
let dir;
let kubelet;
let server;
let admin;

before(async () => {
  if (skip) {
    return;
  }

  dir = await mkdtemp(join(tmpdir(), 'ks-terminal-'));

  const config = join(dir, 'kubesphere.yaml');
  await writeFile(
    config,
    `authentication: {multipleLogin: true}\nterminal: {idleTimeout: ${IDLE_MS}ms, maxAge: 12s, maxSessionsPerUser: 3, pingInterval: 2s}\n`,
  );

  // The answer of 3.0's Docker runtime for a missing program.
  const noSuchProgram = join(dir, 'no-such-program');
  await writeFile(noSuchProgram, '#!/bin/sh\necho OCI runtime exec failed\nexit 126\n', {
    mode: 0o755,
  });

  const [sh, bash] = ['/bin/sh', '/bin/bash'];
  kubelet = await startKubelet({
    main: { sh, bash },
    'bash-only': { bash },
    'bash-only-in-docker': { sh: noSuchProgram, bash },
    bare: {},
    kubectl: { sh },
  });

  server = await TestServer.start({ args: ['--config', config] });
  admin = await server.token();

  await makePod((path, call) => server.kubernetes(path, call), {
    port: kubelet.port,
    namespace: 'default',
    pod: 'web',
    containers: ['main', 'bash-only', 'bash-only-in-docker', 'bare'],
  });
});

after(async () => {
  await server?.stop();
  await kubelet?.stop();

  if (dir) {
    await rm(dir, { recursive: true });
  }
});

let users = 0;

/** Creates a new administrator with a session: terminals are counted by user. */
async function newUser() {
  users += 1;

  const name = `user-${users}`;
  const annotations = { 'iam.kubesphere.io/globalrole': 'platform-admin' };

  const body = {
    metadata: { name, annotations },
    spec: { email: `${name}@example.com`, password: 'Passw0rd!' },
  };

  assert.equal((await server.call(`${IAM}/users`, { token: admin, body })).status, 200);

  const token = await eventually(() => server.token(name, 'Passw0rd!'));
  await eventually(async () =>
    assert.equal((await server.call('/api/v1/namespaces', { token })).status, 200),
  );

  return { name, token };
}

async function open(query = '?container=main&shell=sh', token = undefined) {
  return new TerminalClient(server, 'default/web', {
    token: token ?? (await newUser()).token,
    query,
  });
}

test('input reaches the shell, and its output comes back', { skip }, async () => {
  const terminal = await open();
  await terminal.until(/\$ $/);
  terminal.type('echo $((6*7)); echo wrong >&2; echo "größe €"; test -t 0 && echo terminal\n');
  await terminal.until(/\r\n42\r\nwrong\r\ngröße €\r\nterminal\r\n/);

  for (const frame of terminal.frames) {
    const { Data, ...rest } = JSON.parse(frame);
    assert.equal(typeof Data, 'string');
    assert.deepEqual(rest, { Op: 'stdout', Rows: 0, Cols: 0 });
  }

  terminal.send({ Op: 'resize', Cols: 123, Rows: 45 });
  terminal.type('stty size\n');
  await terminal.until(/\r\n45 123\r\n/);
  terminal.type('exit 3\n');

  assert.deepEqual(await terminal.closed, {
    code: 1000,
    reason: 'the shell has ended with code 3',
  });
});

test('sh is tried first, then bash, unless the call names one', { skip }, async () => {
  for (const [query, name] of /** @type {[string, RegExp][]} */ ([
    ['?container=main', /^(?!.*bash)/],
    ['?container=main&shell=zsh', /^(?!.*bash)/],
    ['?container=main&shell=bash', /bash/],
    ['?container=bash-only', /bash/],
    ['?container=bash-only-in-docker', /bash/],
  ])) {
    const terminal = await open(query);

    // Input that is typed ahead reaches the shell that starts.
    await terminal.status;
    terminal.type('echo "<$0>"\n');

    const [, shell] = await terminal.until(/<([^$>]+)>/);
    assert.match(shell, name, query);
    terminal.type('nosuch 2> /dev/null; exit\n');

    assert.deepEqual(await terminal.closed, {
      code: 1000,
      reason: 'the shell has ended with code 127',
    });
  }
});

test('failures to open a terminal are reported to the client', { skip }, async () => {
  const { token } = await newUser();
  let told = '';

  for (const [query, reason] of /** @type {[string, RegExp][]} */ ([
    ['?container=nosuch', /^container nosuch is not valid for pod web$/],
    [
      '',
      /^a container name must be specified for pod web, choose one of: \[main bash-only bash-only-in-docker bare\]$/,
    ],
    ['?container=bare', /^sh and bash cannot be started in container bare: .*/],
    ['?container=bash-only&shell=sh', /^sh cannot be started in container bash-only: /],
  ])) {
    const terminal = await open(query, token);
    const ending = await terminal.closed;

    assert.equal(ending.code, 1011);
    assert.match(ending.reason, reason);
    assert.ok(terminal.notice.startsWith('\r\n'), terminal.notice);
    told += terminal.notice;
  }

  assert.match(told, /executable file not found/);

  // A console that opens the same terminal again at once shows the error once.
  const again = await open('?container=bare', token);
  assert.equal((await again.closed).code, 1011);
  assert.equal(again.notice, '');

  const missing = new TerminalClient(server, 'default/nosuch', { token });
  assert.deepEqual(await missing.closed, { code: 1011, reason: 'pods "nosuch" not found' });
});

test('a paste of a megabyte arrives whole', { skip }, async () => {
  const terminal = await open();
  await terminal.until(/\$ $/);
  terminal.type(`stty raw -echo; echo ready; head -c ${MEGABYTE} | sha256sum; stty sane\n`);
  await terminal.until(/\nready/);

  const paste = '0123456789abcde\n'.repeat(MEGABYTE / 16);
  const digest = createHash('sha256').update(paste).digest('hex');

  terminal.type(paste);
  await terminal.until(new RegExp(digest), 20_000);
  terminal.socket.close();
});

const memory = async () =>
  Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${server.process.pid}/status`, 'utf8'))[1]) *
  1024;

test('a stalled reader holds up the process and uses no memory', { skip }, async () => {
  const terminal = await open();
  await terminal.until(/\$ $/);
  terminal.type('echo id:$$; exec yes\n');

  const [, id] = await terminal.until(/id:(\d+)/);

  terminal.socket.pause();

  const [start, since] = [await memory(), performance.now()];
  let written = 0;
  let most = 0;

  // Until the server detects that no ping is answered, and ends the process.
  await assert.rejects(async () => {
    for (;;) {
      written = Number(/wchar: (\d+)/.exec(await readFile(`/proc/${id}/io`, 'utf8'))[1]);
      most = Math.max(most, (await memory()) - start);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  });

  const ms = performance.now() - since;
  assert.ok(ms < IDLE_MS, `${ms} ms`);
  assert.ok(written < 16 * MEGABYTE, `${written} bytes written`);
  assert.ok(most < 128 * MEGABYTE, `${most} bytes more`);
  terminal.socket.terminate();
});

test('a process that does not read holds up the client', { skip }, async () => {
  const terminal = await open();
  await terminal.until(/\$ $/);
  terminal.type('stty raw -echo; echo ready; exec sleep 100\n');
  await terminal.until(/\nready/);

  const start = await memory();
  const paste = 'x'.repeat(MEGABYTE);

  for (let i = 0; i < 240; i++) {
    terminal.type(paste);
  }

  await new Promise((resolve) => setTimeout(resolve, 1000));

  assert.ok(
    terminal.socket.bufferedAmount > 200 * MEGABYTE,
    `${terminal.socket.bufferedAmount} bytes left`,
  );

  // The few frames that the server reads leave up to 70 MB of garbage; without back-pressure it
  // would hold all 240 MB.
  const grown = (await memory()) - start;
  assert.ok(grown < 128 * MEGABYTE, `${grown} bytes more`);
  terminal.socket.terminate();
});

test('the process ends when its client disconnects', { skip }, async () => {
  for (const leave of ['close', 'terminate']) {
    const terminal = await open();
    await terminal.until(/\$ $/);
    terminal.type('echo id:$$\n');

    const [, id] = await terminal.until(/id:(\d+)/);

    terminal.socket[leave]();
    await eventually(() => assert.rejects(readFile(`/proc/${id}/stat`)));
  }
});

test('invalid frames end the terminal', { skip }, async () => {
  for (const [text, reason] of /** @type {[string, RegExp][]} */ ([
    ['{"Op":"stdin"', /^a frame must be JSON/],
    ['null', /^Op must be/],
    ['{"Op":"attach"}', /^Op must be/],
    ['{"Op":"stdin","Data":7}', /^Data must be/],
    ['{"Op":"resize","Cols":-1,"Rows":5}', /^Rows and Cols/],
    ['{"Op":"resize","Cols":65536,"Rows":5}', /^Rows and Cols/],
  ])) {
    const terminal = await open();
    await terminal.until(/\$ $/);
    terminal.socket.send(text);

    const ending = await terminal.closed;
    assert.equal(ending.code, 1003, text);
    assert.match(ending.reason, reason);
  }
});

test('the number of terminals of a user is limited', { skip }, async () => {
  const { token } = await newUser();
  const open3 = await Promise.all([1, 2, 3].map(() => open(undefined, token)));

  await Promise.all(open3.map((terminal) => terminal.until(/\$ $/)));

  const fourth = await open(undefined, token);
  assert.deepEqual(await fourth.closed, {
    code: 1008,
    reason: 'you have 3 terminals open, which is the most: close one',
  });

  const other = await open();
  await other.until(/\$ $/);
  open3[0].socket.close();
  await open3[0].closed;

  const next = await open(undefined, token);
  await next.until(/\$ $/);

  for (const terminal of [...open3, other, next]) {
    terminal.socket.terminate();
  }
});

test('it ends after its idle time and after its maximum age', { skip }, async () => {
  const [idle, busy] = await Promise.all([open(), open()]);
  const start = performance.now();
  const typing = setInterval(() => busy.type('x'), 500);

  await idle.until(/\$ $/);
  idle.type('while true; do echo .; sleep 0.2; done\n');

  const ending = await idle.closed;
  assert.deepEqual(ending, { code: 1008, reason: 'nothing was typed for too long' });

  const ms = performance.now() - start;
  assert.ok(ms > IDLE_MS && ms < IDLE_MS + 2000, `${ms} ms`);
  assert.match(idle.notice, /nothing was typed/);
  assert.deepEqual(await busy.closed, { code: 1008, reason: 'the terminal was open for too long' });
  clearInterval(typing);
});

test('it ends with the session and with the right to it', { skip }, async () => {
  const loggedOut = await newUser();
  const lessRight = await newUser();

  const terminals = [
    await open(undefined, loggedOut.token),
    await open(undefined, lessRight.token),
  ];

  await Promise.all(terminals.map((terminal) => terminal.until(/\$ $/)));

  let start = performance.now();

  await server.call('/oauth/logout', { method: 'POST', token: loggedOut.token });

  const first = await terminals[0].closed;
  assert.deepEqual(first, { code: 1008, reason: 'your log-in session has ended: log in again' });
  assert.ok(performance.now() - start < SOON_MS);
  assert.equal(terminals[1].socket.readyState, 1);
  start = performance.now();

  for (const resource of ['globalrolebindings', 'clusterrolebindings']) {
    const group =
      resource === 'globalrolebindings'
        ? 'iam.kubesphere.io/v1alpha2'
        : 'rbac.authorization.k8s.io/v1';

    const { items } = (await server.kubernetes(`/apis/${group}/${resource}`)).json;
    for (const { metadata, subjects } of items) {
      if (subjects?.some(({ name }) => name === lessRight.name)) {
        await server.kubernetes(`/apis/${group}/${resource}/${metadata.name}`, {
          method: 'DELETE',
        });
      }
    }
  }

  const second = await terminals[1].closed;
  assert.deepEqual(second, {
    code: 1008,
    reason: 'you may not run commands in pods of default any more',
  });

  assert.ok(performance.now() - start < SOON_MS);
});

test('each administrator has a kubectl with their own credentials', {
  skip,
}, async () => {
  const { name, token } = await newUser();
  const controls = 'kubesphere-controls-system';
  const path = `/apis/apps/v1/namespaces/${controls}/deployments/kubectl-${name}`;

  const { spec, metadata } = await eventually(async () => {
    const { status, json } = await server.kubernetes(path);
    assert.equal(status, 200);
    return json;
  });

  assert.equal(metadata.ownerReferences[0].kind, 'ClusterRoleBinding');

  const pod = spec.template.spec;
  assert.equal(pod.automountServiceAccountToken, false);
  assert.equal(pod.containers[0].image, 'kubesphere/kubectl:v1.0.0');
  assert.equal(pod.volumes[0].configMap.name, `kubeconfig-${name}`);

  assert.equal(
    pod.containers[0].env[0].value,
    `${pod.containers[0].volumeMounts[0].mountPath}/config`,
  );

  const answer = (token) =>
    server.call(`/kapis/resources.kubesphere.io/v1alpha2/users/${name}/kubectl`, { token });
  assert.equal((await answer(token)).status, 500);

  await makePod((path, call) => server.kubernetes(path, call), {
    port: kubelet.port,
    namespace: controls,
    pod: `kubectl-${name}-1`,
    containers: ['kubectl'],
    labels: spec.selector.matchLabels,
  });

  const { json } = await answer(token);
  assert.deepEqual(json, { namespace: controls, pod: `kubectl-${name}-1`, container: 'kubectl' });

  const own = new TerminalClient(server, `${controls}/${json.pod}`, {
    token,
    query: '?container=kubectl&shell=sh',
  });

  await own.until(/\$ $/);
  own.socket.terminate();

  assert.equal(
    await new TerminalClient(server, `${controls}/${json.pod}`, { token: admin }).status,
    403,
  );
});

test('a kubectl of 3.0 loses its account', { skip }, async () => {
  const { name } = await newUser();
  const path = `/apis/apps/v1/namespaces/kubesphere-controls-system/deployments/kubectl-${name}`;

  const old = await eventually(async () => {
    const { status, json } = await server.kubernetes(path);
    assert.equal(status, 200);
    return json;
  });

  const spec = {
    serviceAccountName: 'kubesphere-cluster-admin',
    automountServiceAccountToken: null,
    volumes: null,
  };

  const body = {
    spec: { template: { spec: { ...spec, containers: [{ name: 'kubectl', image: 'old' }] } } },
  };
  const type = 'application/merge-patch+json';

  assert.equal((await server.kubernetes(path, { method: 'PATCH', type, body })).status, 200);

  const binding = `/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/${name}-cluster-admin`;
  await server.kubernetes(binding, {
    method: 'PATCH',
    type,
    body: { metadata: { annotations: { a: 'b' } } },
  });

  await eventually(async () => {
    const { json } = await server.kubernetes(path);
    const { creationTimestamp, ...template } = json.spec.template.metadata;
    assert.deepEqual(
      [template, json.spec.template.spec],
      [old.spec.template.metadata, old.spec.template.spec],
    );
  });
});

test('pages of other origins and users without the right are refused', { skip }, async () => {
  const query = '?container=main';

  // Browsers add Basic credentials by themselves, also for a page of another site.
  const authorization = `Basic ${Buffer.from(`admin:${ADMIN_PASSWORD}`).toString('base64')}`;

  const refused = new TerminalClient(server, 'default/web', {
    token: admin,
    query,
    headers: { authorization, origin: 'https://evil.example' },
  });

  assert.equal(await refused.status, 403);

  const body = {
    metadata: {
      name: 'nobody',
      annotations: { 'iam.kubesphere.io/globalrole': 'platform-regular' },
    },
    spec: { email: 'nobody@example.com', password: 'Passw0rd!' },
  };

  assert.equal((await server.call(`${IAM}/users`, { token: admin, body })).status, 200);

  const token = await eventually(() => server.token('nobody', 'Passw0rd!'));
  assert.equal(await new TerminalClient(server, 'default/web', { token, query }).status, 403);
});

test('the client is informed of a node that does not answer, and of the end of the server', {
  skip,
}, async () => {
  const [first, second] = await Promise.all([open(), open()]);
  await Promise.all([first.until(/\$ $/), second.until(/\$ $/)]);

  const [port] = await freePorts(1);
  const body = { status: { daemonEndpoints: { kubeletEndpoint: { Port: port } } } };
  const type = 'application/merge-patch+json';

  await server.kubernetes('/api/v1/nodes/node/status', { method: 'PATCH', type, body });

  const unreachable = await open();
  assert.equal((await unreachable.closed).code, 1011);
  assert.match(unreachable.notice, /connection refused/);

  const stopped = server.stop();

  for (const terminal of [first, second]) {
    assert.deepEqual(await terminal.closed, {
      code: 1001,
      reason: 'the server stops: connect again',
    });
  }

  await stopped;
});
