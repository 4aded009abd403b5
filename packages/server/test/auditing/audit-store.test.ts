import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { eventually, TestServer } from '../support/test-server.ts';

const AUDIT = '/kapis/tenant.kubesphere.io/v1alpha2/auditing/events';
const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';

let dataDir: string;
let server: TestServer;
let token: string;

async function start(auditing: string): Promise<void> {
  const config = join(dataDir, 'kubesphere.yaml');
  await writeFile(config, `authentication: {multipleLogin: true}\nauditing: ${auditing}\n`);

  server = await TestServer.start({
    args: ['--config', config, '--register-node', 'false'],
    dataDir,
  });
  token = await server.token();
}

before(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'ks-audit-store-'));
  await start('{}');
});

after(async () => {
  await server.stop();
  await rm(dataDir, { recursive: true, force: true });
});

const make = (name: string) =>
  server.call(CONFIG_MAPS, {
    token,
    body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } },
  });

/** Returns the names of the objects in the records that a search finds. */
async function namesIn(query: string, caller = token): Promise<string[]> {
  const { status, json, text } = await server.call(`${AUDIT}?size=10000&${query}`, {
    token: caller,
  });
  assert.equal(status, 200, text);

  return (json.query.records ?? []).map(
    ({ ObjectRef }: { ObjectRef: { Name: string } | null }) => ObjectRef?.Name,
  );
}

test('changes and log-ins are there out of the box, reads are not', async () => {
  await make('kept');
  await server.call(CONFIG_MAPS, { token });

  await eventually(async () => {
    assert.deepEqual(await namesIn('verb_filter=create&objectref_resource_filter=configmaps'), [
      'kept',
    ]);
  });

  assert.deepEqual(await namesIn('verb_filter=login&user_filter=admin'), ['admin']);
  assert.deepEqual(await namesIn('verb_filter=list'), []);
});

test('a user finds records of the namespaces whose events they may list', async () => {
  await server.call('/kapis/iam.kubesphere.io/v1alpha2/users', {
    token,
    body: {
      metadata: { name: 'jo', annotations: { 'iam.kubesphere.io/globalrole': 'platform-regular' } },
      spec: { email: 'jo@example.com', password: 'Passw0rd!' },
    },
  });

  const jo = await server.token('jo', 'Passw0rd!');

  assert.deepEqual(await namesIn('', jo), []);
});

test('no change that was answered lacks its record after a kill, where answers wait for records', async () => {
  await server.stop();
  await start('{level: Request, blocking: true}');

  const answered: string[] = [];
  let isKilled = false;

  const write = async (lane: number) => {
    for (let i = 0; !isKilled; i++) {
      const name = `lane-${lane}-${i}`;
      const { status } = await make(name);

      if (status === 201) {
        answered.push(name);
      }
    }
  };

  const lanes = [1, 2, 3, 4].map((lane) => write(lane).catch(() => {}));
  await new Promise((resolve) => setTimeout(resolve, 1500));
  isKilled = true;
  await server.stop('SIGKILL');
  await Promise.all(lanes);

  assert.ok(answered.length > 20, `${answered.length} answers`);
  await start('{}');

  const recorded = new Set(await namesIn('verb_filter=create&objectref_name_search=lane-'));
  assert.deepEqual(
    answered.filter((name) => !recorded.has(name)),
    [],
  );
});
