import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { LEGACY_KINDS } from '@ks-apiserver/server/models/legacy-versions/kinds';
import { CERTIFICATE_REQUEST } from '../support/certificate-request.ts';
import { TestPlatform } from '../support/test-platform.ts';

let platform: TestPlatform;

before(async () => {
  platform = await TestPlatform.start();
  await platform.write('/api/v1/namespaces', { metadata: { name: 'demo' } });
});

after(() => platform?.stop());

const template = {
  metadata: { labels: { app: 'a' } },
  spec: { containers: [{ name: 'main', image: 'nginx' }] },
};

const selector = { matchLabels: { app: 'a' } };
const backend = { serviceName: 'web', servicePort: 80 };
const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' };
const webhooks = [
  { name: 'hook.example.com', clientConfig: { url: 'https://hook.example.com/' }, rules: [] },
];

/** Fields of an object of each kind besides its name; cluster-scoped kinds have `cluster`. */
// biome-ignore lint/suspicious/noExplicitAny: each kind has other fields.
const OBJECTS: Record<string, { cluster?: boolean; name?: string; fields: any }> = {
  CronJob: {
    fields: {
      spec: {
        schedule: '* * * * *',
        jobTemplate: { spec: { template: { spec: { ...template.spec, restartPolicy: 'Never' } } } },
      },
    },
  },
  Ingress: { fields: { spec: { backend } } },
  IngressClass: { cluster: true, fields: { spec: { controller: 'example.com/c' } } },
  NetworkPolicy: { fields: { spec: { podSelector: {} } } },
  Deployment: { fields: { spec: { template, selector } } },
  DaemonSet: { fields: { spec: { template, selector } } },
  ReplicaSet: { fields: { spec: { template, selector } } },
  StatefulSet: { fields: { spec: { template, selector, serviceName: 'a' } } },
  ControllerRevision: { fields: { revision: 1, data: { a: 1 } } },
  HorizontalPodAutoscaler: {
    fields: {
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'a' },
        maxReplicas: 3,
      },
    },
  },
  CustomResourceDefinition: {
    cluster: true,
    name: 'things.legacy.example',
    fields: {
      spec: {
        group: 'legacy.example',
        version: 'v1',
        names: { kind: 'Thing', plural: 'things' },
        scope: 'Namespaced',
        validation: {
          openAPIV3Schema: {
            properties: {
              metadata: { properties: { labels: {} } },
              spec: {
                required: ['size'],
                properties: {
                  size: { anyOf: [{ type: 'integer' }, { type: 'string' }] },
                  more: {},
                  list: { items: {} },
                },
                oneOf: [{ required: ['size'], properties: { size: { type: 'integer' } } }],
              },
            },
          },
        },
        additionalPrinterColumns: [{ name: 'Size', type: 'string', JSONPath: '.spec.size' }],
        subresources: { status: {} },
      },
    },
  },
  PodDisruptionBudget: { fields: { spec: { minAvailable: 1, selector: {} } } },
  Role: { fields: { rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }] } },
  ClusterRole: {
    cluster: true,
    fields: { rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }] },
  },
  RoleBinding: { fields: { roleRef, subjects: [{ kind: 'User', name: 'somebody' }] } },
  ClusterRoleBinding: {
    cluster: true,
    fields: { roleRef, subjects: [{ kind: 'User', name: 'somebody' }] },
  },
  StorageClass: { cluster: true, fields: { provisioner: 'example.com/p' } },
  VolumeAttachment: {
    cluster: true,
    fields: {
      spec: { attacher: 'example.com', nodeName: 'n', source: { persistentVolumeName: 'v' } },
    },
  },
  CSIDriver: { cluster: true, fields: { spec: {} } },
  CSINode: { cluster: true, fields: { spec: { drivers: [] } } },
  CSIStorageCapacity: { fields: { storageClassName: 'a', nodeTopology: selector } },
  Event: {
    fields: {
      eventTime: '2026-01-02T03:04:05.000000Z',
      reportingController: 'example.com/c',
      reportingInstance: 'c-1',
      action: 'Test',
      reason: 'Tested',
      type: 'Normal',
      regarding: { kind: 'Pod', name: 'a', namespace: 'demo' },
    },
  },
  Lease: { fields: { spec: { holderIdentity: 'a' } } },
  EndpointSlice: {
    fields: {
      addressType: 'IPv4',
      endpoints: [
        { addresses: ['10.0.0.1'], topology: { 'topology.kubernetes.io/zone': 'z', region: 'r' } },
      ],
      ports: [{ name: 'http', port: 80 }],
    },
  },
  ValidatingWebhookConfiguration: { cluster: true, fields: { webhooks } },
  MutatingWebhookConfiguration: { cluster: true, fields: { webhooks } },
  CertificateSigningRequest: {
    cluster: true,
    fields: {
      spec: {
        request: CERTIFICATE_REQUEST,
        signerName: 'kubernetes.io/kube-apiserver-client',
        usages: ['client auth'],
      },
    },
  },
  PriorityClass: { cluster: true, fields: { value: 10 } },
};

for (const { group, version, resource, kind, served, warning } of LEGACY_KINDS) {
  const apiVersion = `${group}/${version}`;
  const { cluster, fields, name = `legacy-${version}-${group.split('.')[0]}` } = OBJECTS[kind]!;
  const path = `/apis/${apiVersion}/${cluster ? '' : 'namespaces/demo/'}${resource}`;

  test(`${apiVersion} ${kind}: created, read, listed, applied, patched and deleted`, async () => {
    const body = { apiVersion, kind, metadata: { name }, ...fields };
    const made = await platform.call(path, { body });

    assert.equal(made.status, 201, made.text);

    assert.match(
      made.headers.get('warning')!,
      new RegExp(`^299 - "${warning.replaceAll('+', '\\+')}"`),
    );

    assert.deepEqual([made.json.apiVersion, made.json.kind], [apiVersion, kind]);

    const real = await platform.read(
      `${path.replace(apiVersion, `${served.group}/${served.version}`)}/${name}`,
    );
    assert.deepEqual([real.apiVersion, real.kind], [`${served.group}/${served.version}`, kind]);

    const list = await platform.call(`${path}?fieldSelector=metadata.name%3D${name}`);
    assert.deepEqual(list.json.items.length, 1, list.text);
    assert.deepEqual([list.json.apiVersion, list.json.kind], [apiVersion, `${kind}List`]);

    const table = await platform.call(`${path}/${name}`, {
      headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' },
    });
    assert.deepEqual([table.json.kind, table.json.rows[0].object.metadata.name], ['Table', name]);

    for (const [type, patch, query] of [
      [
        'application/json-patch+json',
        [{ op: 'add', path: '/metadata/labels', value: { by: 'json' } }],
        '',
      ],
      ['application/merge-patch+json', { metadata: { labels: { by: 'merge' } } }, ''],
      ['application/strategic-merge-patch+json', { metadata: { labels: { by: 'strategic' } } }, ''],
      [
        'application/apply-patch+yaml',
        { apiVersion, kind, metadata: { labels: { by: 'apply' } } },
        '?fieldManager=t&force=true',
      ],
    ] as const) {
      const patched = await platform.call(`${path}/${name}${query}`, {
        method: 'PATCH',
        headers: { 'content-type': type },
        body: JSON.stringify(patch),
      });

      assert.equal(patched.status, 200, `${type}: ${patched.text}`);
      assert.equal(patched.json.apiVersion, apiVersion);
      assert.equal(patched.json.metadata.labels.by, type.split('/')[1]!.split('-')[0]);
    }

    const read = await platform.call(`${path}/${name}`);
    const put = await platform.call(`${path}/${name}`, { method: 'PUT', body: read.json });

    assert.equal(put.status, 200, put.text);

    const { metadata: _before, status: _status, ...before } = read.json;
    const { metadata: _after, status: _later, ...after } = put.json;

    assert.deepEqual(after, before);

    const gone = await platform.call(`${path}/${name}?propagationPolicy=Background`, {
      method: 'DELETE',
    });
    assert.equal(gone.status, 200, gone.text);
  });
}
