// Calls every operation of the custom resources that 3.0 published, from the file generated from
// their CRDs.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { crdSwagger } from '@ks-apiserver/server/swagger/crd-swagger';
import {
  type CrdSample,
  OTHERS,
  PUBLISHED,
  sampleOf,
  withoutField,
} from '../support/crd-objects.ts';
import { type Answer, eventually, TestServer } from '../support/test-server.ts';

const NAMESPACE = 'crd-api';
const MERGE = 'application/merge-patch+json';
let server: TestServer;
let token: string;

before(async () => {
  server = await TestServer.start({ args: ['--register-node', 'false'] });
  token = await server.token();

  const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } };
  assert.equal(
    (await server.kubernetes('/api/v1/namespaces', { method: 'POST', body })).status,
    201,
  );
});

after(() => server.stop());

const call = (method: string, path: string, body?: unknown, type = 'application/json') =>
  server.call(path, {
    method,
    token,
    ...(body !== undefined && { body, headers: { 'content-type': type } }),
  });

async function callOk(
  method: string,
  path: string,
  body?: unknown,
  type?: string,
): Promise<Answer['json']> {
  const { status, json, text } = await call(method, path, body, type);
  assert.ok(status === 200 || status === 201, `${method} ${path}: ${status} ${text}`);
  return json;
}

/** Returns the path of a kind's objects, in the namespace if they are namespaced. */
function pathOf({ apiVersion, plural, namespaced }: CrdSample, rest = '', verb = ''): string {
  return `/apis/${apiVersion}${verb}${namespaced ? `/namespaces/${NAMESPACE}` : ''}/${plural}${rest}`;
}

let made = 0;

/** Creates an object; returns its name. */
async function make(sample: CrdSample, labels: Record<string, string> = {}): Promise<string> {
  made += 1;
  const name = `x-${made}`;
  await callOk('POST', pathOf(sample), sampleOf(sample, name, labels));
  return name;
}

/** Reads an object and writes it; tries again when a controller writes in between. */
const put = (path: string, written: string, change: (object: Answer['json']) => void) =>
  eventually(async () => {
    const object = await callOk('GET', path);
    change(object);
    return callOk('PUT', written, object);
  });

/** Returns the first events of a watch, up to one for a given object. */
async function watchUntil(
  path: string,
  name: string,
): Promise<{ type: string; object: Answer['json'] }> {
  const stop = new AbortController();

  const response = await fetch(server.url + path, {
    headers: { authorization: `Bearer ${token}` },
    signal: AbortSignal.any([stop.signal, AbortSignal.timeout(10_000)]),
  });

  assert.equal(response.status, 200, path);

  let text = '';

  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    for (const line of text.split('\n').slice(0, -1)) {
      const event = JSON.parse(line);
      if (event.object.metadata.name !== name) {
        continue;
      }

      stop.abort();

      return event;
    }
  }

  throw new Error(`no event of ${name}: ${text}`);
}

/** Asserts that an object contains the fields of a merge patch. */
function assertContains(object: Answer['json'], part: Record<string, unknown>): void {
  for (const [key, value] of Object.entries(part)) {
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
      assertContains(object[key], value as Record<string, unknown>);
    } else {
      assert.deepEqual(object[key], value, key);
    }
  }
}

/** The checks of each operation, by method and the end of its path. */
const OPERATIONS: Record<string, (sample: CrdSample) => Promise<void>> = {
  'GET ': async (sample) => {
    const name = await make(sample);
    const all = await callOk('GET', `/apis/${sample.apiVersion}/${sample.plural}`);

    assert.equal(all.kind, `${sample.kind}List`);

    for (const list of [all, await callOk('GET', pathOf(sample))]) {
      assert.ok(list.items.some(({ metadata }: Answer['json']) => metadata.name === name));
    }

    const chosen = await callOk(
      'GET',
      `${pathOf(sample)}?fieldSelector=metadata.name%3D${name}&limit=5`,
    );

    assert.equal(chosen.items.length, 1);
  },
  'POST ': async (sample) => {
    const object = await callOk('POST', pathOf(sample), sampleOf(sample, 'posted'));
    assertContains(object, sample.body);
    assert.ok(object.metadata.uid);

    const again = await call('POST', pathOf(sample), sampleOf(sample, 'posted'));
    assert.deepEqual([again.status, again.json.reason], [409, 'AlreadyExists']);
  },
  'DELETE ': async (sample) => {
    const names = [await make(sample, { go: 'yes' }), await make(sample, { go: 'yes' })];
    const stays = await make(sample);

    await callOk('DELETE', `${pathOf(sample)}?labelSelector=go%3Dyes`);

    for (const name of names) {
      await eventually(async () =>
        assert.equal((await call('GET', pathOf(sample, `/${name}`))).status, 404),
      );
    }

    await callOk('GET', pathOf(sample, `/${stays}`));
  },
  'GET /{name}': async (sample) => {
    const object = await callOk('GET', pathOf(sample, `/${await make(sample)}`));
    assert.deepEqual([object.apiVersion, object.kind], [sample.apiVersion, sample.kind]);
    assertContains(object, sample.body);

    const missing = await call('GET', pathOf(sample, '/nosuch'));
    assert.deepEqual([missing.status, missing.json.reason], [404, 'NotFound']);
  },
  'PUT /{name}': async (sample) => {
    const path = pathOf(sample, `/${await make(sample)}`);
    let seen = '';

    const object = await put(path, path, (object) => {
      seen = object.metadata.resourceVersion;
      object.metadata.labels = { put: 'yes' };
    });

    assert.equal(object.metadata.labels.put, 'yes');

    const stale = await call('PUT', path, {
      ...object,
      metadata: { ...object.metadata, resourceVersion: seen },
    });

    assert.deepEqual([stale.status, stale.json.reason], [409, 'Conflict']);
  },
  'DELETE /{name}': async (sample) => {
    const path = pathOf(sample, `/${await make(sample)}`);
    await callOk('DELETE', path);
    await eventually(async () => assert.equal((await call('GET', path)).status, 404));
    assert.equal((await call('DELETE', path)).status, 404);
  },
  'PATCH /{name}': async (sample) => {
    const name = await make(sample);
    const path = pathOf(sample, `/${name}`);

    assertContains(await callOk('PATCH', path, sample.change, MERGE), sample.change);

    const json = [{ op: 'add', path: '/metadata/annotations', value: { json: 'yes' } }];
    const patched = await callOk('PATCH', path, json, 'application/json-patch+json');

    assert.equal(patched.metadata.annotations.json, 'yes');

    const { apiVersion, kind } = sample;
    const apply = { apiVersion, kind, metadata: { name, labels: { applied: 'yes' } } };

    const applied = await callOk(
      'PATCH',
      `${path}?fieldManager=test`,
      apply,
      'application/apply-patch+yaml',
    );

    assert.equal(applied.metadata.labels.applied, 'yes');

    const strategic = await call('PATCH', path, {}, 'application/strategic-merge-patch+json');
    assert.deepEqual(
      [strategic.status, strategic.json.reason],
      [415, 'UnsupportedMediaType'],
      strategic.text,
    );
  },
  'GET /{name}/status': async (sample) => {
    const path = pathOf(sample, `/${await make(sample)}/status`);

    if (!sample.statusApart) {
      return assertNone(await call('GET', path));
    }

    assert.equal((await callOk('GET', path)).kind, sample.kind);
  },
  'PUT /{name}/status': async (sample) => {
    const path = pathOf(sample, `/${await make(sample)}`);

    if (!sample.statusApart) {
      assertNone(await call('PUT', `${path}/status`, await callOk('GET', path)));
      return writesStatusWithObject(sample, path);
    }

    const object = await put(path, `${path}/status`, (object) => {
      object.status = sample.status;
      object.metadata.labels = { ignored: 'yes' };
    });

    assertContains(object.status, sample.status!);
    assert.notEqual(object.metadata.labels?.ignored, 'yes');

    const kept = await put(path, path, (object) => delete object.status);
    assertContains(kept.status, sample.status!);
  },
  'PATCH /{name}/status': async (sample) => {
    const path = pathOf(sample, `/${await make(sample)}/status`);
    const patch = { status: sample.status ?? {} };

    if (!sample.statusApart) {
      return assertNone(await call('PATCH', path, patch, MERGE));
    }

    assertContains(await callOk('PATCH', path, patch, MERGE), patch);

    const json = [{ op: 'replace', path: '/status', value: sample.status }];
    await callOk('PATCH', path, json, 'application/json-patch+json');

    assert.equal(
      (await call('PATCH', path, {}, 'application/strategic-merge-patch+json')).status,
      415,
    );
  },
  'watch ': async (sample) => {
    const name = await make(sample);
    const event = await watchUntil(`/apis/${sample.apiVersion}/watch/${sample.plural}`, name);
    assert.deepEqual([event.type, event.object.kind], ['ADDED', sample.kind]);
    assert.equal((await watchUntil(pathOf(sample, '?watch=true'), name)).type, 'ADDED');
  },
  'watch /{name}': async (sample) => {
    const name = await make(sample);
    const event = await watchUntil(pathOf(sample, `/${name}`, '/watch'), name);
    assertContains(event.object, sample.body);
  },
};

/** Kubernetes has no such path: the CRD does not have the subresource. */
function assertNone({ status, text }: Answer): void {
  assert.equal(status, 404, text);
}

async function writesStatusWithObject(sample: CrdSample, path: string): Promise<void> {
  const { status } = sample;
  if (!status) {
    return;
  }

  const object = await put(path, path, (object) => {
    object.status = status;
  });
  assertContains(object.status, status);
}

/**
 * Published paths are those of the whole cluster: only cluster-scoped kinds can be written there.
 */
async function refusesOutsideNamespaces(
  method: string,
  { apiVersion, plural, ...sample }: CrdSample,
): Promise<void> {
  const path = `/apis/${apiVersion}/${plural}`;
  const body =
    method === 'POST' ? sampleOf({ apiVersion, plural, ...sample }, 'nowhere') : undefined;
  const { status, text } = await call(method, path, body);

  assert.ok(status === 404 || status === 405, `${method} ${path}: ${status} ${text}`);
}

const SWAGGER = crdSwagger();
const KEYS = new Set(['get', 'post', 'put', 'patch', 'delete']);

const published = Object.entries(SWAGGER.paths).flatMap(([path, item]) =>
  Object.keys(item)
    .filter((key) => KEYS.has(key))
    .map((key) => ({ path, method: key.toUpperCase() })),
);

test('3.0 published 118 operations', () => assert.equal(published.length, 118));

for (const { path, method } of published) {
  test(`${method} ${path}`, async () => {
    const parts = /^(\/apis\/([^/]+\/[^/]+))(\/watch)?\/([^/{]+)(.*)$/.exec(path);
    const sample =
      parts &&
      PUBLISHED.find(({ apiVersion, plural }) => apiVersion === parts[2] && plural === parts[4]);

    if (!parts || !sample) {
      const [, , group, version] = path.split('/');
      const { kind, groups, name, groupVersion, resources } = await callOk('GET', path);

      if (!group) {
        assert.ok(groups.some((one: Answer['json']) => one.name === 'tenant.kubesphere.io'));
      } else if (!version) {
        assert.deepEqual([kind, name], ['APIGroup', group]);
      } else {
        assert.deepEqual([kind, groupVersion], ['APIResourceList', `${group}/${version}`]);

        const names = resources.map((one: Answer['json']) => one.name);

        for (const { apiVersion, plural, statusApart = false } of PUBLISHED) {
          if (apiVersion === groupVersion) {
            assert.deepEqual(
              [names.includes(plural), names.includes(`${plural}/status`)],
              [true, statusApart],
            );
          }
        }
      }

      return;
    }

    await OPERATIONS[`${parts[3] ? 'watch' : method} ${parts[5]}`]!(sample);

    if (sample.namespaced && (method === 'POST' || method === 'DELETE') && parts[5] === '') {
      await refusesOutsideNamespaces(method, sample);
    }
  });
}

for (const sample of [...PUBLISHED, ...OTHERS]) {
  const collection = pathOf(sample);

  for (const field of sample.required ?? []) {
    test(`${sample.kind} without ${field}`, async () => {
      const body = withoutField(sampleOf(sample, 'incomplete'), field);

      const { status, json } = await server.kubernetes(`${collection}?dryRun=All`, {
        method: 'POST',
        body,
      });

      assert.deepEqual([status, json.reason], [422, 'Invalid'], JSON.stringify(json));

      assert.ok(
        json.details.causes.some(
          (cause: Answer['json']) => cause.field === field && cause.reason === 'FieldValueRequired',
        ),
        JSON.stringify(json.details.causes),
      );
    });
  }

  test(`${sample.kind} with unknown fields`, async () => {
    const body = { ...sampleOf(sample, 'unknown'), nosuch: { a: 1 } };
    const path = `${collection}?dryRun=All&fieldValidation=`;
    const strict = await server.kubernetes(`${path}Strict`, { method: 'POST', body });

    assert.equal(strict.status, 400, JSON.stringify(strict.json));
    assert.match(strict.json.message, /strict decoding error: unknown field "nosuch"/);

    if (sample.kind === 'User') {
      return;
    }

    const warned = await server.call(`${path}Warn`, { token, body });
    assert.equal(warned.status, 201, warned.text);
    assert.equal(warned.json.nosuch, undefined);
    assert.match(warned.headers.get('warning') ?? '', /unknown field \\"nosuch\\"/);

    const ignored = await server.call(`${path}Ignore`, { token, body });
    assert.deepEqual([ignored.status, ignored.json.nosuch], [201, undefined]);
  });
}

test('a field of another type is refused, and named', async () => {
  const sample = PUBLISHED.find(({ kind }) => kind === 'S2iRun')!;
  const body = { ...sampleOf(sample, 'wrong'), spec: { builderName: 7 } };
  const { status, json } = await call('POST', pathOf(sample), body);
  assert.deepEqual([status, json.details.causes[0].field], [422, 'spec.builderName']);
});
