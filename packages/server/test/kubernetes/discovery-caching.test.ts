import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ON_CLUSTER, TestPlatform } from '../support/test-platform.ts';

// Clients of Kubernetes cache discovery, and only ask whether it has changed.
const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
let platform: TestPlatform;
let token: string;

before(async () => {
  platform = await TestPlatform.start();
  token = await platform.createUser('reader');
});

after(() => platform.stop());

const get = (path: string, headers: Record<string, string> = {}) =>
  platform.call(path, { token, headers });

for (const [path, accept] of [
  ['/api', AGGREGATED],
  ['/apis', AGGREGATED],
  ['/openapi/v2', 'application/json'],
  ['/openapi/v3/apis/apps/v1', 'application/json'],
] as const) {
  test(`${path} (${accept}) is sent once to a client that caches it`, async () => {
    const first = await get(path, { accept });
    assert.equal(first.status, 200, first.text);

    const etag = first.headers.get('etag') ?? '';
    assert.match(etag, /^"[0-9A-F]{64,128}"$/);

    const again = await get(path, { accept, 'if-none-match': etag });
    assert.deepEqual([again.status, again.text, again.headers.get('etag')], [304, '', etag]);
    assert.equal((await get(path, { accept, 'if-none-match': '"other"' })).status, 200);
  });
}

test('an OpenAPI document requested by its hash can be cached for a year', async () => {
  const { json } = await get('/openapi/v3');
  const { serverRelativeURL } = json.paths['apis/apps/v1'];
  const kept = await get(serverRelativeURL);

  assert.match(kept.headers.get('cache-control') ?? '', /public, immutable/);
  assert.ok(Date.parse(kept.headers.get('expires') ?? '') > Date.now() + 300 * 86_400_000);

  assert.doesNotMatch(
    (await get('/openapi/v3/apis/apps/v1')).headers.get('cache-control') ?? '',
    /immutable/,
  );
});

test('the served older versions follow the backend’s discovery', async () => {
  const before = await get('/apis', { accept: AGGREGATED });
  const names = { plural: 'lamps', singular: 'lamp', kind: 'Lamp', listKind: 'LampList' };
  const schema = { openAPIV3Schema: { type: 'object' } };
  await platform.write('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
    metadata: { name: 'lamps.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names,
      versions: [{ name: 'v1', served: true, storage: true, schema }],
    },
  });

  const { etag } = Object.fromEntries(before.headers);
  for (let tries = ON_CLUSTER ? 100 : 20; ; tries -= 1) {
    const now = await get('/apis', { accept: AGGREGATED, 'if-none-match': etag ?? '' });
    if (now.status === 200 && now.text.includes('lamps')) {
      break;
    }

    assert.ok(tries > 0, 'the new kind is not told');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
});
