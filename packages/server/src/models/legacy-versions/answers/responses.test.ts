import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readBody } from '@ks-apiserver/apimachinery/transport/transport';
import { NEWER_FIELDS, OLDER_FIELDS } from '../kept-fields.ts';
import { legacyKindOf } from '../kinds.ts';
import { mappingOf } from '../legacy-kind.ts';
import { type AnswerForm, toLegacyResponse } from './responses.ts';

const ingress = legacyKindOf('extensions', 'v1beta1', 'ingresses')!;
const autoscaler = legacyKindOf('autoscaling', 'v2beta1', 'horizontalpodautoscalers')!;
const slice = legacyKindOf('discovery.k8s.io', 'v1beta1', 'endpointslices')!;

/** Returns an answer in the older version, one value per line. */
async function convert(
  form: AnswerForm,
  body: string,
  kind = ingress,
  headers: Record<string, string> = {},
) {
  const response = {
    status: 200,
    headers: {
      'content-type': 'application/json',
      'content-length': String(body.length),
      ...headers,
    },
    body: Buffer.from(body),
  };

  const answer = await toLegacyResponse(response, form, kind, mappingOf(kind, ''));
  assert.equal(answer.headers['content-length'], undefined);

  const lines = (await readBody(answer.body)).toString().trim().split('\n');

  return lines.map((line) => JSON.parse(line));
}

const served = {
  kind: 'Ingress',
  apiVersion: 'networking.k8s.io/v1',
  metadata: { name: 'a' },
  spec: { defaultBackend: { service: { name: 'web', port: { number: 80 } } } },
};

const legacy = {
  ...served,
  apiVersion: 'extensions/v1beta1',
  spec: { backend: { serviceName: 'web', servicePort: 80 } },
};

test('every event of a watch is converted to the older version', async () => {
  const bookmark = {
    kind: 'Ingress',
    apiVersion: 'networking.k8s.io/v1',
    metadata: { resourceVersion: '7' },
  };

  const expired = {
    kind: 'Status',
    apiVersion: 'v1',
    status: 'Failure',
    code: 410,
    reason: 'Expired',
  };

  const events = [
    { type: 'ADDED', object: served },
    { type: 'BOOKMARK', object: bookmark },
    { type: 'ERROR', object: expired },
  ];

  const lines = events.map((event) => `${JSON.stringify(event)}\n`).join('');
  assert.deepEqual(await convert('watch', lines), [
    { type: 'ADDED', object: legacy },
    { type: 'BOOKMARK', object: { ...bookmark, apiVersion: 'extensions/v1beta1' } },
    { type: 'ERROR', object: expired },
  ]);
});

test('rows of Tables, in lists and in events, contain objects of the older version', async () => {
  const table = (object: unknown) => ({
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    rows: [{ cells: ['a'], object }, { cells: ['b'] }],
  });

  assert.deepEqual(await convert('list', JSON.stringify(table(served))), [table(legacy)]);

  const event = (object: unknown) => ({ type: 'ADDED', object: table(object) });
  assert.deepEqual(await convert('watch', `${JSON.stringify(event(served))}\n`), [event(legacy)]);
});

test('metadata alone shows no annotation that keeps fields of the older version', async () => {
  const annotations = { [OLDER_FIELDS]: '{"endpoints":[]}', own: 'yes' };

  const partial = {
    kind: 'PartialObjectMetadata',
    apiVersion: 'meta.k8s.io/v1',
    metadata: { name: 'a', annotations },
  };

  const [shown] = await convert('object', JSON.stringify(partial), slice);
  assert.deepEqual(shown, { ...partial, metadata: { name: 'a', annotations: { own: 'yes' } } });
});

test('fields that the older version does not have are kept in an annotation, and only these', async () => {
  const spec = {
    maxReplicas: 1,
    metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Odd' } } }],
  };

  const object = {
    kind: 'HorizontalPodAutoscaler',
    apiVersion: 'autoscaling/v2',
    metadata: { name: 'a' },
    spec,
  };

  const [shown] = await convert('object', JSON.stringify(object), autoscaler);
  assert.deepEqual(JSON.parse(shown.metadata.annotations[NEWER_FIELDS]), {
    'spec.metrics': spec.metrics,
  });

  const [plain] = await convert(
    'object',
    JSON.stringify({ ...object, spec: { maxReplicas: 1 } }),
    autoscaler,
  );

  assert.deepEqual(plain.metadata, { name: 'a' });
});

test('an answer that is no JSON is forwarded, and one in another encoding refused', async () => {
  const text = {
    status: 502,
    headers: { 'content-type': 'text/plain' },
    body: Buffer.from('bad gateway'),
  };

  assert.equal(await toLegacyResponse(text, 'object', ingress, mappingOf(ingress, '')), text);

  await assert.rejects(
    convert('object', JSON.stringify(served), ingress, { 'content-encoding': 'gzip' }),
    { code: 500 },
  );

  await assert.rejects(convert('object', 'no JSON'), { code: 500 });
});
