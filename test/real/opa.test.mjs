// Rego modules of roles, evaluated by a real OPA server.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { eventually, TestServer } from '../../packages/server/dist/test/support/test-server.js';
import { opaPath, startOpa } from './opa.mjs';

const I = '/kapis/iam.kubesphere.io/v1alpha2';
const IAM = '/apis/iam.kubesphere.io/v1alpha2';
const OVERRIDE = 'iam.kubesphere.io/rego-override';
const CONDITION = 'iam.kubesphere.io/rego-override-condition';

/**
 * A typical module of 3.0's users, written for this test: every user reads the user of their own
 * name.
 */
const SELF = `package authz

default allow = false

allow {
  input.Resource == "nodes"
  input.Verb == "list"
  input.User.Name == "rita"
  input.User.Groups[_] == "system:authenticated"
  input.KubernetesRequest
  input.ResourceRequest
  input.ResourceScope == "Cluster"
  own
}

own { data.authz.named }
named { input.APIVersion == "v1" }
`;

/** Allows everything, in the same package as the other. */
const ALL = 'package authz\nallow = true';

const path = opaPath();
let opa;
let server;
let dir;
const tokens = {};

before(async () => {
  if (!path) {
    return;
  }

  opa = await startOpa(path);
  dir = await mkdtemp(join(tmpdir(), 'ks-opa-'));

  const config = join(dir, 'kubesphere.yaml');
  await writeFile(config, `authorization:\n  opa:\n    endpoint: ${opa.url}\n    timeout: 1s\n`);
  server = await TestServer.start({ args: ['--config', config] });
  tokens.admin = await server.token();

  for (const name of ['rita', 'sven']) {
    await role(`self-${name}`, SELF);
    await user(name, `self-${name}`);
  }

  await role('all', ALL);
  await user('tess', 'all');
});

after(async () => {
  await server?.stop();
  await opa?.stop();

  if (dir) {
    await rm(dir, { recursive: true });
  }
});

const call = (path, as, options = {}) => server.call(path, { token: tokens[as], ...options });
const status = async (path, as, options) => (await call(path, as, options)).status;

async function role(name, module) {
  const body = {
    apiVersion: 'iam.kubesphere.io/v1alpha2',
    kind: 'GlobalRole',
    metadata: { name, annotations: { [OVERRIDE]: module } },
    rules: [],
  };

  const { status, text } = await call(`${IAM}/globalroles`, 'admin', { body });
  assert.equal(status, 201, text);
}

async function user(name, globalrole) {
  const body = {
    metadata: { name, annotations: { 'iam.kubesphere.io/globalrole': globalrole } },
    spec: { email: `${name}@example.com`, password: 'Passw0rd!' },
  };

  await eventually(async () => assert.equal(await status(`${I}/users`, 'admin', { body }), 200));
  tokens[name] = await server.token(name, 'Passw0rd!');
}

const condition = async (name) =>
  JSON.parse(
    (await call(`${IAM}/globalroles/${name}`, 'admin')).json.metadata.annotations[CONDITION],
  );

const options = { skip: path ? false : 'there is no Go to build OPA with' };

test('a module allows only its own rules, isolated from other modules', options, async () => {
  await eventually(async () => assert.equal(await status('/api/v1/nodes', 'rita'), 200));
  assert.equal(await status('/api/v1/nodes', 'sven'), 403);
  assert.equal(await status('/api/v1/secrets', 'rita'), 403);
  await eventually(async () => assert.equal(await status('/api/v1/secrets', 'tess'), 200));

  assert.equal(
    await status('/api/v1/secrets', 'rita'),
    403,
    'the rule of another module does not count',
  );

  await eventually(async () => assert.equal((await condition('all')).status, 'True'));
});

test('explaining names the role whose module allows it', options, async () => {
  const { json } = await call(
    `${I}/explain?user=rita&verb=list&resource=nodes&apiVersion=v1&api=kubernetes`,
    'admin',
  );

  assert.equal(json.allowed, true);

  const { json: tess } = await call(`${I}/explain?user=tess&verb=list&resource=nodes`, 'admin');
  assert.equal(tess.allowed, true);
  assert.deepEqual(tess.grants[0].role, { kind: 'GlobalRole', name: 'all' });
  assert.equal(tess.grants[0].rule, undefined);
});

test('an invalid module allows nothing, and the role reports it', options, async () => {
  await role('broken', 'package authz\nallow {');
  await user('uwe', 'broken');
  assert.equal(await status('/api/v1/nodes', 'uwe'), 403);

  await eventually(async () => {
    const { status, reason } = await condition('broken');
    assert.deepEqual([status, reason], ['False', 'InvalidModule']);
  });

  await role('thief', 'package authz\nallow { data.ks_override }');
  await user('vic', 'thief');
  assert.equal(await status('/api/v1/nodes', 'vic'), 403);
});

test('callers with few rights may not give any user a module', options, async () => {
  await user('walt', 'users-manager');

  const patch = { method: 'PATCH', headers: { 'content-type': 'application/merge-patch+json' } };
  const body = { metadata: { annotations: { [OVERRIDE]: ALL } } };

  await eventually(async () => assert.equal(await status(`${I}/globalroles?limit=1`, 'walt'), 200));
  assert.equal(await status(`${I}/globalroles/self-rita`, 'walt', { ...patch, body }), 403);
  assert.equal(await status(`${IAM}/globalroles/self-rita`, 'walt', { ...patch, body }), 403);

  const made = { metadata: { name: 'mine', annotations: { [OVERRIDE]: ALL } } };
  assert.equal(await status(`${I}/globalroles`, 'walt', { body: made }), 403);

  const other = {
    metadata: { name: 'xena', annotations: { 'iam.kubesphere.io/globalrole': 'all' } },
    spec: { email: 'x@example.com' },
  };

  assert.equal(await status(`${I}/users`, 'walt', { body: other }), 403);
});

test(
  'a restarted OPA gets its modules again; an OPA that is down or hangs allows nothing',
  options,
  async () => {
    await opa.stop();
    await new Promise((resolve) => setTimeout(resolve, 5500));
    assert.equal(await status('/api/v1/nodes', 'rita'), 403);
    opa = await startOpa(path, opa.port);
    await eventually(async () => assert.equal(await status('/api/v1/nodes', 'rita'), 200), 15_000);
    await new Promise((resolve) => setTimeout(resolve, 5500));
    process.kill(opa.pid, 'SIGSTOP');

    try {
      const started = performance.now();
      assert.equal(await status('/api/v1/nodes', 'rita'), 403);
      assert.ok(performance.now() - started < 4000);
      assert.equal(await status('/api/v1/nodes', 'admin'), 200, 'nobody else waits for it');
    } finally {
      process.kill(opa.pid, 'SIGCONT');
    }
  },
);

test(
  'a watch that a module allowed ends when the module no longer allows it',
  options,
  async () => {
    const response = await fetch(`${server.url}/api/v1/nodes?watch=true`, {
      headers: { authorization: `Bearer ${tokens.tess}` },
    });
    assert.equal(response.status, 200);

    const ended = (async () => {
      for await (const _ of response.body) {
      }
    })().catch(() => {});

    const patch = { method: 'PATCH', headers: { 'content-type': 'application/merge-patch+json' } };
    const body = { metadata: { annotations: { [OVERRIDE]: null } } };

    assert.equal(await status(`${IAM}/globalroles/all`, 'admin', { ...patch, body }), 200);

    await Promise.race([
      ended,
      new Promise((_, reject) => setTimeout(() => reject(new Error('the watch goes on')), 10_000)),
    ]);
  },
);
