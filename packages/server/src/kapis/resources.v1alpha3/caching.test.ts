import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { after, before, test } from 'node:test';
import zlib from 'node:zlib';
import { eventually, TestServer } from '@ks-apiserver/server/test/support/test-server';

const K = '/kapis/resources.kubesphere.io/v1alpha3';
const BIG = 200 * 1024;
let server: TestServer;
let token: string;

async function make(path: string, body: object): Promise<void> {
  const { status, json } = await server.kubernetes(path, { method: 'POST', body });
  assert.equal(status, 201, JSON.stringify(json));
}

before(async () => {
  server = await TestServer.start({ args: ['--register-node', 'false'] });
  token = await server.token();

  for (const name of ['small', 'big']) {
    await make('/api/v1/namespaces', { metadata: { name } });
  }

  await make('/api/v1/namespaces/small/configmaps', {
    metadata: { name: 'one' },
    data: { key: 'value' },
  });

  for (const name of ['a', 'b']) {
    await make('/api/v1/namespaces/big/configmaps', {
      metadata: { name },
      data: { text: 'word '.repeat(BIG / 10) },
    });
  }

  await make('/api/v1/nodes', { metadata: { name: 'n1' }, status: { allocatable: { cpu: '2' } } });
  await eventually(async () =>
    assert.equal((await get(`${K}/configmaps?name=one`)).json().totalItems, 1),
  );
  await eventually(async () =>
    assert.equal((await get(`${K}/namespaces/big/configmaps?names=a,b`)).json().totalItems, 2),
  );
});

after(() => server.stop());

interface Raw {
  status: number;
  headers: http.IncomingHttpHeaders;
  body: Buffer;
  // biome-ignore lint/suspicious/noExplicitAny: tests read fields of any answer.
  json(): any;
}

/** Makes a call without decoding its answer. */
async function get(path: string, headers: Record<string, string> = {}, as = token): Promise<Raw> {
  const request = http.get(server.url + path, {
    headers: { authorization: `Bearer ${as}`, ...headers },
  });
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  const chunks: Buffer[] = [];

  for await (const chunk of response) {
    chunks.push(chunk as Buffer);
  }

  const body = Buffer.concat(chunks);

  return {
    status: response.statusCode!,
    headers: response.headers,
    body,
    json: () => JSON.parse(body.toString()),
  };
}

const SMALL = `${K}/namespaces/small/configmaps?name=one`;

test('an unchanged answer is 304, regardless of other changes', async () => {
  for (const path of [SMALL, `${K}/namespaces/small/configmaps/one`]) {
    const first = await get(path);
    const etag = first.headers.etag!;

    assert.match(etag, /^W\/"[^"]+"$/);
    assert.equal(first.headers['cache-control'], 'no-cache, private');
    assert.equal(first.headers.vary, 'Authorization, Accept-Encoding');
    await make('/api/v1/namespaces/small/configmaps', { metadata: { generateName: 'other-' } });

    for (const tag of [etag, `"x", ${etag}`, etag.slice(2), '*']) {
      const again = await get(path, { 'if-none-match': tag });
      assert.deepEqual([again.status, again.body.length, again.headers.etag], [304, 0, etag]);
      assert.equal(again.headers.vary, 'Authorization, Accept-Encoding');
    }

    assert.equal((await get(path, { 'if-none-match': 'W/"x"' })).status, 200);
  }
});

test('a change of the object, of the order or of the total is another entity', async () => {
  const tags = new Set<string>();

  const assertUnchanged = async (path: string, headers = {}) => {
    const { etag } = (await get(path, headers)).headers;
    assert.ok(!tags.has(etag!), path);
    tags.add(etag!);
  };

  const both = `${K}/namespaces/big/configmaps?names=a,b`;
  await assertUnchanged(`${both}&sortBy=name`);
  await assertUnchanged(`${both}&sortBy=name&ascending=true`);
  await assertUnchanged(`${both}&sortBy=name&limit=1`);
  await assertUnchanged(`${K}/namespaces/big/configmaps?names=b`);
  await assertUnchanged(
    `/kapis/resources.kubesphere.io/v1alpha2/namespaces/big/configmaps?conditions=name=b`,
  );
  await assertUnchanged(SMALL);

  await server.kubernetes('/api/v1/namespaces/small/configmaps/one', {
    method: 'PATCH',
    body: { data: { key: 'other' } },
    type: 'application/merge-patch+json',
  });

  await eventually(() => assertUnchanged(SMALL));
});

test('computed annotations belong to the entity', async () => {
  const { etag } = (await get(`${K}/nodes/n1`)).headers;
  assert.equal((await get(`${K}/nodes/n1`, { 'if-none-match': etag! })).status, 304);

  const containers = [{ name: 'c', image: 'i', resources: { requests: { cpu: '1' } } }];
  await make('/api/v1/namespaces/small/pods', {
    metadata: { name: 'p' },
    spec: { nodeName: 'n1', containers },
  });

  await eventually(async () =>
    assert.equal((await get(`${K}/nodes/n1`, { 'if-none-match': etag! })).status, 200),
  );
});

test('callers without the right get no 304', async () => {
  const { etag } = (await get(SMALL)).headers;

  await server.call('/kapis/iam.kubesphere.io/v1alpha2/users', {
    token,
    body: { metadata: { name: 'nobody' }, spec: { email: 'n@example.com', password: 'Passw0rd!' } },
  });

  const other = await eventually(() => server.token('nobody', 'Passw0rd!'));
  assert.equal((await get(SMALL, { 'if-none-match': etag! }, other)).status, 403);

  // The member sees none in all namespaces: another answer than the administrator's.
  const visible = `${K}/configmaps?scope=visible&name=one`;
  const [his, ours] = [await get(visible, {}, other), await get(visible)];

  assert.deepEqual([his.json().totalItems, ours.json().totalItems], [0, 1]);
  assert.notEqual(his.headers.etag, ours.headers.etag);
});

const LARGE = `${K}/namespaces/big/configmaps?names=a,b`;

const decoders = {
  gzip: zlib.gunzipSync,
  ...('zstdDecompressSync' in zlib && { zstd: zlib.zstdDecompressSync as typeof zlib.gunzipSync }),
};

const newest = 'zstd' in decoders ? 'zstd' : 'gzip';

for (const [accept, coding] of [
  ['gzip', 'gzip'],
  ['gzip, deflate, br', 'gzip'],
  ['gzip, zstd', newest],
  ['zstd;q=0.1, gzip;q=0.5', 'gzip'],
  ['*', newest],
  ['*;q=0, gzip', 'gzip'],
  ['deflate, br', undefined],
  ['identity', undefined],
  ['gzip;q=0', undefined],
  ['gzip;q=0.5, identity', undefined],
  ['gzip;q=nonsense', undefined],
  [undefined, undefined],
] as const) {
  test(`a large answer for Accept-Encoding ${accept} is in ${coding ?? 'no coding'}`, async () => {
    const plain = await get(LARGE);

    const { status, headers, body } = await get(
      LARGE,
      accept === undefined ? {} : { 'accept-encoding': accept },
    );

    assert.equal(status, 200);
    assert.equal(headers['content-encoding'], coding);
    assert.equal(headers.vary, 'Authorization, Accept-Encoding');
    assert.equal(headers.etag, plain.headers.etag);
    assert.deepEqual(coding ? decoders[coding]!(body) : body, plain.body);

    if (coding) {
      assert.ok(body.length < plain.body.length / 10);
    } else {
      assert.equal(headers['content-length'], String(plain.body.length));
    }
  });
}

test('a small answer is compressed only for callers who refuse identity; callers who refuse every coding get 406', async () => {
  const getCoding = async (accept: string, path = SMALL) => {
    const { status, headers } = await get(path, { 'accept-encoding': accept });
    return [status, headers['content-encoding']];
  };

  assert.deepEqual(await getCoding('gzip'), [200, undefined]);
  assert.deepEqual(await getCoding('gzip, identity;q=0'), [200, 'gzip']);
  assert.deepEqual(await getCoding('gzip, *;q=0', '/kapis/version'), [200, 'gzip']);
  assert.deepEqual(await getCoding('identity;q=0'), [406, undefined]);
  assert.deepEqual(await getCoding('*;q=0'), [406, undefined]);
});
