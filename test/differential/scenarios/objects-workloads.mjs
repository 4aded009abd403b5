import { changes, creations } from '../objects.mjs';

let counter = 0;
const labels = { app: 'x' };
const one = { name: 'c', image: 'busybox:1' };

const template = (spec = {}, metadata = {}) => ({
  metadata: { labels, ...metadata },
  spec: { containers: [one], ...spec },
});

const named = (spec, name = `w${counter++}`) => ({ metadata: { name }, spec });
const deployment = (spec = {}) =>
  named({ selector: { matchLabels: labels }, template: template(), ...spec });
const stateful = (spec = {}) => deployment({ serviceName: 'svc', ...spec });

const claim = (spec = {}) => ({
  metadata: { name: 'data' },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
});

const job = (spec = {}) =>
  named({ template: { spec: { containers: [one], restartPolicy: 'Never' } }, ...spec });
const cron = (spec = {}, inner = {}) =>
  named({ schedule: '* * * * *', jobTemplate: { spec: { ...job().spec, ...inner } }, ...spec });

export default [
  creations('deployments: refusals', 'deployments', [
    deployment(),
    {},
    named({}),
    named({ selector: {}, template: template() }),
    named({ selector: { matchLabels: { a: 'b' } }, template: template() }),
    named({ selector: { matchLabels: { 'a b': 'c d' } }, template: template() }),
    named({
      selector: {
        matchExpressions: [
          { key: 'a', operator: 'X' },
          { key: 'b', operator: 'In' },
        ],
      },
      template: template(),
    }),
    deployment({
      replicas: -1,
      minReadySeconds: -1,
      revisionHistoryLimit: -1,
      progressDeadlineSeconds: -1,
    }),
    deployment({ progressDeadlineSeconds: 10, minReadySeconds: 20 }),
    deployment({ strategy: { type: 'X' } }),
    deployment({ strategy: { type: 'Recreate', rollingUpdate: { maxSurge: 1 } } }),
    deployment({ strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 0 } } }),
    deployment({ strategy: { rollingUpdate: { maxSurge: 'x', maxUnavailable: '200%' } } }),
    deployment({ strategy: { rollingUpdate: { maxSurge: -1, maxUnavailable: -1 } } }),
    deployment({ strategy: { type: 'Recreate' }, paused: true }),
    deployment({ template: template({ restartPolicy: 'Never', activeDeadlineSeconds: 5 }) }),
    deployment({ template: template({ containers: [] }) }),
    deployment({ template: template({ containers: [{ name: 'c' }] }) }),
    deployment({
      template: template({}, { labels: { app: 'x', 'a b': 'c' }, annotations: { 'a b': 'c' } }),
    }),
    deployment({
      template: template({
        terminationGracePeriodSeconds: -1,
        nodeSelector: { 'beta.kubernetes.io/os': 'linux' },
      }),
    }),
    deployment({
      template: template({
        containers: [{ ...one, resources: { limits: { cpu: '1' } } }],
        hostNetwork: true,
      }),
    }),
    deployment({ replicas: 'three' }),
    deployment({ template: undefined }),
    deployment({ selector: undefined }),
  ]),
  changes(
    'deployments: permitted changes',
    'deployments',
    { ...deployment(), metadata: { name: 'change' } },
    [
      (d) => {
        d.spec.replicas = 3;
      },
      (d) => {
        d.spec.replicas = -3;
      },
      (d) => {
        d.spec.selector.matchLabels = { app: 'y' };
      },
      (d) => {
        d.spec.selector.matchLabels = { app: 'y' };
        d.spec.template.metadata.labels = { app: 'y' };
      },
      (d) => {
        d.spec.template.spec.containers[0].image = 'other';
      },
      (d) => {
        d.spec.template.metadata.labels = { app: 'z' };
      },
      (d) => {
        d.metadata.labels = { 'a b': 'c' };
      },
      (d) => {
        d.metadata.annotations = { 'a b': 'c' };
      },
      (d) => {
        d.metadata.labels = { a: 'b' };
      },
      (d) => {
        d.status = { replicas: 5 };
      },
      (d) => {
        delete d.spec.strategy;
      },
      (d) => {
        d.spec.strategy = { type: 'Recreate' };
      },
      (d) => {
        d.metadata.finalizers = ['nodomain'];
      },
      (d) => {
        d.metadata.ownerReferences = [{ apiVersion: 'v1', kind: 'Pod', name: 'x' }];
      },
      (d) => {
        d.metadata.ownerReferences = [{ apiVersion: 'v1', kind: 'Event', name: 'x', uid: 'u' }];
      },
      (d) => {
        d.metadata.ownerReferences = [1, 2].map((n) => ({
          apiVersion: 'v1',
          kind: 'Pod',
          name: `x${n}`,
          uid: `u${n}`,
          controller: true,
        }));
      },
    ],
  ),
  {
    name: 'deployments: status, scale and generation',
    run: async (api) => {
      const at = `${api.group('apps/v1')}/deployments`;
      await api.post(at, { ...deployment(), metadata: { name: 'd' } });

      await api.patch(
        `${at}/d/status`,
        { status: { replicas: 2, readyReplicas: 1, observedGeneration: 1 } },
        'merge',
      );

      await api.patch(`${at}/d/status`, { status: { replicas: 2, readyReplicas: 3 } }, 'merge');
      await api.patch(`${at}/d/status`, { status: { replicas: -2 } }, 'merge');
      await api.patch(`${at}/d/status`, { status: { collisionCount: 3 } }, 'merge');
      await api.patch(`${at}/d/status`, { status: { collisionCount: 2 } }, 'merge');

      await api.patch(
        `${at}/d/status`,
        { spec: { replicas: 9 }, metadata: { labels: { a: 'b' } } },
        'merge',
      );

      await api.get(`${at}/d/scale`);
      await api.patch(`${at}/d/scale`, { spec: { replicas: 4 } }, 'merge');
      await api.patch(`${at}/d/scale`, { spec: { replicas: -4 } }, 'merge');
      await api.put(`${at}/d/scale`, { metadata: { name: 'd' }, spec: { replicas: 2 } });
      await api.put(`${at}/d/scale`, { metadata: { name: 'other' }, spec: { replicas: 2 } });

      await api.put(`${at}/d/scale`, {
        metadata: { name: 'd', resourceVersion: '1' },
        spec: { replicas: 2 },
      });

      await api.get(`${at}/d/status`);
      await api.patch(`${at}/d`, { metadata: { annotations: { a: 'b' } } }, 'merge');
      await api.delete(`${at}/d`);
      await api.delete(`${at}/d`);
    },
  },
  creations('stateful sets: refusals', 'statefulsets', [
    stateful(),
    {},
    stateful({ serviceName: 'A_b' }),
    stateful({ serviceName: undefined }),
    stateful({ podManagementPolicy: 'X' }),
    stateful({ updateStrategy: { type: 'X' } }),
    stateful({ updateStrategy: { type: 'OnDelete', rollingUpdate: { partition: 1 } } }),
    stateful({ updateStrategy: { rollingUpdate: { partition: -1 } } }),
    stateful({ persistentVolumeClaimRetentionPolicy: { whenDeleted: 'X' } }),
    stateful({
      volumeClaimTemplates: [claim()],
      template: template({
        containers: [{ ...one, volumeMounts: [{ name: 'data', mountPath: '/d' }] }],
      }),
    }),
    stateful({ volumeClaimTemplates: [claim({ accessModes: [] })] }),
    stateful({ volumeClaimTemplates: [{ metadata: { name: 'x' }, spec: {} }] }),
    stateful({ ordinals: { start: -1 }, minReadySeconds: -1, replicas: -1 }),
    stateful({ template: template({ restartPolicy: 'OnFailure' }) }),
    stateful({ selector: {} }),
    stateful({
      template: template({
        containers: [{ ...one, volumeMounts: [{ name: 'absent', mountPath: '/d' }] }],
      }),
    }),
    { metadata: { name: 'a.b' }, spec: stateful().spec },
  ]),
  changes(
    'stateful sets: permitted changes',
    'statefulsets',
    { ...stateful({ volumeClaimTemplates: [claim()] }), metadata: { name: 'change' } },
    [
      (s) => {
        s.spec.replicas = 2;
      },
      (s) => {
        s.spec.serviceName = 'other';
      },
      (s) => {
        s.spec.selector.matchLabels = { b: 'c' };
      },
      (s) => {
        s.spec.volumeClaimTemplates[0].spec.resources.requests.storage = '2Gi';
      },
      (s) => {
        s.spec.podManagementPolicy = 'Parallel';
      },
      (s) => {
        s.spec.template.spec.containers[0].image = 'new';
      },
      (s) => {
        s.spec.updateStrategy = { type: 'OnDelete' };
      },
      (s) => {
        s.spec.persistentVolumeClaimRetentionPolicy = {
          whenDeleted: 'Delete',
          whenScaled: 'Retain',
        };
      },
    ],
  ),
  creations('daemon sets: refusals', 'daemonsets', [
    deployment(),
    {},
    deployment({ updateStrategy: { type: 'X' } }),
    deployment({ updateStrategy: { type: 'OnDelete' } }),
    deployment({ updateStrategy: { rollingUpdate: { maxUnavailable: 0 } } }),
    deployment({ updateStrategy: { rollingUpdate: { maxUnavailable: 1, maxSurge: 1 } } }),
    deployment({ updateStrategy: { rollingUpdate: { maxUnavailable: '200%' } } }),
    deployment({ minReadySeconds: -1, revisionHistoryLimit: -1 }),
    deployment({ selector: { matchLabels: { other: 'x' } } }),
    deployment({ selector: {} }),
    deployment({ template: template({ restartPolicy: 'Never' }) }),
  ]),
  changes(
    'daemon sets: permitted changes',
    'daemonsets',
    { ...deployment(), metadata: { name: 'change' } },
    [
      (d) => {
        d.spec.selector.matchLabels = { app: 'y' };
        d.spec.template.metadata.labels = { app: 'y' };
      },
      (d) => {
        d.spec.template.spec.containers[0].image = 'new';
      },
    ],
  ),
  creations('replica sets: refusals', 'replicasets', [
    deployment(),
    deployment({ replicas: -1, minReadySeconds: -1 }),
    deployment({ selector: {} }),
    {},
    deployment({ selector: { matchLabels: { q: 'r' } } }),
  ]),
  creations('replication controllers: refusals', 'replicationcontrollers', [
    named({ template: template() }),
    named({ selector: labels, template: template() }),
    named({}),
    named({ selector: { q: 'r' }, template: template() }),
    named({ replicas: -1, minReadySeconds: -1, template: template() }),
    named({ template: template({ restartPolicy: 'Never' }) }),
  ]),
  creations('pod templates and controller revisions', 'podtemplates', [
    { metadata: { name: 'a' }, template: template() },
    { metadata: { name: 'b' } },
    {
      metadata: { name: 'c' },
      template: template({ ephemeralContainers: [{ name: 'x', image: 'y' }] }),
    },
  ]),
  creations('controller revisions', 'controllerrevisions', [
    { metadata: { name: 'a' }, data: { a: 1 }, revision: 1 },
    { metadata: { name: 'b' }, revision: 1 },
    { metadata: { name: 'c' }, data: { a: 1 }, revision: -1 },
    { metadata: { name: 'd' }, data: null, revision: 0 },
  ]),
  creations('jobs: refusals', 'jobs', [
    job(),
    {},
    job({ template: { spec: { containers: [one] } } }),
    job({ template: { spec: { containers: [one], restartPolicy: 'Always' } } }),
    job({ template: { spec: { containers: [one], restartPolicy: 'X' } } }),
    job({
      parallelism: -1,
      completions: -1,
      backoffLimit: -1,
      activeDeadlineSeconds: -1,
      ttlSecondsAfterFinished: -1,
    }),
    job({ completionMode: 'Indexed' }),
    job({
      completionMode: 'Indexed',
      completions: 3,
      backoffLimitPerIndex: 1,
      maxFailedIndexes: 5,
    }),
    job({ completionMode: 'Indexed', completions: 3, backoffLimitPerIndex: 1 }),
    job({ completionMode: 'X' }),
    job({ backoffLimitPerIndex: 1 }),
    job({ maxFailedIndexes: 1 }),
    job({ selector: { matchLabels: { a: 'b' } } }),
    job({ manualSelector: true, selector: { matchLabels: { a: 'b' } } }),
    job({
      manualSelector: true,
      selector: { matchLabels: { a: 'b' } },
      template: {
        metadata: { labels: { a: 'b' } },
        spec: { containers: [one], restartPolicy: 'Never' },
      },
    }),
    job({ podFailurePolicy: { rules: [{}] } }),
    job({
      podFailurePolicy: {
        rules: [{ action: 'X', onExitCodes: { operator: 'In', values: [0, 0] } }],
      },
    }),
    job({
      podFailurePolicy: {
        rules: [
          {
            action: 'FailJob',
            onExitCodes: { operator: 'In', values: [5, 3], containerName: 'nope' },
            onPodConditions: [{ type: 'DisruptionTarget' }],
          },
        ],
      },
    }),
    job({
      podFailurePolicy: { rules: [{ action: 'FailIndex', onPodConditions: [{ type: 'a b' }] }] },
    }),
    job({ successPolicy: { rules: [{ succeededCount: 1 }] } }),
    job({
      completionMode: 'Indexed',
      completions: 3,
      successPolicy: {
        rules: [
          { succeededIndexes: '0-9' },
          {},
          { succeededIndexes: 'x' },
          { succeededIndexes: '0,0' },
          { succeededCount: 9 },
        ],
      },
    }),
    job({ podReplacementPolicy: 'X' }),
    job({ managedBy: 'x' }),
    job({ managedBy: 'a.b/c' }),
    job({ suspend: true, parallelism: 2 }),
    job({
      template: {
        metadata: { labels: { 'job-name': 'x' } },
        spec: { containers: [one], restartPolicy: 'Never' },
      },
    }),
  ]),
  // The controller of the real server ignores it, so that the object does not depend on the
  // controller's progress.
  changes(
    'jobs: permitted changes',
    'jobs',
    { ...job({ completions: 2, managedBy: 'a.b/c' }), metadata: { name: 'change' } },
    [
      (j) => {
        j.spec.parallelism = 3;
      },
      (j) => {
        j.spec.completions = 5;
      },
      (j) => {
        j.spec.selector = { matchLabels: { a: 'b' } };
      },
      (j) => {
        j.spec.template.spec.containers[0].image = 'new';
      },
      (j) => {
        j.spec.backoffLimit = 2;
        j.spec.ttlSecondsAfterFinished = 5;
      },
      (j) => {
        j.spec.completionMode = 'Indexed';
      },
      (j) => {
        j.spec.suspend = true;
      },
      (j) => {
        j.spec.template.spec.nodeSelector = { a: 'b' };
      },
      (j) => {
        j.spec.template.spec.containers[0].resources = { requests: { cpu: '1' } };
      },
      (j) => {
        j.spec.template.spec.containers[0].image = 'new';
      },
    ],
  ),
  creations('cron jobs: refusals', 'cronjobs', [
    cron(),
    {},
    cron({ schedule: '' }),
    cron({ schedule: 'x' }),
    cron({ schedule: '* * * *' }),
    cron({ schedule: '60 * * * *' }),
    cron({ schedule: 'a * * * *' }),
    cron({ schedule: '5-1 * * * *' }),
    cron({ schedule: '*/0 * * * *' }),
    cron({ schedule: '1-2-3 * * * *' }),
    cron({ schedule: '1/2/3 * * * *' }),
    cron({ schedule: '* * 0 * *' }),
    cron({ schedule: '* * * JAN mon' }),
    cron({ schedule: '@daily' }),
    cron({ schedule: '@sometimes' }),
    cron({ schedule: '@every 5m' }),
    cron({ schedule: '@every x' }),
    cron({ schedule: 'TZ=UTC * * * * *' }),
    cron({ timeZone: 'Europe/Berlin' }),
    cron({ timeZone: 'Nowhere/City' }),
    cron({ timeZone: '' }),
    cron({ timeZone: 'Local' }),
    cron({ timeZone: '../x' }),
    cron({ concurrencyPolicy: 'X' }),
    cron({
      startingDeadlineSeconds: -1,
      successfulJobsHistoryLimit: -1,
      failedJobsHistoryLimit: -1,
    }),
    cron({ suspend: true, startingDeadlineSeconds: 5 }),
    cron({}, { selector: { matchLabels: { a: 'b' } } }),
    cron({}, { manualSelector: true }),
    cron({}, { template: { spec: { containers: [one] } } }),
    named(cron().spec, 'x'.repeat(53)),
  ]),
];
