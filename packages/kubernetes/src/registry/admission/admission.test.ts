import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryBackend } from '@ks-apiserver/kubernetes/test/storage/memory';
import { ResourceCatalog } from '../resources/resource-catalog.ts';
import { Admission } from './admission.ts';
import { Webhooks } from './webhooks/webhooks.ts';

const catalog = new ResourceCatalog();
const pods = catalog.find('', 'v1', 'pods');
assert.ok(pods);

const creation = {
  type: pods,
  operation: 'CREATE',
  subresource: '',
  name: 'a',
  namespace: 'fresh',
} as const;

test('creating a pod waits for the default ServiceAccount, also when an apply creates it', async () => {
  const backend = new MemoryBackend();
  const admission = new Admission(new Webhooks(catalog));
  admission.start(backend);

  const pod = (spec: object) => ({ metadata: { name: 'a' }, spec });
  assert.ok(admission.mustWait({ ...creation, object: pod({}) }));
  assert.ok(!admission.mustWait({ ...creation, object: pod({ serviceAccountName: 'robot' }) }));

  // Only the result shows that an apply creates an object.
  assert.ok(admission.mustWait({ ...creation, object: undefined }));

  await backend.update('/registry/core/serviceaccounts/fresh/default', () => ({
    action: 'put',
    encode: () => ({ bytes: Buffer.from('{}') }),
  }));

  assert.ok(!admission.mustWait({ ...creation, object: undefined }));

  await admission.close();
  await backend.close();
});
