import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { defaultObject } from '../resources/defaults/default-object.ts';
import { validateObject } from './validate-object.ts';

const kinds: Record<string, { group: string; version: string; kind: string }> = {};

for (const [group, names] of Object.entries({
  '': ['Pod', 'Service', 'ConfigMap', 'Secret', 'Namespace', 'PersistentVolumeClaim', 'Node'],
  apps: ['Deployment', 'StatefulSet'],
  batch: ['Job', 'CronJob'],
  'rbac.authorization.k8s.io': ['Role', 'ClusterRole', 'RoleBinding', 'ClusterRoleBinding'],
  'networking.k8s.io': ['Ingress'],
  'storage.k8s.io': ['StorageClass'],
})) {
  for (const kind of names) {
    kinds[kind] = { group, version: 'v1', kind };
  }
}

function check(kind: string, fields: object, old?: object): string[] {
  const object: KubeObject = { metadata: { name: 'a' }, ...structuredClone(fields) };
  defaultObject(kinds[kind]!, object);

  const before = old && { metadata: { name: 'a' }, ...structuredClone(old) };
  if (before) {
    defaultObject(kinds[kind]!, before);
  }

  return validateObject(kinds[kind]!, object, before).map(
    (cause) => `${cause.field}: ${cause.message}`,
  );
}

const spec = { containers: [{ name: 'a', image: 'b' }] };
const labels = { a: 'b' };
const deployment = { selector: { matchLabels: labels }, template: { metadata: { labels }, spec } };

const refused: [kind: string, fields: object, messages: string[], old?: object][] = [
  ['Pod', { spec: {} }, ['spec.containers: Required value']],
  [
    'Pod',
    { spec: { containers: [{}] } },
    ['spec.containers[0].name: Required value', 'spec.containers[0].image: Required value'],
  ],
  [
    'Pod',
    {
      spec: {
        containers: [
          {
            name: 'a',
            image: 'b',
            imagePullPolicy: 'Bad',
            ports: [{ containerPort: 70000 }],
            volumeMounts: [{ name: 'nope' }],
          },
          { name: 'a', image: 'b' },
        ],
        restartPolicy: 'X',
      },
    },
    [
      'spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive',
      'spec.containers[0].volumeMounts[0].name: Not found: "nope"',
      'spec.containers[0].volumeMounts[0].mountPath: Required value',
      'spec.containers[0].imagePullPolicy: Unsupported value: "Bad": supported values: "Always", "IfNotPresent", "Never"',
      'spec.containers[1].name: Duplicate value: "a"',
      'spec.restartPolicy: Unsupported value: "X": supported values: "Always", "OnFailure", "Never"',
    ],
  ],
  [
    'Pod',
    {
      spec: {
        containers: [
          { name: 'a', image: 'b', resources: { limits: { cpu: '1' }, requests: { cpu: '2' } } },
        ],
      },
    },
    [
      'spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1',
    ],
  ],
  ['Service', { spec: {} }, ['spec.ports: Required value']],
  [
    'Service',
    { spec: { type: 'Bad', ports: [{ port: 0 }], sessionAffinity: 'x' } },
    [
      'spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive',
      'spec.ports[0].targetPort: Invalid value: 0: must be between 1 and 65535, inclusive',
      'spec.sessionAffinity: Unsupported value: "x": supported values: "ClientIP", "None"',
      'spec.type: Unsupported value: "Bad": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"',
    ],
  ],
  [
    'Secret',
    { type: 'kubernetes.io/tls', data: { 'tls.crt': 'eA==' } },
    ['data[tls.key]: Required value'],
  ],
  ['Secret', { type: 'b' }, ['type: Invalid value: "b": field is immutable'], { type: 'a' }],
  [
    'ConfigMap',
    { data: { a: '2' }, immutable: true },
    ['data: Forbidden: field is immutable when `immutable` is set'],
    { data: { a: '1' }, immutable: true },
  ],
  [
    'Deployment',
    { spec: { ...deployment, replicas: -1, selector: { matchLabels: { a: 'c' } } } },
    [
      'spec.replicas: Invalid value: -1: must be greater than or equal to 0',
      'spec.template.metadata.labels: Invalid value: {"a":"b"}: `selector` does not match template `labels`',
    ],
  ],
  [
    'Deployment',
    { spec: { template: { spec } } },
    [
      'spec.selector: Required value',
      'spec.template.metadata.labels: Invalid value: null: `selector` does not match template `labels`',
    ],
  ],
  [
    'Deployment',
    {
      spec: {
        ...deployment,
        selector: { matchLabels: { z: 'z' } },
        template: { metadata: { labels: { z: 'z' } }, spec },
      },
    },
    ['spec.selector: Invalid value: {"matchLabels":{"z":"z"}}: field is immutable'],
    { spec: deployment },
  ],
  [
    'StatefulSet',
    { spec: { ...deployment, serviceName: 'y' } },
    [
      "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
    ],
    { spec: { ...deployment, serviceName: 'x' } },
  ],
  [
    'Job',
    {
      spec: {
        manualSelector: true,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec },
      },
    },
    ['spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"'],
  ],
  [
    'CronJob',
    {
      spec: {
        schedule: 'bad',
        jobTemplate: { spec: { template: { spec: { ...spec, restartPolicy: 'Never' } } } },
      },
    },
    ['spec.schedule: Invalid value: "bad": expected exactly 5 fields, found 1: [bad]'],
  ],
  [
    'Role',
    { rules: [{ verbs: ['get'], nonResourceURLs: ['/x'] }] },
    [
      'rules[0].nonResourceURLs: Invalid value: ["/x"]: namespaced rules cannot apply to non-resource URLs',
    ],
  ],
  [
    'ClusterRole',
    { metadata: { name: 'a/b' } },
    [`metadata.name: Invalid value: "a/b": may not contain '/'`],
  ],
  [
    'ClusterRoleBinding',
    { roleRef: { kind: 'Role', name: 'x' }, subjects: [{ kind: 'ServiceAccount', name: 'a' }] },
    [
      'roleRef.kind: Unsupported value: "Role": supported values: "ClusterRole"',
      'subjects[0].namespace: Required value',
    ],
  ],
  [
    'PersistentVolumeClaim',
    { spec: {} },
    [
      'spec.accessModes: Required value: at least 1 access mode is required',
      'spec.resources[storage]: Required value',
    ],
  ],
  [
    'Ingress',
    { spec: { rules: [{ http: { paths: [{ path: 'x' }] } }] } },
    ['spec.rules[0].http.paths[0].pathType: Required value: pathType must be specified'],
  ],
  ['StorageClass', {}, ['provisioner: Required value']],
  [
    'StorageClass',
    { provisioner: 'b' },
    ['provisioner: Invalid value: "b": field is immutable'],
    { provisioner: 'a' },
  ],
  [
    'Pod',
    { spec: { containers: [{ name: 'a', image: 'b', env: [{ name: 'x', value: 'y' }] }] } },
    [
      'spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)\n' +
        '@@ -3,6 +3,12 @@\n   {\n    "name": "a",\n    "image": "b",\n+   "env": [\n+    {\n+     "name": "x",\n+     "value": "y"\n+    }\n+   ],\n    "resources": {},\n    "imagePullPolicy": "Always",\n    "terminationMessagePath": "/dev/termination-log",\n',
    ],
    { spec },
  ],
  [
    'Namespace',
    { metadata: {} },
    ['metadata.name: Required value: name or generateName is required'],
  ],
  [
    'Node',
    { metadata: { name: 'a', finalizers: ['s'] } },
    [
      'metadata.finalizers[0]: Invalid value: "s": name is neither a standard finalizer name nor is it fully qualified',
    ],
  ],
];

for (const [kind, fields, messages, old] of refused) {
  test(`${kind} ${JSON.stringify(fields).slice(0, 80)} is refused in Kubernetes' wording`, () => {
    assert.deepEqual(check(kind, fields, old), messages);
  });
}

test('valid objects pass, with claims as volumes', () => {
  assert.deepEqual(check('Deployment', { spec: deployment }, { spec: deployment }), []);

  const mounts = {
    containers: [{ name: 'a', image: 'b', volumeMounts: [{ name: 'd', mountPath: '/d' }] }],
  };

  const claims = {
    template: { metadata: { labels }, spec: mounts },
    volumeClaimTemplates: [
      {
        metadata: { name: 'd' },
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
      },
    ],
  };

  assert.deepEqual(check('StatefulSet', { spec: { ...deployment, ...claims } }), []);
  assert.deepEqual(check('Service', { spec: { clusterIP: 'None', clusterIPs: ['None'] } }), []);

  const changed = { containers: [{ name: 'a', image: 'c' }], terminationGracePeriodSeconds: 30 };
  assert.deepEqual(check('Pod', { spec: changed }, { spec }), []);
  assert.deepEqual(check('Pod', { metadata: { generateName: 'a-', name: 'a-x' }, spec }), []);
});
