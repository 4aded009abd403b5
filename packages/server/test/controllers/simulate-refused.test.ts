import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  APPS,
  BATCH,
  CORE,
  conditionOf,
  get,
  type Item,
  podsOf,
  post,
  remove,
  startSimulation,
  stopSimulation,
  template,
  until,
  waitForRollout,
  workload,
} from '../support/simulated.ts';
import { eventually } from '../support/test-server.ts';

before(startSimulation);
after(stopSimulation);

const listRefusals = async (kind: string): Promise<Item[]> =>
  (await get(`${CORE}/events`)).items.filter(
    (event: Item) => event.reason === 'FailedCreate' && event.involvedObject.kind === kind,
  );

test('pods that a quota refuses are retried with back-off and one counted event, and created when there is room', async () => {
  await post(`${CORE}/resourcequotas`, {
    metadata: { name: 'none' },
    spec: { hard: { pods: '0' } },
  });

  await until(`${CORE}/resourcequotas/none`, ({ status }) => assert.equal(status?.hard?.pods, '0'));
  await post(`${APPS}/deployments`, workload('refused', { replicas: 30 }));

  await post(
    `${APPS}/statefulsets`,
    workload('refused-set', { replicas: 3, serviceName: 'refused-set' }),
  );

  await post(`${APPS}/daemonsets`, workload('refused-daemon', {}));

  await post(`${BATCH}/jobs`, {
    metadata: { name: 'refused-job' },
    spec: {
      parallelism: 5,
      completions: 5,
      template: template('refused-job', undefined, {}, { restartPolicy: 'Never' }),
    },
  });

  const readSingleEvent = async (kind: string): Promise<Item> => {
    const events = await listRefusals(kind);
    assert.equal(events.length, 1, `${kind}: ${events.map(({ message }) => message).join('\n')}`);
    assert.match(events[0].message, /exceeded quota: none/);
    return events[0];
  };

  // 5, 10, 20 … ms: the first few follow soon, also on a busy machine.
  for (const kind of ['ReplicaSet', 'StatefulSet', 'DaemonSet', 'Job']) {
    await eventually(async () => assert.ok((await readSingleEvent(kind)).count >= 5, kind), 30_000);
  }

  await sleep(5000);

  for (const kind of ['ReplicaSet', 'StatefulSet', 'DaemonSet', 'Job']) {
    const { count, firstTimestamp, lastTimestamp } = await readSingleEvent(kind);
    // … 2560, 5120 ms; a change of the workload may add one or two.
    assert.ok(count <= 20, `${kind}: ${count}`);
    assert.ok(Date.parse(lastTimestamp) > Date.parse(firstTimestamp), kind);
  }

  const [set] = (await get(`${APPS}/replicasets?labelSelector=app%3Drefused`)).items;
  assert.equal(conditionOf(set, 'ReplicaFailure').reason, 'FailedCreate');
  await remove(`${CORE}/resourcequotas/none`);
  await waitForRollout('refused');
  assert.equal((await podsOf('refused')).length, 30);
});
