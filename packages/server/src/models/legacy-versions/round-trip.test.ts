import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiVersionOf } from '@ks-apiserver/apimachinery/meta/types';
import type { Schema } from '@ks-apiserver/apimachinery/schema/schema';
import { builtinSchema } from '@ks-apiserver/kubernetes/schemas/builtin';
import fc from 'fast-check';
import { toLegacyObject, toServedObject } from './convert-objects.ts';
import type { Fields } from './fields.ts';
import { LEGACY_KINDS } from './kinds.ts';
import { mappingOf } from './legacy-kind.ts';

type Arbitrary = fc.Arbitrary<unknown>;

const word = fc.constantFrom('a', 'b', 'web', '10', 'x-y', '100m');
const words = (least = 1) =>
  fc.dictionary(word, word, { minKeys: least, maxKeys: 3, noNullPrototype: true });
const list = (item: Arbitrary, least = 1) => fc.array(item, { minLength: least, maxLength: 3 });

/** Returns an arbitrary object with some of its optional fields, and all of the required ones. */
const recordOf = (model: Record<string, Arbitrary>, required: string[] = []) =>
  fc.record(model, { requiredKeys: required as never[], noNullPrototype: true });

const resource = recordOf({ kind: word, name: word, apiGroup: word }, ['kind', 'name']);

const port = fc.oneof(
  word.map((name) => ({ name })),
  fc.integer({ min: 1, max: 9 }).map((number) => ({ number })),
);

/** A JSON schema of a custom resource, with or without types everywhere. */
const jsonSchema: Arbitrary = fc.letrec((tie) => ({
  node: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    recordOf({ type: fc.constantFrom('string', 'integer', 'boolean'), description: word }),
    recordOf({
      type: fc.constant('object'),
      properties: fc.dictionary(word, tie('node'), { maxKeys: 3, noNullPrototype: true }),
    }),
    recordOf({
      properties: fc.dictionary(word, tie('node'), { maxKeys: 3, noNullPrototype: true }),
      required: list(word),
    }),
    recordOf({ type: fc.constant('array'), items: tie('node') }),
    recordOf({ additionalProperties: tie('node') }),
    recordOf({ anyOf: fc.constant([{ type: 'integer' }, { type: 'string' }]) }),
    recordOf({ oneOf: list(tie('node')), not: tie('node') }),
  ),
})).node;

/** Values of fields for which only some values of their type are valid. */
const SPECIAL: Readonly<Record<string, Arbitrary>> = {
  'io.k8s.api.networking.v1.ServiceBackendPort': port,
  'io.k8s.api.networking.v1.IngressServiceBackend': recordOf({ name: word, port }, ['name']),
  'spec.versions': fc.uniqueArray(
    recordOf(
      {
        name: word,
        served: fc.boolean(),
        storage: fc.boolean(),
        schema: jsonSchema.map((schema) => ({ openAPIV3Schema: schema })),
        subresources: fc.constantFrom({ status: {} }, { scale: { specReplicasPath: '.spec.n' } }),
        additionalPrinterColumns: list(
          recordOf({ name: word, type: word, jsonPath: word }, ['name', 'jsonPath']),
        ),
        selectableFields: list(recordOf({ jsonPath: word }, ['jsonPath'])),
      },
      ['name', 'served', 'storage', 'schema'],
    ),
    { minLength: 1, maxLength: 3, selector: (version) => (version as { name: string }).name },
  ),
  sideEffects: fc.constantFrom('None', 'NoneOnDryRun'),
  metadata: recordOf(
    { name: word, namespace: word, labels: words(), annotations: words(), resourceVersion: word },
    ['name'],
  ),
};

/**
 * Returns arbitrary values that match a schema: lists and maps are not empty, because the API
 * writes none.
 */
function valuesOf(schema: Schema, path: string, depth: number): Arbitrary {
  const special =
    SPECIAL[schema['x-definition'] ?? ''] ?? SPECIAL[path] ?? SPECIAL[path.split('.').at(-1)!];
  if (special) {
    return special;
  }

  if (schema['x-kubernetes-int-or-string']) {
    return fc.oneof(word, fc.integer({ min: 1, max: 9 }));
  }

  switch (schema.type) {
    case 'string':
      return schema.enum ? fc.constantFrom(...schema.enum) : word;
    case 'integer':
    case 'number':
      return fc.integer({ min: 1, max: 9 });
    case 'boolean':
      return fc.boolean();
    case 'array':
      return list(valuesOf(schema.items ?? {}, `${path}[]`, depth - 1));
    default: {
      const more = schema.additionalProperties;
      if (!schema.properties && typeof more === 'object') {
        return fc.dictionary(word, valuesOf(more, `${path}{}`, depth - 1), {
          minKeys: 1,
          maxKeys: 2,
          noNullPrototype: true,
        });
      }

      const names = Object.keys(schema.properties ?? {}).filter((name) => {
        const inner = schema.properties![name]!;
        return depth > 0 || (inner.type !== 'object' && inner.type !== 'array');
      });

      // Pods are the same in all versions.
      const shown = path === 'spec.template.spec' ? names.slice(0, 3) : names;

      return recordOf(
        Object.fromEntries(
          shown.map((name) => [
            name,
            valuesOf(schema.properties![name]!, path === '' ? name : `${path}.${name}`, depth - 1),
          ]),
        ),
      );
    }
  }
}

function servedValues(apiVersion: string, kind: string): fc.Arbitrary<Fields> {
  const [group = '', version = ''] = apiVersion.split('/');
  const schema = builtinSchema({ group, version, kind })!;

  assert.ok(schema, `${apiVersion} ${kind}`);

  return valuesOf(schema, '', 7).map((object) => ({
    metadata: { name: 'a' },
    ...(object as Fields),
    apiVersion,
    kind,
  }));
}

const ingressBackend = fc.oneof(
  recordOf({ serviceName: word, servicePort: fc.oneof(word, fc.integer({ min: 0, max: 9 })) }, [
    'serviceName',
  ]),
  recordOf({ resource }, ['resource']),
);

const reference = recordOf({ kind: word, name: word, apiVersion: word }, ['kind', 'name']);

const selector = recordOf({
  matchLabels: words(),
  matchExpressions: list(recordOf({ key: word, operator: word }, ['key'])),
});

const amount = fc.constantFrom('1', '100m', '5Gi', '0');
const percent = fc.integer({ min: 1, max: 100 });
const ofResource = { name: word, targetAverageUtilization: percent, targetAverageValue: amount };
const measured = { name: word, currentAverageUtilization: percent, currentAverageValue: amount };

const webhook = (more: Record<string, Arbitrary>) =>
  recordOf(
    {
      name: word,
      sideEffects: fc.constantFrom('None', 'NoneOnDryRun', 'Some', 'Unknown'),
      failurePolicy: word,
      rules: list(recordOf({ apiGroups: list(word), scope: word })),
      clientConfig: recordOf({ url: word, caBundle: word }),
      ...more,
    },
    ['name'],
  );

const webhooks = (more: Record<string, Arbitrary> = {}) => ({
  webhooks: fc.uniqueArray(webhook(more), {
    maxLength: 3,
    selector: (one) => (one as { name: string }).name,
  }),
});

/** Fields of older versions that differ from the served ones. */
const OLDER: Readonly<Record<string, Record<string, Arbitrary>>> = {
  Ingress: {
    spec: recordOf({
      ingressClassName: word,
      backend: ingressBackend,
      tls: list(recordOf({ hosts: list(word), secretName: word })),
      rules: list(
        recordOf({
          host: word,
          http: recordOf({
            paths: list(
              recordOf({ path: word, pathType: word, backend: ingressBackend }, ['backend']),
            ),
          }),
        }),
      ),
    }),
    status: recordOf({
      loadBalancer: recordOf({ ingress: list(recordOf({ ip: word, hostname: word })) }),
    }),
  },
  'autoscaling/v2beta1 HorizontalPodAutoscaler': {
    spec: recordOf({
      scaleTargetRef: reference,
      minReplicas: percent,
      maxReplicas: percent,
      metrics: list(
        fc.oneof(
          recordOf({ type: word, resource: recordOf(ofResource, ['name']) }, ['resource']),
          recordOf({
            containerResource: recordOf({ ...ofResource, container: word }, ['name', 'container']),
          }),
          recordOf({
            pods: recordOf({ metricName: word, targetAverageValue: amount, selector }, [
              'metricName',
            ]),
          }),
          recordOf({
            object: recordOf(
              {
                target: reference,
                metricName: word,
                targetValue: amount,
                averageValue: amount,
                selector,
              },
              ['target', 'metricName'],
            ),
          }),
          recordOf({
            external: recordOf({
              metricName: word,
              metricSelector: selector,
              targetValue: amount,
              targetAverageValue: amount,
            }),
          }),
        ),
      ),
    }),
    status: recordOf({
      currentReplicas: percent,
      currentMetrics: list(
        fc.oneof(
          recordOf({ type: word, resource: recordOf(measured, ['name', 'currentAverageValue']) }),
          recordOf({ pods: recordOf({ metricName: word, currentAverageValue: amount, selector }) }),
          recordOf({
            object: recordOf({
              target: reference,
              metricName: word,
              currentValue: amount,
              averageValue: amount,
            }),
          }),
          recordOf({
            external: recordOf({
              metricName: word,
              currentValue: amount,
              currentAverageValue: amount,
            }),
          }),
        ),
      ),
    }),
  },
  PodDisruptionBudget: {
    spec: recordOf({
      minAvailable: fc.oneof(word, percent),
      selector: fc.oneof(
        selector,
        fc.constant({
          matchExpressions: [
            {
              key: 'pdb.kubernetes.io/deprecated-v1beta1-empty-selector-match',
              operator: 'DoesNotExist',
            },
          ],
        }),
      ),
    }),
  },
  EndpointSlice: {
    addressType: word,
    endpoints: list(
      recordOf({
        addresses: list(word),
        hostname: word,
        nodeName: word,
        topology: fc.dictionary(
          fc.constantFrom(
            'topology.kubernetes.io/zone',
            'kubernetes.io/hostname',
            'topology.kubernetes.io/region',
            'a',
          ),
          word,
          { noNullPrototype: true },
        ),
        conditions: recordOf({ ready: fc.boolean() }),
      }),
      0,
    ),
    ports: list(recordOf({ name: word, port: percent })),
  },
  ValidatingWebhookConfiguration: webhooks(),
  MutatingWebhookConfiguration: webhooks({ reinvocationPolicy: word }),
};

const workload = {
  spec: recordOf({
    replicas: percent,
    selector,
    template: recordOf({ metadata: recordOf({ labels: words() }) }),
  }),
};

const rollback = fc.constantFrom({}, { revision: 3 });

/** Returns arbitrary objects of an older version, as its clients send them. */
function olderValues(apiVersion: string, kind: string, served: string): fc.Arbitrary<Fields> {
  if (kind === 'Deployment' && apiVersion !== 'apps/v1beta2') {
    return objectsOf(apiVersion, kind, {
      spec: recordOf({ replicas: percent, selector, rollbackTo: rollback }),
    });
  }

  if (kind === 'DaemonSet' && apiVersion === 'extensions/v1beta1') {
    return objectsOf(apiVersion, kind, {
      spec: recordOf({ templateGeneration: percent, selector }),
    });
  }

  const fields = OLDER[kind] ?? OLDER[`${apiVersion} ${kind}`];
  if (fields) {
    return objectsOf(apiVersion, kind, fields);
  }

  if (['ReplicaSet', 'StatefulSet'].includes(kind)) {
    return objectsOf(apiVersion, kind, workload);
  }

  return servedValues(served, kind).map((object) => ({ ...object, apiVersion }));
}

function objectsOf(
  apiVersion: string,
  kind: string,
  fields: Record<string, Arbitrary>,
): fc.Arbitrary<Fields> {
  return recordOf({ metadata: SPECIAL.metadata!, ...fields }, ['metadata']).map((object) => ({
    ...(object as Fields),
    apiVersion,
    kind,
  }));
}

const RUNS = { numRuns: 150 };

for (const legacy of LEGACY_KINDS) {
  const mapping = mappingOf(legacy, '');
  const [older, newer] = [apiVersionOf(legacy), apiVersionOf(legacy.served)];

  test(`${older} ${legacy.kind}: a stored object is unchanged after a client of the older version has sent it back`, () => {
    fc.assert(
      fc.property(servedValues(newer, legacy.kind), (served) => {
        const shown = toLegacyObject(mapping, served);
        assert.equal(shown.apiVersion, older);
        assert.deepEqual(toServedObject(mapping, shown), served);
      }),
      RUNS,
    );
  });

  if (legacy.kind !== 'CustomResourceDefinition') {
    test(`${older} ${legacy.kind}: a client of the older version reads the object that it has sent`, () => {
      fc.assert(
        fc.property(olderValues(older, legacy.kind, newer), (sent) => {
          const stored = toServedObject(mapping, sent);
          assert.equal(stored.apiVersion, newer);
          assert.deepEqual(toLegacyObject(mapping, stored), sent);
        }),
        RUNS,
      );
    });
  }
}

test('apiextensions.k8s.io/v1beta1 CustomResourceDefinition: a client reads the object that it has sent, with its defaults', () => {
  const legacy = LEGACY_KINDS.find(({ kind }) => kind === 'CustomResourceDefinition')!;
  const mapping = mappingOf(legacy, '');
  const column = recordOf({ name: word, type: word, JSONPath: word }, ['name', 'JSONPath']);

  const spec = recordOf(
    {
      group: word,
      version: word,
      names: recordOf({ kind: word, plural: word }, ['kind']),
      validation: jsonSchema.map((schema) => ({ openAPIV3Schema: schema })),
      subresources: fc.constantFrom({ status: {} }, { scale: { specReplicasPath: '.spec.n' } }),
      additionalPrinterColumns: list(column),
      conversion: fc.constantFrom(
        { strategy: 'None' },
        {
          strategy: 'Webhook',
          webhookClientConfig: { url: 'https://x' },
          conversionReviewVersions: ['v1beta1'],
        },
      ),
    },
    ['group', 'version', 'names'],
  );

  const definition = objectsOf('apiextensions.k8s.io/v1beta1', legacy.kind, { spec });
  fc.assert(
    fc.property(definition, (sent) => {
      const complete = mapping.conversion!.withDefaults!(sent);
      assert.deepEqual(toLegacyObject(mapping, toServedObject(mapping, complete)), complete);
    }),
    RUNS,
  );
});

test('scales of older versions keep their selectors', () => {
  const mapping = mappingOf(
    LEGACY_KINDS.find(({ version, kind }) => version === 'v1beta2' && kind === 'Deployment')!,
    'scale',
  );

  const selectors = fc.oneof(
    words().map((labels) =>
      Object.entries(labels)
        .map(([name, value]) => `${name}=${value}`)
        .sort()
        .join(','),
    ),
    fc.constantFrom('a in (b,c)', '!a', 'a!=b'),
  );

  fc.assert(
    fc.property(selectors, percent, (text, replicas) => {
      const served = {
        apiVersion: 'autoscaling/v1',
        kind: 'Scale',
        metadata: { name: 'a' },
        spec: { replicas },
        status: { replicas, selector: text },
      };

      assert.deepEqual(toServedObject(mapping, toLegacyObject(mapping, served)), served);
    }),
  );
});
