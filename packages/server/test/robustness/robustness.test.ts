import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { TestServer } from '../support/test-server.ts';
import { History } from './history.ts';
import { checkLinearizable } from './linearizability.ts';
import { NAMESPACE, Storm, StormWatcher } from './storm.ts';
import { StormClient } from './storm-client.ts';
import { checkWatches } from './watch-history.ts';

/** How often the server is killed; `KS_TEST_KILLS=10000` takes a night. */
const KILLS = Number(process.env.KS_TEST_KILLS ?? 6);
const CLIENTS = 16;
const WATCHERS = 3;
const SERVICES = `/api/v1/namespaces/${NAMESPACE}/services`;

interface Service {
  metadata: { name: string };
  spec: { clusterIP: string; ports: { nodePort: number }[] };
}

/** Creates Services with node ports until the connection breaks; keeps the acknowledged ones. */
async function makeServices(
  client: StormClient,
  round: number,
  made: Map<string, Service>,
): Promise<void> {
  const maker = async (number: number) => {
    try {
      for (let i = 0; ; i++) {
        const metadata = { name: `s-${round}-${number}-${i}` };
        const spec = { type: 'NodePort', ports: [{ port: 80 }] };
        const { status, json } = await client.call('POST', SERVICES, { metadata, spec });
        if (status === 201) {
          made.set(metadata.name, json);
        } else {
          assert.match(json.message, /range is full/);
        }

        await sleep(10);
      }
    } catch (error) {
      if ((error as Error).name === 'AssertionError') {
        throw error;
      }
    }
  };

  await Promise.all([0, 1, 2].map(maker));
}

function checkServices(found: Service[], made: Map<string, Service>): void {
  const ips = new Set(found.map(({ spec }) => spec.clusterIP));
  const ports = new Set(found.map(({ spec }) => spec.ports[0]!.nodePort));

  assert.equal(ips.size, found.length, 'no cluster IP was given out twice');
  assert.equal(ports.size, found.length, 'no node port was given out twice');

  const byName = new Map(found.map((service) => [service.metadata.name, service]));

  for (const [name, { spec }] of made) {
    const kept = byName.get(name);
    assert.ok(kept, `the acknowledged Service ${name} is there`);
    assert.equal(kept.spec.clusterIP, spec.clusterIP, name);
    assert.equal(kept.spec.ports[0]!.nodePort, spec.ports[0]!.nodePort, name);
  }
}

test('kill -9 in storms: calls are linearizable, watches continue without gap or repetition, nothing is allocated twice', {
  timeout: 60_000 + KILLS * 10_000,
}, async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'ks-storm-'));
  const history = new History();
  const storm = new Storm(history);
  const watchers: StormWatcher[] = [];
  const made = new Map<string, Service>();

  try {
    for (let round = 0; round <= KILLS; round++) {
      const server = await TestServer.start({ dataDir });
      const client = new StormClient(await readFile(server.kubeconfig, 'utf8'));
      const stop = new AbortController();

      if (round === 0) {
        const { json } = await client.call('POST', '/api/v1/namespaces', {
          metadata: { name: NAMESPACE },
        });
        const after = Number(json.metadata.resourceVersion);

        for (let i = 0; i < WATCHERS; i++) {
          watchers.push(new StormWatcher(history, after));
        }
      }

      const watching = watchers.map((watcher) => watcher.run(client, stop.signal));

      if (round === KILLS) {
        await storm.run(client, 1, AbortSignal.timeout(200));

        const last = history.operations.findLast(({ revision }) => revision !== undefined)!
          .revision!;
        await Promise.all(watchers.map((watcher) => watcher.waitFor(last)));
        checkServices((await client.call('GET', SERVICES)).json.items, made);
        stop.abort();
        await Promise.all(watching);
        client.close();
        await server.stop();
        break;
      }

      const storming = Promise.all([
        storm.run(client, CLIENTS, stop.signal),
        makeServices(client, round, made),
        ...watching,
      ]);

      await Promise.race([sleep(300 + Math.random() * 900), storming]);
      await server.stop('SIGKILL');
      await storming;
      storm.recordDeath();
      client.close();
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }

  const count = (result: string) =>
    history.operations.filter((operation) => operation.result === result).length;
  assert.ok(
    count('ok') > 20 * KILLS && count('conflict') > 0 && count('unknown') > 0,
    'there was a storm',
  );

  assert.ok(made.size > KILLS && history.listings.length > KILLS, 'there were Services and lists');
  checkLinearizable(history.operations);
  checkWatches(history);
});
