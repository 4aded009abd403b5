import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PersistedObject } from '@ks-apiserver/apimachinery/meta/types';
import type { WorkloadObjects } from './workload-objects.ts';
import { workloadsOf } from './workloads.ts';

const NONE: WorkloadObjects = {
  pods: [],
  deployments: [],
  replicasets: [],
  replicationcontrollers: [],
  statefulsets: [],
  cronjobs: [],
  jobs: [],
};

type Labels = Record<string, string>;

function object(
  name: string,
  fields: Partial<PersistedObject> = {},
  owner?: [kind: string, name: string],
): PersistedObject {
  const [kind = '', ownerName = ''] = owner ?? [];
  const reference = { apiVersion: 'v1', kind, name: ownerName, uid: 'u', controller: true };
  const { metadata, ...others } = fields;

  return {
    ...others,
    metadata: {
      ...metadata,
      name,
      uid: name,
      resourceVersion: '1',
      ...(owner && { ownerReferences: [reference] }),
    },
  };
}

const pod = (name: string, labels: Labels, phase: string, owner?: [string, string]) =>
  object(
    name,
    {
      metadata: {
        labels,
        annotations: { 'sidecar.istio.io/status': '{"containers":["istio-proxy"]}' },
      } as unknown as PersistedObject['metadata'],
      status: { phase },
    },
    owner,
  );

const template = (labels: Labels, status = {}): Partial<PersistedObject> => ({
  spec: { template: { metadata: { labels } } },
  status,
});

const shown = (objects: Partial<WorkloadObjects>, selects?: (labels: Labels) => boolean) =>
  workloadsOf({ ...NONE, ...objects }, selects).map(
    ({ name, kind, replicas, available, hasSidecar }) =>
      `${kind} ${name} ${available}/${replicas}${hasSidecar ? ' in mesh' : ''}`,
  );

test('a Deployment stands for its ReplicaSets and their pods', () => {
  const labels = { app: 'web' };

  assert.deepEqual(
    shown({
      deployments: [object('web', template(labels, { replicas: 2, availableReplicas: 1 }))],
      replicasets: [object('web-1', template(labels), ['Deployment', 'web'])],
      pods: [pod('web-1-a', labels, 'Running', ['ReplicaSet', 'web-1'])],
    }),
    ['Deployment web 1/2 in mesh'],
  );
});

test('controllers without pods are workloads, Jobs and DaemonSets are not', () => {
  assert.deepEqual(
    shown({
      deployments: [object('a', template({}))],
      replicasets: [object('b', template({})), object('c', template({}), ['Deployment', 'gone'])],
      replicationcontrollers: [object('d', template({}))],
      statefulsets: [object('e', template({}, { replicas: 3, readyReplicas: 2 }))],
      jobs: [object('f', template({}))],
    }),
    ['Deployment a 0/0', 'ReplicaSet b 0/0', 'ReplicationController d 0/0', 'StatefulSet e 2/3'],
  );
});

test('a CronJob stands for its Jobs; a Job whose CronJob is gone stands for itself', () => {
  const job = (name: string, owner: string) =>
    object(name, { ...template({ job: name }), status: { active: 1, succeeded: 1, failed: 2 } }, [
      'CronJob',
      owner,
    ]);

  assert.deepEqual(
    shown({
      cronjobs: [object('nightly', { spec: { jobTemplate: { spec: {} } } })],
      jobs: [job('nightly-1', 'nightly'), job('lost-1', 'lost')],
      pods: [
        pod('p1', { job: 'nightly-1' }, 'Succeeded', ['Job', 'nightly-1']),
        pod('p2', { job: 'lost-1' }, 'Running', ['Job', 'lost-1']),
      ],
    }),
    ['Job lost-1 2/4 in mesh', 'CronJob nightly 1/1 in mesh'],
  );
});

test('pods stand for themselves, or for the controller of another kind that owns them', () => {
  assert.deepEqual(
    shown({
      pods: [
        pod('alone', { app: 'x' }, 'Pending'),
        pod('n1', {}, 'Running', ['DaemonSet', 'agent']),
        pod('n2', {}, 'Failed', ['DaemonSet', 'agent']),
        pod('lost', {}, 'Running', ['ReplicaSet', 'gone']),
      ],
    }),
    ['DaemonSet agent 1/2 in mesh', 'Pod alone 0/1 in mesh'],
  );
});

test('of two kinds with one name the Deployment counts, and labels select', () => {
  const objects = {
    deployments: [object('web', template({ app: 'web' }))],
    statefulsets: [object('web', template({ app: 'web' }))],
    pods: [pod('web-0', { app: 'web' }, 'Running', ['StatefulSet', 'web'])],
  };

  assert.deepEqual(shown(objects), ['StatefulSet web 0/0 in mesh']);
  assert.deepEqual(
    shown(objects, ({ app }) => app === 'other'),
    [],
  );
});

test('an annotation that is no JSON is no sidecar', () => {
  const broken = pod('alone', {}, 'Running');
  broken.metadata.annotations = { 'sidecar.istio.io/status': '{' };

  assert.deepEqual(shown({ pods: [broken] }), ['Pod alone 1/1']);
});
