// Empty texts, lists and maps, zeros and false in objects of built-in kinds: they are values behind
// Go's pointers, and absent otherwise. Also fields that are always dropped.
import { creations } from '../objects.mjs';

const container = { name: 'c', image: 'i' };
const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [container] } };
const selector = { matchLabels: { a: 'b' } };

const pod = (fields, more = {}) => ({
  metadata: {
    name: `p${Object.keys({ ...fields, ...more })
      .join('')
      .toLowerCase()}`,
  },
  spec: { ...fields, containers: [{ ...container, ...more }] },
});

const job = (name, labels, ofTemplate, more = {}) => ({
  metadata: { name, labels },
  spec: {
    suspend: true,
    template: {
      metadata: { labels: ofTemplate },
      spec: { restartPolicy: 'Never', containers: [container] },
    },
    ...more,
  },
});

const storageClass = (name, fields) => ({
  metadata: { name },
  provisioner: 'example.com/p',
  ...fields,
});

const driver = (name, spec) => ({ metadata: { name }, spec });

const workload = (name, spec) => ({
  metadata: { name },
  spec: { replicas: 0, selector, template, ...spec },
});

const claim = (name, spec) => ({
  metadata: { name },
  spec: {
    accessModes: ['ReadWriteOnce'],
    storageClassName: 'none',
    resources: { requests: { storage: '1Gi' } },
    ...spec,
  },
});

const webhook = (name, more) => ({
  metadata: { name },
  webhooks: [
    {
      name: 'a.b.c',
      clientConfig: { url: 'https://example.com' },
      sideEffects: 'None',
      admissionReviewVersions: ['v1'],
      ...more,
    },
  ],
});

const when = '2020-01-01T00:00:00Z';

const event = (name, fields) => ({
  metadata: { name },
  reason: 'r',
  type: 'Normal',
  eventTime: '2020-01-01T00:00:00.000000Z',
  reportingController: 'example.com/c',
  reportingInstance: 'i',
  action: 'a',
  ...fields,
});

export default [
  creations('pods', 'pods', [
    pod({}, { lifecycle: {} }),
    pod({ schedulingGroup: { podGroupName: 'g' } }),
    pod({}, { livenessProbe: { tcpSocket: { port: '' } } }),
    pod({ securityContext: { fsGroupChangePolicy: '' } }),
    pod({}, { env: [{ name: 'A', valueFrom: { fileKeyRef: {} } }] }),
  ]),
  creations('deployments', 'deployments', [
    workload('d', { strategy: { rollingUpdate: { maxSurge: '' } } }),
  ]),
  creations('stateful sets', 'statefulsets', [
    workload('s', {
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0 } },
    }),
  ]),
  creations('jobs', 'jobs', [
    job('same', { a: 'b' }, { a: 'b' }),
    job('of-template', undefined, { a: 'b' }),
    job('none', undefined, undefined),
    job('mode', undefined, undefined, { completionMode: '', podReplacementPolicy: '' }),
    job('selector', undefined, undefined, { selector: { matchExpressions: [{ key: 'x' }] } }),
  ]),
  creations('services', 'services', [
    {
      metadata: { name: 's' },
      spec: { ports: [{ port: 80, targetPort: '' }], internalTrafficPolicy: '' },
    },
  ]),
  creations('service accounts', 'serviceaccounts', [
    { metadata: { name: 's' }, secrets: [{ name: 'a', kind: 'Secret', namespace: 'b', uid: 'c' }] },
  ]),
  creations('claims', 'persistentvolumeclaims', [
    claim('mode', { volumeMode: '' }),
    claim('source', { dataSourceRef: { apiGroup: 'a.b', kind: 'C', name: 'a', namespace: 'b' } }),
  ]),
  creations('storage classes', 'storageclasses', [
    storageClass('zeros', { reclaimPolicy: '', volumeBindingMode: '' }),
    storageClass('zeros-reclaim', { reclaimPolicy: '' }),
    storageClass('zeros-terms', { allowedTopologies: [{}] }),
    storageClass('zeros-again', {
      allowedTopologies: [
        { matchLabelExpressions: [{ key: 'a', values: ['1', '2'] }] },
        { matchLabelExpressions: [{ key: 'a', values: ['2', '1'] }] },
      ],
    }),
  ]),
  creations('drivers', 'csidrivers', [
    driver('zeros.example.com', { fsGroupPolicy: '' }),
    driver('secrets.example.com', {
      serviceAccountTokenInSecrets: false,
      preventPodSchedulingIfMissing: true,
    }),
  ]),
  creations('priority classes', 'priorityclasses', [
    { metadata: { name: 'zeros' }, value: 0, preemptionPolicy: '' },
  ]),
  creations('autoscalers', 'horizontalpodautoscalers', [
    {
      metadata: { name: 'h' },
      spec: {
        maxReplicas: 1,
        scaleTargetRef: { kind: 'Deployment', name: 'none' },
        behavior: { scaleUp: { selectPolicy: '' } },
      },
    },
  ]),
  creations('webhooks', 'validatingwebhookconfigurations', [
    webhook('zeros', { failurePolicy: '', matchPolicy: '', rules: [{ scope: '' }] }),
    webhook('zeros-selector', { namespaceSelector: { matchExpressions: [{}] } }),
  ]),
  creations('nodes', 'nodes', [
    {
      metadata: { name: 'zeros' },
      spec: { configSource: { configMap: { name: 'a', namespace: 'b', kubeletConfigKey: 'k' } } },
    },
  ]),
  creations('endpoint slices', 'endpointslices', [
    {
      metadata: { name: 'e' },
      addressType: 'IPv4',
      endpoints: [{ addresses: ['1.2.3.4'], deprecatedTopology: { a: 'b' } }],
      ports: [],
    },
  ]),
  {
    name: 'events',
    run: async (api) => {
      const path = `${api.group('events.k8s.io/v1')}/events`;
      const regarding = { namespace: api.namespace };

      const old = {
        deprecatedCount: 1,
        deprecatedSource: { host: 'h' },
        deprecatedFirstTimestamp: when,
      };

      await api.post(path, event('old', { regarding, ...old }));
      await api.post(path, event('series', { regarding, series: { count: 1 }, type: '' }));
    },
  },
];
