import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ensurePki } from '@ks-apiserver/kubernetes/server/pki';
import { startTestServer, type TestServer } from '../support/test-server.ts';

const maps = '/api/v1/namespaces/default/configmaps';
const registration = '/apis/admissionregistration.k8s.io/v1';
const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

// biome-ignore lint/suspicious/noExplicitAny: reviews hold any object.
type Review = any;

const encode = (operations: object[]) => Buffer.from(JSON.stringify(operations)).toString('base64');

describe('webhooks', () => {
  let server: TestServer;
  let peer: Server;
  let dir: string;
  let base: string;
  let caBundle: string;

  /** Answers of the webhook by path; undefined never answers. */
  const answers = new Map<string, (review: Review) => object | undefined>();
  const calls: { path: string; headers: Record<string, unknown> }[] = [];

  const answerReview = (review: Review, response: object = {}) => ({
    apiVersion: review.apiVersion,
    kind: review.kind,
    response: { uid: review.request.uid, allowed: true, ...response },
  });

  const hook = (path: string, more: object = {}) => ({
    name: `${path}.example.com`,
    clientConfig: { url: `${base}/${path}`, caBundle },
    rules: [{ operations: ['*'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] }],
    sideEffects: 'None',
    admissionReviewVersions: ['v1'],
    ...more,
  });

  /** Runs with one configuration of webhooks. */
  async function withHooks(
    kind: 'mutating' | 'validating',
    webhooks: object[],
    run: () => Promise<void>,
  ) {
    const path = `${registration}/${kind}webhookconfigurations`;
    const created = await server.call('POST', path, {
      body: { metadata: { name: 'test' }, webhooks },
    });

    assert.equal(created.status, 201, created.text);

    try {
      await run();
    } finally {
      await server.call('DELETE', `${path}/test`);
    }
  }

  before(async () => {
    server = await startTestServer();
    dir = mkdtempSync(join(tmpdir(), 'webhooks-'));

    const pki = await ensurePki(dir);

    const respond = async (req: IncomingMessage, res: ServerResponse) => {
      const chunks: Buffer[] = [];

      for await (const chunk of req) {
        chunks.push(chunk as Buffer);
      }

      const path = req.url!.slice(1).split('?')[0]!;
      calls.push({ path, headers: req.headers });

      if (path === 'redirect') {
        res.writeHead(307, { location: `${base}/allow` }).end();
        return;
      }

      const answer = answers.get(path)?.(JSON.parse(Buffer.concat(chunks).toString()));
      if (answer) {
        res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
      }
    };

    // A caller that has waited long enough closes the connection, even while it sends.
    peer = createServer(
      pki.serving,
      (req, res) => void respond(req, res).catch(() => res.destroy()),
    );

    await new Promise<void>((resolve) => peer.listen(0, '127.0.0.1', resolve));
    base = `https://localhost:${(peer.address() as AddressInfo).port}`;
    caBundle = Buffer.from(pki.ca).toString('base64');
    answers.set('allow', (review) => answerReview(review));
  });

  after(async () => {
    await server.close();
    peer.closeAllConnections();
    peer.close();
    rmSync(dir, { recursive: true, force: true });
  });

  test('webhooks refuse and warn, and get no credentials', async () => {
    answers.set('deny', (review) =>
      answerReview(review, {
        allowed: false,
        status: { code: 403, message: 'no' },
        warnings: ['w'],
      }),
    );

    await withHooks('validating', [hook('deny')], async () => {
      const headers = { authorization: 'Bearer secret' };

      const refused = await server.call('POST', maps, {
        body: { metadata: { name: 'a' } },
        headers,
      });

      assert.equal(refused.status, 403, refused.text);

      assert.equal(
        refused.body.message,
        'admission webhook "deny.example.com" denied the request: no',
      );

      assert.equal(refused.headers.warning, '299 - "w"');
      assert.equal(JSON.stringify(calls.at(-1)!.headers).includes('secret'), false);
    });

    assert.equal(
      (await server.call('POST', maps, { body: { metadata: { name: 'a' } } })).status,
      201,
    );
  });

  test('redirects are not followed, and timeouts are enforced', async () => {
    await withHooks('validating', [hook('redirect')], async () => {
      const before = calls.length;
      const failed = await server.call('POST', maps, { body: { metadata: { name: 'b' } } });

      assert.equal(failed.status, 500, failed.text);

      assert.match(
        failed.body.message,
        /failed calling webhook "redirect.example.com": failed to call webhook: the server responded with the status code 307/,
      );

      assert.deepEqual(
        calls.slice(before).map(({ path }) => path),
        ['redirect'],
      );
    });

    await withHooks('validating', [hook('silent', { timeoutSeconds: 1 })], async () => {
      const late = await server.call('POST', maps, { body: { metadata: { name: 'b' } } });
      assert.match(late.body.message, /silent\?timeout=1s": context deadline exceeded$/);
    });

    await withHooks(
      'validating',
      [hook('silent', { timeoutSeconds: 1, failurePolicy: 'Ignore' })],
      async () => {
        assert.equal(
          (await server.call('POST', maps, { body: { metadata: { name: 'b' } } })).status,
          201,
        );
      },
    );
  });

  test('change objects, which are validated after that', async () => {
    answers.set('mutate', (review) =>
      answerReview(review, {
        patchType: 'JSONPatch',
        patch: encode([
          {
            op: 'add',
            path: '/metadata/labels',
            value: { by: review.request.object.data?.bad ?? 'hook' },
          },
        ]),
      }),
    );

    await withHooks('mutating', [hook('mutate')], async () => {
      const created = await server.call('POST', maps, { body: { metadata: { name: 'c' } } });
      assert.deepEqual(created.body.metadata.labels, { by: 'hook' });

      const bad = await server.call('POST', maps, {
        body: { metadata: { name: 'd' }, data: { bad: 'not valid!' } },
      });
      assert.equal(bad.status, 422, bad.text);
    });
  });

  test('see an update again after a conflict', async () => {
    const rules = [
      { operations: ['UPDATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] },
    ];

    const conditions = [
      {
        name: 'mine',
        expression:
          "has(object.data) && 'mine' in object.data && !('other' in oldObject.?data.orValue({}))",
      },
    ];

    answers.set('hold', (review) => {
      void server.api.request({
        method: 'PATCH',
        url: `${maps}/a`,
        headers: { 'content-type': 'application/merge-patch+json' },
        body: Buffer.from('{"data":{"other":"1"}}'),
      });

      return answerReview(review);
    });

    await withHooks(
      'validating',
      [hook('hold', { rules, matchConditions: conditions }), hook('allow')],
      async () => {
        const headers = { 'content-type': 'application/merge-patch+json' };

        const patched = await server.call('PATCH', `${maps}/a`, {
          body: { data: { mine: '2' } },
          headers,
        });

        assert.equal(patched.status, 200, patched.text);

        const { body } = await server.call('GET', `${maps}/a`);
        for (
          let i = 0;
          i < 50 && Object.keys((await server.call('GET', `${maps}/a`)).body.data).length < 2;
          i++
        ) {
          await new Promise((resolve) => setTimeout(resolve, 20));
        }

        assert.deepEqual(
          (await server.call('GET', `${maps}/a`)).body.data,
          { mine: '2', other: '1' },
          JSON.stringify(body),
        );
      },
    );
  });

  test('convert custom resources on read, write, list and watch', async () => {
    answers.set('convert', ({ apiVersion, kind, request }) => ({
      apiVersion,
      kind,
      response: {
        uid: request.uid,
        result: { status: 'Success' },
        convertedObjects: request.objects.map((item: Review) => {
          const { size, width } = item.spec;
          const spec = request.desiredAPIVersion.endsWith('/v2')
            ? { width: width ?? size }
            : { size: size ?? width };

          return { ...item, apiVersion: request.desiredAPIVersion, spec };
        }),
      },
    }));

    const version = (name: string, field: string, storage: boolean) => ({
      name,
      storage,
      served: true,
      schema: {
        openAPIV3Schema: {
          type: 'object',
          properties: { spec: { type: 'object', properties: { [field]: { type: 'integer' } } } },
        },
      },
    });

    const webhook = {
      conversionReviewVersions: ['v1'],
      clientConfig: { url: `${base}/convert`, caBundle },
    };

    const created = await server.call('POST', definitions, {
      body: {
        metadata: { name: 'things.example.com' },
        spec: {
          group: 'example.com',
          scope: 'Namespaced',
          names: { plural: 'things', kind: 'Thing' },
          versions: [version('v1', 'size', true), version('v2', 'width', false)],
          conversion: { strategy: 'Webhook', webhook },
        },
      },
    });

    assert.equal(created.status, 201, created.text);

    const things = (name: string) => `/apis/example.com/${name}/namespaces/default/things`;

    const thing = {
      apiVersion: 'example.com/v2',
      kind: 'Thing',
      metadata: { name: 'a' },
      spec: { width: 4 },
    };

    const written = await server.call('POST', things('v2'), { body: thing });
    assert.deepEqual(written.body.spec, { width: 4 }, written.text);
    assert.deepEqual((await server.call('GET', `${things('v1')}/a`)).body.spec, { size: 4 });
    assert.deepEqual((await server.call('GET', things('v2'))).body.items[0].spec, { width: 4 });

    const events = await server.watch(`${things('v2')}?watch=true&resourceVersion=0`, 1);
    assert.deepEqual(events[0].object.spec, { width: 4 });

    const headers = { 'content-type': 'application/merge-patch+json' };
    await server.call('PATCH', `${things('v2')}/a`, { body: { spec: { width: 5 } }, headers });
    assert.deepEqual((await server.call('GET', `${things('v1')}/a`)).body.spec, { size: 5 });
  });
});
