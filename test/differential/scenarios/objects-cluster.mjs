import { changes, creations, path } from '../objects.mjs';

const named = (rest, name = 'diff-x') => ({ metadata: { name }, ...rest });
const base64 = (text) => Buffer.from(text).toString('base64');
let counter = 0;

const next = (rest, metadata = {}) => ({
  metadata: { name: `c${counter++}`, ...metadata },
  ...rest,
});

const role = (rules) => next({ rules });
const rule = { apiGroups: [''], resources: ['pods'], verbs: ['get'] };
const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' };
const binding = (rest) => next({ roleRef, subjects: [{ kind: 'User', name: 'jane' }], ...rest });

const scaler = (spec = {}) =>
  next({
    spec: {
      maxReplicas: 3,
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'x' },
      ...spec,
    },
  });

const metric = (resource) => ({ metrics: [{ type: 'Resource', resource }] });
const cpu = { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } };

export default [
  creations('config maps: refusals', 'configmaps', [
    next({ data: { a: 'b' } }),
    next({ data: {} }),
    next({}),
    next({ data: { 'a b': 'c' } }),
    next({ data: { '..': 'd' } }),
    next({ data: { '': 'e' } }),
    next({ data: { a: 'b' }, binaryData: { a: base64('c') } }),
    next({ binaryData: { a: '!!' } }),
    next({ data: { a: 5 } }),
    next({ data: { a: null } }),
    next({ data: 'x' }),
    next({ data: { a: 'x'.repeat(1024 * 1024 + 1) } }),
    next({ immutable: true, data: { a: 'b' } }),
    next({ immutable: 'yes' }),
  ]),
  changes(
    'config maps: immutable ones',
    'configmaps',
    { metadata: { name: 'frozen' }, data: { a: 'b' }, immutable: true },
    [
      (c) => {
        c.data.a = 'c';
      },
      (c) => {
        c.immutable = false;
      },
      (c) => {
        delete c.immutable;
      },
      (c) => {
        c.binaryData = { x: base64('y') };
      },
      (c) => {
        c.metadata.labels = { a: 'b' };
      },
      (c) => {
        c.data = { 'a b': 'x' };
      },
    ],
  ),
  creations('secrets: types and refusals', 'secrets', [
    next({ stringData: { a: 'b' } }),
    next({ data: { a: 'x y' } }),
    next({ data: { 'a b': base64('x') } }),
    next({ type: 'kubernetes.io/tls' }),
    next({ type: 'kubernetes.io/tls', stringData: { 'tls.crt': 'x', 'tls.key': 'y' } }),
    next({ type: 'kubernetes.io/dockerconfigjson' }),
    next({ type: 'kubernetes.io/dockerconfigjson', stringData: { '.dockerconfigjson': '{}' } }),
    next({ type: 'kubernetes.io/dockerconfigjson', stringData: { '.dockerconfigjson': 'x' } }),
    next({ type: 'kubernetes.io/dockerconfigjson', stringData: { '.dockerconfigjson': '' } }),
    next({ type: 'kubernetes.io/dockerconfigjson', stringData: { '.dockerconfigjson': '[]' } }),
    next({ type: 'kubernetes.io/dockercfg' }),
    next({ type: 'kubernetes.io/basic-auth' }),
    next({ type: 'kubernetes.io/basic-auth', stringData: { username: 'x' } }),
    next({ type: 'kubernetes.io/ssh-auth' }),
    next({ type: 'kubernetes.io/service-account-token' }),
    next({ type: 'my/type', data: {} }),
    next({ type: '' }),
    next({ immutable: true, stringData: { a: 'b' } }),
  ]),
  changes(
    'secrets: permitted changes',
    'secrets',
    { metadata: { name: 'change' }, stringData: { a: 'b' } },
    [
      (s) => {
        s.type = 'other';
      },
      (s) => {
        s.stringData = { c: 'd' };
      },
      (s) => {
        s.immutable = true;
      },
      (s) => {
        s.data.a = base64('new');
      },
      (s) => {
        s.immutable = false;
      },
      (s) => {
        s.metadata.annotations = { a: 'b' };
      },
    ],
  ),
  creations('service accounts', 'serviceaccounts', [
    next({}),
    next({}, { name: 'A_b' }),
    next({
      imagePullSecrets: [{ name: 'x' }],
      automountServiceAccountToken: false,
      secrets: [{ name: 'y' }],
    }),
  ]),
  creations('namespaces: refusals', 'namespaces', [
    named({}, 'A_b'),
    named({}, 'a.b'),
    named({}, 'x'.repeat(64)),
    { metadata: { name: 'diff-ns', finalizers: ['nodomain'] } },
    { metadata: { name: 'diff-ns', labels: { 'a b': 'c' } } },
    { metadata: { name: 'diff-ns' }, spec: { finalizers: ['nodomain'] } },
    {},
  ]),
  creations('limit ranges: refusals', 'limitranges', [
    next({ spec: { limits: [{ type: 'Container', max: { cpu: '1' }, min: { cpu: '100m' } }] } }),
    next({ spec: {} }),
    next({ spec: { limits: [{ type: 'X' }] } }),
    next({ spec: { limits: [{ type: 'Container', max: { cpu: '1' }, min: { cpu: '2' } }] } }),
    next({
      spec: {
        limits: [{ type: 'Container', default: { cpu: '1' }, defaultRequest: { cpu: '2' } }],
      },
    }),
    next({
      spec: { limits: [{ type: 'Pod', default: { cpu: '1' }, defaultRequest: { cpu: '1' } }] },
    }),
    next({ spec: { limits: [{ type: 'PersistentVolumeClaim' }] } }),
    next({ spec: { limits: [{ type: 'Container', maxLimitRequestRatio: { cpu: '0.5' } }] } }),
    next({
      spec: {
        limits: [
          {
            type: 'Container',
            maxLimitRequestRatio: { memory: '10' },
            min: { memory: '1Gi' },
            max: { memory: '2Gi' },
          },
        ],
      },
    }),
    next({ spec: { limits: [{ type: 'Container', max: { foo: '1' } }] } }),
    next({ spec: { limits: [{ type: 'Container' }, { type: 'Container' }] } }),
    next({
      spec: {
        limits: [
          { type: 'Container', default: { cpu: '2' }, max: { cpu: '1' }, min: { cpu: '500m' } },
        ],
      },
    }),
  ]),
  creations('resource quotas: refusals', 'resourcequotas', [
    next({ spec: { hard: { pods: '5', 'requests.cpu': '1', 'count/deployments.apps': '2' } } }),
    next({}),
    next({ spec: { hard: { pods: '-1' } } }),
    next({ spec: { hard: { pods: '1.5' } } }),
    next({ spec: { hard: { foo: '1' } } }),
    next({ spec: { hard: { 'a b': '1' } } }),
    next({ spec: { hard: { pods: '1' }, scopes: ['X'] } }),
    next({ spec: { hard: { services: '1' }, scopes: ['BestEffort'] } }),
    next({ spec: { hard: { pods: '1' }, scopes: ['BestEffort', 'NotBestEffort'] } }),
    next({
      spec: {
        hard: { pods: '1' },
        scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In' }] },
      },
    }),
    next({
      spec: {
        hard: { pods: '1' },
        scopeSelector: {
          matchExpressions: [{ scopeName: 'Terminating', operator: 'In', values: ['x'] }],
        },
      },
    }),
    next({
      spec: {
        hard: { pods: '1' },
        scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'X' }] },
      },
    }),
  ]),
  changes(
    'resource quotas: scopes',
    'resourcequotas',
    { metadata: { name: 'change' }, spec: { hard: { pods: '1' }, scopes: ['Terminating'] } },
    [
      (q) => {
        q.spec.scopes = ['NotTerminating'];
      },
      (q) => {
        q.spec.hard.pods = '2';
      },
    ],
  ),
  creations('nodes: refusals', 'nodes', [
    named({}, 'diff-node'),
    named(
      {
        spec: {
          taints: [{ key: 'a b', effect: 'NoSchedule' }, { key: 'a', effect: 'X' }, { key: 'b' }],
        },
      },
      'diff-node',
    ),
    named(
      {
        spec: {
          taints: [
            { key: 'a', effect: 'NoSchedule' },
            { key: 'a', effect: 'NoSchedule' },
          ],
        },
      },
      'diff-node',
    ),
    named({ spec: { podCIDR: 'x' } }, 'diff-node'),
    named({ status: { capacity: { cpu: '-1' } } }, 'diff-node'),
    named(
      {
        status: {
          capacity: { cpu: '4', memory: '8Gi' },
          addresses: [{ type: 'InternalIP', address: '1.2.3.4' }],
        },
      },
      'diff-node',
    ),
    named({}, 'A_b'),
  ]),
  changes(
    'nodes: permitted changes',
    'nodes',
    named({ spec: { podCIDR: '10.1.0.0/24', providerID: 'a' } }, 'diff-node-change'),
    [
      (n) => {
        n.spec.podCIDR = '10.2.0.0/24';
        n.spec.podCIDRs = ['10.2.0.0/24'];
      },
      (n) => {
        n.spec.providerID = 'b';
      },
      (n) => {
        n.spec.unschedulable = true;
      },
      (n) => {
        n.spec.taints = [
          { key: 'a', effect: 'NoSchedule' },
          { key: 'a', effect: 'NoSchedule' },
        ];
      },
      (n) => {
        n.status = { capacity: { cpu: '1' } };
      },
    ],
  ),
  creations('roles: refusals', 'roles', [
    role([rule]),
    role([]),
    next({}),
    role([{}]),
    role([{ verbs: ['get'] }]),
    role([{ verbs: ['get'], nonResourceURLs: ['/x'] }]),
    role([{ ...rule, nonResourceURLs: ['/x'] }]),
    next({ rules: [rule] }, { name: 'a/b' }),
    next({ rules: [rule] }, { name: 'system:Some_Name' }),
    next({ rules: [rule] }, { name: 'a%b' }),
    next({ rules: [rule] }, { name: '..' }),
  ]),
  creations('cluster roles: refusals', 'clusterroles', [
    named({ rules: [rule, { nonResourceURLs: ['/x'], verbs: ['get'] }] }, 'diff-cr'),
    named({ aggregationRule: {} }, 'diff-cr'),
    named(
      { aggregationRule: { clusterRoleSelectors: [{ matchLabels: { 'a b': 'c' } }] } },
      'diff-cr',
    ),
    named({ rules: [{ ...rule, nonResourceURLs: ['/x'] }] }, 'diff-cr'),
  ]),
  creations('role bindings: refusals', 'rolebindings', [
    binding(),
    binding({ roleRef: {} }),
    binding({ roleRef: undefined }),
    binding({ roleRef: { ...roleRef, apiGroup: 'x' } }),
    binding({ roleRef: { ...roleRef, kind: 'X' } }),
    binding({ roleRef: { ...roleRef, name: '' } }),
    binding({ subjects: undefined }),
    binding({ subjects: [{}] }),
    binding({
      subjects: [
        { kind: 'ServiceAccount', name: 'A_b' },
        { kind: 'X', name: 'y' },
        { kind: 'User', name: 'x', apiGroup: 'y' },
      ],
    }),
    binding({ subjects: [{ kind: 'ServiceAccount', name: 'a', apiGroup: 'x' }] }),
    binding({
      subjects: [
        { kind: 'ServiceAccount', name: 'a' },
        { kind: 'Group', name: 'g' },
      ],
    }),
  ]),
  creations('cluster role bindings: refusals', 'clusterrolebindings', [
    named({ roleRef, subjects: [{ kind: 'ServiceAccount', name: 'a' }] }, 'diff-crb'),
    named({ roleRef: { ...roleRef, kind: 'Role' } }, 'diff-crb'),
    named(
      { roleRef, subjects: [{ kind: 'ServiceAccount', name: 'a', namespace: 'b' }] },
      'diff-crb',
    ),
  ]),
  changes(
    'role bindings: permitted changes',
    'rolebindings',
    { ...binding(), metadata: { name: 'change' } },
    [
      (b) => {
        b.roleRef.name = 'edit';
      },
      (b) => {
        b.subjects.push({ kind: 'Group', name: 'g' });
      },
      (b) => {
        delete b.subjects;
      },
    ],
  ),
  creations('scalers: refusals', 'horizontalpodautoscalers', [
    scaler(),
    {},
    next({ spec: {} }),
    scaler({ minReplicas: 0 }),
    scaler({ minReplicas: 5 }),
    scaler({ maxReplicas: -1 }),
    scaler({ scaleTargetRef: {} }),
    scaler({ scaleTargetRef: { kind: 'a/b', name: 'c', apiVersion: 'v1' } }),
    scaler({ scaleTargetRef: { kind: 'a', name: 'c', apiVersion: 'a/b/c' } }),
    scaler(metric(cpu)),
    scaler(metric({ name: '' })),
    scaler(metric({ name: 'cpu', target: { type: 'X' } })),
    scaler(
      metric({
        name: 'cpu',
        target: { type: 'Utilization', averageUtilization: 0, averageValue: '-1' },
      }),
    ),
    scaler({ metrics: [{}] }),
    scaler({ metrics: [{ type: 'X' }] }),
    scaler({ metrics: [{ type: 'Pods', resource: cpu }] }),
    scaler({
      metrics: [{ type: 'Pods', pods: { metric: { name: '' }, target: { type: 'AverageValue' } } }],
    }),
    scaler({
      metrics: [
        {
          type: 'Object',
          object: { describedObject: {}, metric: { name: 'x' }, target: { type: 'Value' } },
        },
      ],
    }),
    scaler({
      metrics: [
        {
          type: 'External',
          external: {
            metric: { name: 'x' },
            target: { type: 'Value', value: '1', averageValue: '1' },
          },
        },
      ],
    }),
    scaler({
      metrics: [
        {
          type: 'ContainerResource',
          containerResource: {
            name: 'cpu',
            container: '',
            target: { type: 'Utilization', averageUtilization: 5 },
          },
        },
      ],
    }),
    scaler({ behavior: {} }),
    scaler({
      behavior: {
        scaleUp: {
          stabilizationWindowSeconds: 5000,
          selectPolicy: 'X',
          policies: [{ type: 'X', value: 0, periodSeconds: 5000 }],
        },
      },
    }),
    scaler({ behavior: { scaleDown: { stabilizationWindowSeconds: -1, policies: [] } } }),
  ]),
  {
    name: 'scalers: version 1',
    run: async (api) => {
      const at = `${api.group('autoscaling/v1')}/horizontalpodautoscalers`;

      const spec = {
        maxReplicas: 3,
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'x' },
      };

      await api.post(at, { metadata: { name: 'a' }, spec });

      await api.post(at, {
        metadata: { name: 'b' },
        spec: { ...spec, targetCPUUtilizationPercentage: 50 },
      });

      await api.post(at, {
        metadata: { name: 'c' },
        spec: { ...spec, targetCPUUtilizationPercentage: 0 },
      });

      await api.post(at, { metadata: { name: 'd' }, spec: {} });
      await api.get(`${path(api, 'horizontalpodautoscalers')}/b`);
    },
  },
  creations('disruption budgets: refusals', 'poddisruptionbudgets', [
    next({ spec: { minAvailable: 1, selector: { matchLabels: { a: 'b' } } } }),
    next({}),
    next({ spec: { minAvailable: 1, maxUnavailable: 1 } }),
    next({ spec: { minAvailable: -1 } }),
    next({ spec: { minAvailable: 'x' } }),
    next({ spec: { maxUnavailable: '200%' } }),
    next({ spec: { selector: { matchLabels: { 'a b': 'c' } } } }),
    next({ spec: { unhealthyPodEvictionPolicy: 'X' } }),
  ]),
  creations('priority classes: refusals', 'priorityclasses', [
    named({ value: 5 }, 'diff-pc'),
    named({}, 'diff-pc'),
    named({ value: 2000000000 }, 'diff-pc'),
    named({ value: 5, preemptionPolicy: 'X' }, 'diff-pc'),
    named({ value: 5 }, 'system-x'),
    named({ value: 5 }, 'A_b'),
    named({ value: 'x' }, 'diff-pc'),
  ]),
  changes(
    'priority classes: permitted changes',
    'priorityclasses',
    named({ value: 5 }, 'diff-pc-change'),
    [
      (p) => {
        p.value = 6;
      },
      (p) => {
        p.preemptionPolicy = 'Never';
      },
      (p) => {
        p.description = 'x';
      },
      (p) => {
        p.globalDefault = false;
      },
    ],
  ),
  creations('leases: refusals', 'leases', [
    next({ spec: { holderIdentity: 'a', leaseDurationSeconds: 5 } }),
    next({}),
    next({ spec: { leaseDurationSeconds: 0 } }),
    next({ spec: { leaseDurationSeconds: -1, leaseTransitions: -1 } }),
    next({ spec: { strategy: 'X' } }),
    next({ spec: { preferredHolder: 'x' } }),
    next({ spec: { renewTime: 'x' } }),
    next({
      spec: { renewTime: '2026-01-01T00:00:00Z', acquireTime: '2026-01-01T00:00:00.123456Z' },
    }),
  ]),
  creations('runtime classes: refusals', 'runtimeclasses', [
    named({ handler: 'a' }, 'diff-rc'),
    named({}, 'diff-rc'),
    named({ handler: 'A_b' }, 'diff-rc'),
    named({ handler: 'a', overhead: { podFixed: { cpu: '-1' } } }, 'diff-rc'),
    named(
      {
        handler: 'a',
        scheduling: { nodeSelector: { 'a b': 'c' }, tolerations: [{ key: 'a', operator: 'X' }] },
      },
      'diff-rc',
    ),
  ]),
  changes(
    'runtime classes: permitted changes',
    'runtimeclasses',
    named({ handler: 'a' }, 'diff-rc-change'),
    [
      (r) => {
        r.handler = 'b';
      },
    ],
  ),
  creations('events: refusals', 'events', [
    next({ involvedObject: {} }),
    next({ involvedObject: { namespace: 'else', name: 'x' } }),
    next({
      involvedObject: { kind: 'Pod', name: 'x' },
      reason: 'R',
      message: 'M',
      type: 'Normal',
      count: 1,
      firstTimestamp: '2026-01-01T00:00:00Z',
      lastTimestamp: '2026-01-01T00:00:00Z',
    }),
    next({}),
  ]),
];
