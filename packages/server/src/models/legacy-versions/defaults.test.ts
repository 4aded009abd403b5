import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toServedBody } from './calls/request-bodies.ts';
import type { Fields } from './fields.ts';
import { legacyKindOf } from './kinds.ts';
import { mappingOf } from './legacy-kind.ts';

const MAX = 2_147_483_647;
const template = { metadata: { labels: { app: 'a' } }, spec: {} };
const labelled = { name: 'a', labels: { app: 'a' } };
const selector = { matchLabels: { app: 'a' } };

/**
 * A resource of an older version, a request without the fields that have defaults, and the stored
 * result.
 */
const cases: [resource: string, sent: Fields, written: Fields][] = [
  ['batch/v1beta1/cronjobs', { spec: { schedule: 'x' } }, { spec: { schedule: 'x' } }],
  [
    'extensions/v1beta1/deployments',
    { spec: { template } },
    {
      metadata: labelled,
      spec: {
        template,
        selector,
        revisionHistoryLimit: MAX,
        progressDeadlineSeconds: MAX,
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1, maxSurge: 1 } },
      },
    },
  ],
  [
    'extensions/v1beta1/deployments',
    {
      spec: { strategy: { type: 'Recreate' }, revisionHistoryLimit: 1, progressDeadlineSeconds: 2 },
    },
    {
      spec: { strategy: { type: 'Recreate' }, revisionHistoryLimit: 1, progressDeadlineSeconds: 2 },
    },
  ],
  [
    'extensions/v1beta1/daemonsets',
    { spec: { template } },
    { metadata: labelled, spec: { template, selector, updateStrategy: { type: 'OnDelete' } } },
  ],
  [
    'extensions/v1beta1/replicasets',
    { spec: { template } },
    { metadata: labelled, spec: { template, selector } },
  ],
  [
    'apps/v1beta1/deployments',
    { spec: { template, selector: { matchLabels: { own: 'b' } } } },
    {
      metadata: labelled,
      spec: { template, selector: { matchLabels: { own: 'b' } }, revisionHistoryLimit: 2 },
    },
  ],
  [
    'apps/v1beta1/statefulsets',
    { spec: { template, updateStrategy: { rollingUpdate: { partition: 1 } } } },
    {
      metadata: labelled,
      spec: {
        template,
        selector,
        updateStrategy: { type: 'OnDelete', rollingUpdate: { partition: 1 } },
      },
    },
  ],
  ['apps/v1beta2/deployments', { spec: { template } }, { spec: { template } }],
  [
    'networking.k8s.io/v1beta1/ingresses',
    { spec: { rules: [{ http: { paths: [{ backend: { serviceName: 'a', servicePort: 1 } }] } }] } },
    {
      spec: {
        rules: [
          {
            http: {
              paths: [
                {
                  pathType: 'ImplementationSpecific',
                  backend: { service: { name: 'a', port: { number: 1 } } },
                },
              ],
            },
          },
        ],
      },
    },
  ],
  [
    'policy/v1beta1/poddisruptionbudgets',
    { spec: { selector: {} } },
    {
      spec: {
        selector: {
          matchExpressions: [
            {
              key: 'pdb.kubernetes.io/deprecated-v1beta1-empty-selector-match',
              operator: 'Exists',
            },
          ],
        },
      },
    },
  ],
  ['policy/v1beta1/poddisruptionbudgets', { spec: {} }, { spec: {} }],
  [
    'admissionregistration.k8s.io/v1beta1/mutatingwebhookconfigurations',
    { webhooks: [{ name: 'a', rules: [{}] }] },
    {
      metadata: {
        name: 'a',
        annotations: { 'conversion.kubesphere.io/side-effects': '{"a":"Unknown"}' },
      },
      webhooks: [
        {
          name: 'a',
          failurePolicy: 'Ignore',
          matchPolicy: 'Exact',
          sideEffects: 'NoneOnDryRun',
          timeoutSeconds: 30,
          admissionReviewVersions: ['v1beta1'],
          namespaceSelector: {},
          objectSelector: {},
          reinvocationPolicy: 'Never',
          rules: [{ scope: '*' }],
        },
      ],
    },
  ],
  [
    'certificates.k8s.io/v1beta1/certificatesigningrequests',
    { spec: { request: 'x' }, status: { conditions: [{ type: 'Approved' }] } },
    {
      spec: {
        request: 'x',
        signerName: 'kubernetes.io/legacy-unknown',
        usages: ['digital signature', 'key encipherment'],
      },
      status: { conditions: [{ type: 'Approved', status: 'True' }] },
    },
  ],
  [
    'discovery.k8s.io/v1beta1/endpointslices',
    {
      endpoints: [
        { topology: { 'kubernetes.io/hostname': 'n', 'topology.kubernetes.io/zone': 'z' } },
      ],
    },
    {
      metadata: {
        name: 'a',
        annotations: {
          'conversion.kubesphere.io/older-fields':
            '{"endpoints":[{"topology":{"kubernetes.io/hostname":"n","topology.kubernetes.io/zone":"z"}}]}',
        },
      },
      endpoints: [{ zone: 'z', nodeName: 'n' }],
    },
  ],
  [
    'apiextensions.k8s.io/v1beta1/customresourcedefinitions',
    {
      spec: {
        group: 'g',
        version: 'v1',
        names: { kind: 'Thing', plural: 'things' },
        preserveUnknownFields: false,
        validation: { openAPIV3Schema: { type: 'object' } },
        additionalPrinterColumns: [{ name: 'A', JSONPath: '.a' }],
        subresources: { status: {} },
      },
    },
    {
      spec: {
        group: 'g',
        names: { kind: 'Thing', plural: 'things', singular: 'thing', listKind: 'ThingList' },
        scope: 'Namespaced',
        conversion: { strategy: 'None' },
        versions: [
          {
            name: 'v1',
            served: true,
            storage: true,
            schema: { openAPIV3Schema: { type: 'object' } },
            subresources: { status: {} },
            additionalPrinterColumns: [{ name: 'A', jsonPath: '.a' }],
          },
        ],
      },
    },
  ],
];

for (const [path, sent, written] of cases) {
  test(`missing fields of ${path} get the defaults of that version: ${JSON.stringify(sent).slice(0, 60)}`, () => {
    const [group = '', version = '', resource = ''] = path.split('/');
    const kind = legacyKindOf(group, version, resource)!;
    const body = { metadata: { name: 'a' }, ...sent };
    const { object } = toServedBody(mappingOf(kind, ''), body, 'Warn');
    assert.deepEqual(object, {
      metadata: { name: 'a' },
      ...written,
      apiVersion: `${kind.served.group}/${kind.served.version}`,
      kind: kind.kind,
    });
  });
}

test('unknown fields of a definition are kept unless it says otherwise', () => {
  const kind = legacyKindOf('apiextensions.k8s.io', 'v1beta1', 'customresourcedefinitions')!;

  const spec = {
    version: 'v1',
    validation: { openAPIV3Schema: { properties: { spec: { required: ['a'] } } } },
  };

  const { object } = toServedBody(mappingOf(kind, ''), { spec }, 'Warn');
  const [version] = (object.spec as { versions: Fields[] }).versions;
  assert.deepEqual(version!.schema, {
    openAPIV3Schema: {
      type: 'object',
      'x-kubernetes-preserve-unknown-fields': true,
      properties: { spec: { required: ['a'], 'x-kubernetes-preserve-unknown-fields': true } },
    },
  });
});

test('values of wrong types are left to the Kubernetes API to refuse', () => {
  for (const [path] of cases) {
    const [group = '', version = '', resource = ''] = path.split('/');
    const mapping = mappingOf(legacyKindOf(group, version, resource)!, '');

    for (const wrong of [
      'x',
      1,
      [],
      [1],
      null,
      {},
      { template: 1, rules: {}, versions: [1], metrics: [null] },
    ]) {
      const body = {
        metadata: wrong,
        spec: wrong,
        webhooks: wrong,
        endpoints: wrong,
        status: wrong,
      };

      assert.ok(toServedBody(mapping, body, 'Warn').object);
    }
  }
});
